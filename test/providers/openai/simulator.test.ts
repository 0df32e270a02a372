import { describe, expect, test } from 'vitest'
import { toneDbfs } from '../../../src/audio/tone.ts'
import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { OpenAiOptions } from '../../../src/providers/openai/options.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import type { FaultAction, Faults } from '../../../src/simulators/realtime/faults.ts'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import { converse } from './simulated-call.ts'

const long: Script = {
  turns: [{ transcript: 'Tell me a story.' }, { transcript: 'Stop.' }],
  replies: [
    [
      { do: 'say', text: 'A long story.' },
      { do: 'tone', hz: 700, ms: 20_000 },
    ],
    [{ do: 'tone', hz: 900, ms: 200 }],
  ],
}

describe.each(['openai', 'azure'] as const)('with %s, simulated,', (dialect) => {
  test('a turn is heard, written down and answered in sound that nobody converted', async () => {
    await using talk = await converse({ dialect })
    talk.speak()
    await talk.ended(1)
    expect(talk.session.outputFormat).toEqual({ encoding: 'mulaw', sampleRate: 8000 })
    expect([talk.said('caller'), talk.said('agent')]).toEqual([['Hello?'], ['Good day.']])
    expect(talk.statuses()).toEqual(['completed'])
    expect(talk.sound()).toHaveLength(16_000)
    expect(toneDbfs(talk.sound(), 8000, 700)).toBeCloseTo(-12, 0)
    const audio = { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } }
    expect(talk.received('session.update')).toMatchObject([{ session: { type: 'realtime', audio } }])
  })
})

describe('a caller who speaks over the agent', () => {
  test.each<[string, Partial<OpenAiOptions>]>([
    ['where the model stops by itself', {}],
    ['where only the call stops it', { modelInterrupts: false }],
    ['where turns end by sense', { turnDetection: 'semantic_vad' }],
  ])('%s hears no more of the answer, of which the model keeps what was heard', async (_, options) => {
    await using talk = await converse({ script: long, behaviour: { speedFactor: 4 }, options })
    talk.onEvent = (event) => {
      if (event.type !== 'speech-started' || talk.started().length !== 1) return
      const sound = talk.events.findLast((one) => one.type === 'audio')
      talk.session.cancel()
      talk.session.truncate(sound?.type === 'audio' ? sound.itemId : '', 100, 'A')
    }
    talk.speak()
    await talk.until(({ type }) => type === 'audio')
    talk.speak()
    await talk.ended(2)
    // The model has read all that was said to it when it has answered this.
    talk.session.respond()
    await talk.ended(3)
    expect(talk.statuses()).toEqual(['cancelled', 'completed', 'completed'])
    expect(toneDbfs(talk.sound(talk.started()[1]), 8000, 900)).toBeCloseTo(-12, 0)
    expect(talk.received('conversation.item.truncate')).toMatchObject([{ content_index: 0, audio_end_ms: 100 }])
    expect(talk.received('response.cancel')).toMatchObject([{ response_id: talk.started()[0] }])
    expect(talk.events.some(({ type }) => type === 'closed')).toBe(false)
  })

  test('may be said to have heard more than there was: the model is told no more than it said', async () => {
    await using talk = await converse({ script: { replies: [[{ do: 'tone', hz: 700, ms: 300 }]] } })
    talk.speak()
    await talk.ended(1)
    const sound = talk.events.find((event) => event.type === 'audio')
    talk.session.truncate(sound?.type === 'audio' ? sound.itemId : '', 5000, '')
    // Whatever is said to that has come when the next answer has.
    talk.session.respond()
    await talk.ended(2)
    expect(talk.received('conversation.item.truncate')).toMatchObject([{ audio_end_ms: 300 }])
    expect(talk.server.sessions[0]?.truncations).toMatchObject([{ remainsMs: 300, ofMs: 300 }])
  })
})

test('what the caller says over an answer that goes on is answered after it, also where the model passes over it', async () => {
  const replies: Script['replies'] = [[{ do: 'tone', hz: 700, ms: 1000 }], [{ do: 'tone', hz: 900, ms: 200 }]]
  await using talk = await converse({
    script: { replies },
    behaviour: { speedFactor: 4, busyTurn: 'drop' },
    options: { modelInterrupts: false },
  })
  talk.speak()
  await talk.until(({ type }) => type === 'audio')
  talk.speak()
  await talk.ended(2)
  expect(talk.statuses()).toEqual(['completed', 'completed'])
  expect(talk.received('response.create')).toHaveLength(1)
})

test('a turn that the call ends is answered, and one too short for the model gets no answer and harms nothing', async () => {
  await using talk = await converse({ options: { turnDetection: 'manual' } })
  talk.session.beginTurn()
  talk.session.append(talk.tone(40))
  talk.session.endTurn()
  talk.speakByHand()
  await talk.ended(1)
  expect(talk.received('input_audio_buffer.commit')).toHaveLength(2)
  expect(talk.received('response.create')).toHaveLength(1)
  expect(talk.said('caller')).toEqual(['Hello?'])
  expect(talk.session.turnsBy).toBe('caller')
})

test('tools of one response are all answered before the model goes on, once', async () => {
  const tools = [{ name: 'lookup', description: 'Looks up.', parameters: { type: 'object', properties: {} } }]
  const calls = [1, 2].map((id) => ({ do: 'call' as const, name: 'lookup', args: `{"id":${id}}` }))
  await using talk = await converse({ script: { replies: [calls, [{ do: 'say', text: 'Both found.' }]] }, tools })
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

test('the agent speaks when asked, also when the wish crosses an answer that the model began by itself', async () => {
  await using talk = await converse({ behaviour: { speedFactor: 20 } })
  talk.server.sessions[0]?.strike({ do: 'speak' })
  talk.session.respond('Greet.')
  await talk.ended(2)
  expect(talk.statuses()).toEqual(['completed', 'completed'])
  expect(talk.received('response.create')).toHaveLength(2)
})

describe('what goes wrong while a conversation is opened is told by its code', () => {
  test.each<[string, Faults, Partial<OpenAiOptions>, string]>([
    ['a wrong key', {}, { apiKey: 'sk-2' }, 'provider-refused'],
    ['no such model', {}, { model: 'gpt-9' }, 'provider-config'],
    ['an unknown voice', {}, { voice: 'Tina' }, 'provider-config'],
    ['too many', { refuseUpgrade: 429 }, {}, 'provider-busy'],
    ['a broken gateway', { refuseUpgrade: 503 }, {}, 'provider-lost'],
    ['a reset', { strikes: [{ at: 'update', do: 'reset' }] }, {}, 'provider-lost'],
  ])('%s', async (_, faults, options, code) => {
    const error: unknown = await converse({ faults, options }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(CallError)
    expect(error).toMatchObject({ code })
  })
})

describe('what goes wrong in a conversation', () => {
  const failed = (code: string, response: number) => ({
    ...({ at: 'response', response, afterDeltas: 1, do: 'finish', status: 'failed' } as const),
    details: { error: { type: 'x', code, message: '' } },
  })

  test.each<[string, FaultAction, string]>([
    ['a reset', { do: 'reset' }, 'provider-lost'],
    ['a close', { do: 'close', code: 1001, reason: '' }, 'provider-lost'],
    [
      'an error of the server',
      { do: 'error', error: { type: 'server_error', code: '', message: 'Sorry.', param: '' } },
      'provider-lost',
    ],
    ['an answer that fails for good', failed('insufficient_quota', 0), 'provider-refused'],
  ])('ends it once, with its code: %s', async (_, action, code) => {
    const strikes = [{ at: 'response', afterDeltas: 1, ...action } as const]
    await using talk = await converse({ faults: { strikes }, behaviour: { speedFactor: 20 } })
    talk.speak()
    await talk.until(({ type }) => type === 'closed')
    expect(talk.events.filter(({ type }) => type === 'closed')).toHaveLength(1)
    expect(talk.events.at(-1)).toMatchObject({ type: 'closed', error: { code } })
    expect(talk.statuses()).toEqual(['failed'])
  })

  test('an answer that fails once is given all the same', async () => {
    await using talk = await converse({ faults: { strikes: [failed('server_error', 0)] } })
    talk.speak()
    await talk.ended(2)
    expect(talk.statuses()).toEqual(['failed', 'completed'])
  })

  test.each([
    ['before its first sound', 0],
    ['in the middle', 1],
  ])('ends it when an answer stops for 5 s %s', async (_, afterDeltas) => {
    const clock = new ManualClock()
    const strikes = [{ at: 'response', afterDeltas, do: 'hang' } as const]
    await using talk = await converse({ faults: { strikes }, behaviour: { speedFactor: 20 }, options: { clock } })
    talk.speak()
    await talk.until(({ type }) => type === (afterDeltas === 0 ? 'response-started' : 'audio'))
    clock.advance(5000)
    expect(talk.events.at(-1)).toMatchObject({ type: 'closed', error: { code: 'provider-timeout' } })
  })

  test.each<[string, BehaviourOptions]>([['the limit of a session', { sessionLimitMs: 50 }]])(
    'ends it at %s, and a new session is all it takes',
    async (_, behaviour) => {
      await using talk = await converse({ behaviour })
      await talk.until(({ type }) => type === 'closed')
      expect(talk.events.at(-1)).toMatchObject({ error: { code: 'provider-lost' } })
    },
  )
})
