import { describe, expect, test } from 'vitest'
import { tone, toneDbfs } from '../../../src/audio/tone.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { ToolDeclaration } from '../../../src/call/provider.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import type { Faults } from '../../../src/simulators/realtime/faults.ts'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import { simple } from '../realtime/simulated-call.ts'
import { converse } from './simulated-call.ts'

const lookup: ToolDeclaration = { name: 'lookup', description: 'Looks up.', parameters: { type: 'object' } }

describe('a turn of the caller is answered', () => {
  test.each([
    'qwen-omni-turbo-realtime',
    'qwen3-omni-flash-realtime-2025-12-01',
    'qwen3.5-omni-plus-realtime-2026-03-15',
    'qwen3.5-omni-flash-realtime',
    'qwen3.8-omni-flash-realtime',
  ])('by %s', async (model) => {
    await using talk = await converse({ options: { model, vadThreshold: 0.5, vadSilenceMs: 500 } })
    talk.speak()
    await talk.ended(1)
    expect(talk.events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1])).toEqual([
      'speech-started',
      // The older families do not tell what they understand while the caller still speaks.
      ...(model.startsWith('qwen3.') ? ['transcript'] : []),
      'speech-stopped',
      'transcript',
      'response-started',
      'transcript',
      'audio',
      'transcript',
      'response-ended',
    ])
    expect([talk.said('caller'), talk.said('agent'), talk.statuses()]).toEqual([
      ['Hello?'],
      ['Good day.'],
      ['completed'],
    ])
    expect(talk.sound().length).toBe(48_000)
    expect(toneDbfs(talk.sound(), 24_000, 700)).toBeCloseTo(-12, 0)
    const end = talk.events.at(-1)
    expect(end?.type === 'response-ended' && end.usage?.outputAudioTokens).toBeGreaterThan(0)
  })

  test.each<[string, Faults, BehaviourOptions]>([
    ['unknown events', { unknownEvents: true }, {}],
    ['frames without a type', { typelessFrames: true }, {}],
    ['frames in pieces', { fragmentBytes: 700 }, {}],
    ['odd byte counts', { oddDeltas: true }, {}],
    ['all its sound in one frame', { hugeDeltas: true }, {}],
    ['a misspelt name', { misspelledCommitted: true }, {}],
    ['the newer names', { gaNames: true }, {}],
    ['a caller item that comes early', {}, { itemWhileSpeaking: true }],
    ['settings in the flat form alone', {}, { nestedAudio: false }],
    [
      'all of it',
      { unknownEvents: true, typelessFrames: true, fragmentBytes: 999, oddDeltas: true, gaNames: true },
      {},
    ],
  ])('the same when the model has %s', async (_, faults, behaviour) => {
    await using talk = await converse({ faults, behaviour })
    talk.speak()
    await talk.ended(1)
    expect([...talk.sound()]).toEqual([0, 1].flatMap(() => [...tone(700, 1000, 24_000)]))
    expect([talk.said('caller'), talk.said('agent'), talk.statuses()]).toEqual([
      ['Hello?'],
      ['Good day.'],
      ['completed'],
    ])
  })

  test.each([
    ['empty', ['Hel']],
    ['failed', ['Hel']],
    ['after-response', ['Hello?']],
  ] as const)('with the best words there are when the transcript is %s', async (transcript, words) => {
    await using talk = await converse({ faults: { transcript } })
    talk.speak()
    await talk.ended(1)
    await talk.until((event) => event.type === 'transcript' && event.speaker === 'caller' && event.final)
    expect(talk.said('caller')).toEqual(words)
  })

  test('at 8 kHz where the model confirms it, else as ever', async () => {
    await using narrow = await converse({ options: { narrowband: true } })
    narrow.speak()
    await narrow.ended(1)
    expect([narrow.session.inputFormat.sampleRate, narrow.session.outputFormat.sampleRate]).toEqual([8000, 8000])
    expect(toneDbfs(narrow.sound(), 8000, 700)).toBeCloseTo(-12, 0)
    await using wide = await converse({ options: { narrowband: true }, behaviour: { nestedAudio: false } })
    expect([wide.session.inputFormat.sampleRate, wide.session.outputFormat.sampleRate]).toEqual([16000, 24000])
  })

  test('not at all when it was noise, and the next one is', async () => {
    await using talk = await converse({ script: { ...simple, turns: [{ accepted: false }, { transcript: 'Hello?' }] } })
    talk.speak()
    await talk.until(({ type }) => type === 'speech-stopped')
    talk.speak()
    await talk.ended(1)
    expect(talk.started()).toHaveLength(1)
    expect(talk.said('caller')).toEqual(['Hello?'])
  })

  test('not at all, as it says, when its semantic detection takes it for no turn', async () => {
    const options = { turnDetection: 'semantic_vad' } as const
    await using talk = await converse({ script: { ...simple, turns: [{ accepted: false }] }, options })
    talk.speak()
    await talk.until(({ type }) => type === 'turn-refused')
    expect(talk.events.map(({ type }) => type)).toEqual(['speech-started', 'speech-stopped', 'turn-refused'])
  })
})

describe('a caller who speaks over the agent', () => {
  const long: Script = {
    replies: [
      [
        { do: 'say', text: 'A long story.' },
        { do: 'tone', hz: 700, ms: 20_000 },
      ],
      [{ do: 'tone', hz: 900, ms: 100 }],
    ],
  }

  test.each<[string, BehaviourOptions]>([
    ['cancelled', { interruption: { doneStatus: 'cancelled', lateDeltas: 2 } }],
    ['incomplete', { interruption: { doneStatus: 'incomplete', doneDelayMs: 50 } }],
    ['completed', { interruption: { doneStatus: 'completed', lateDeltas: 0 } }],
    ['superseded', { interruption: { doneStatus: 'never', lateDeltas: 2 } }],
  ])('hears no more of the answer, which ends as %s, and is answered', async (status, behaviour) => {
    await using talk = await converse({ script: long, behaviour: { speedFactor: 4, ...behaviour } })
    let cutAt: number | undefined
    talk.onEvent = ({ type }) => {
      if (type === 'speech-started' && talk.started().length === 1) {
        talk.session.cancel()
        cutAt = talk.events.length
      }
    }
    talk.speak()
    await talk.until(({ type }) => type === 'audio')
    talk.speak()
    await talk.ended(2)
    const [first, second] = talk.started()
    expect(talk.statuses()).toEqual([status, 'completed'])
    const late = talk.events.slice(cutAt).filter((event) => event.type === 'audio' && event.responseId === first)
    expect(late).toEqual([])
    expect(toneDbfs(talk.sound(second), 24_000, 900)).toBeCloseTo(-12, 0)
    expect(talk.events.some(({ type }) => type === 'closed')).toBe(false)
  })

  test('may stop it without a word, and it ends even where the model does not heed', async () => {
    const clock = new ManualClock()
    await using talk = await converse({
      script: long,
      behaviour: { speedFactor: 4, acceptCancel: false },
      options: { clock },
    })
    talk.session.respond('Tell a story.')
    await talk.until(({ type }) => type === 'audio')
    talk.session.cancel()
    clock.advance(2000)
    expect(talk.statuses()).toEqual(['cancelled'])
  })
})

describe('the agent speaks when asked', () => {
  test('and again, each after the other', async () => {
    await using talk = await converse()
    talk.session.respond('Greet.')
    await talk.until(({ type }) => type === 'response-started')
    talk.session.respond('And again.')
    await talk.ended(2)
    expect(talk.statuses()).toEqual(['completed', 'completed'])
    expect(talk.received('response.create')).toMatchObject([
      { response: { modalities: ['text', 'audio'], instructions: 'Greet.' } },
      { response: { modalities: ['text', 'audio'], instructions: 'And again.' } },
    ])
  })

  test('once more when the wish crossed an answer that the model began by itself', async () => {
    await using talk = await converse({ behaviour: { speedFactor: 20 } })
    talk.server.sessions[0]?.strike({ do: 'speak' })
    talk.session.respond('Greet.')
    await talk.ended(2)
    expect(talk.statuses()).toEqual(['completed', 'completed'])
    expect(talk.received('response.create')).toHaveLength(2)
  })
})

test('tools of one response are all answered before the model goes on, once', async () => {
  const script: Script = {
    replies: [
      [
        { do: 'call', name: 'lookup', args: '{"id":1}' },
        { do: 'call', name: 'lookup', args: '{"id":2}' },
      ],
      [
        { do: 'say', text: 'Both found.' },
        { do: 'tone', hz: 700, ms: 100 },
      ],
    ],
  }
  await using talk = await converse({ script, tools: [lookup] })
  talk.onEvent = (event) => {
    if (event.type === 'tool-call') talk.session.answerTool(event.toolCallId, `found ${event.args}`)
  }
  talk.speak()
  await talk.ended(2)
  expect(talk.said('agent')).toEqual(['Both found.'])
  expect(talk.received('conversation.item.create')).toMatchObject([
    { item: { type: 'function_call_output', output: 'found {"id":1}' } },
    { item: { type: 'function_call_output', output: 'found {"id":2}' } },
  ])
  expect(talk.received('response.create')).toHaveLength(1)
})
