import { describe, expect, test } from 'vitest'
import { toneDbfs } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import { sessionUpdated } from '../realtime/frames.ts'
import { ModelPuppet } from '../realtime/model-puppet.ts'
import { converse } from './simulated-call.ts'

const manual = { turnDetection: 'manual' } as const
const long: Script = {
  replies: [
    [
      { do: 'say', text: 'A long story.' },
      { do: 'tone', hz: 700, ms: 20_000 },
    ],
    [{ do: 'tone', hz: 900, ms: 100 }],
  ],
}

describe('turns that the call ends', () => {
  test.each([
    'qwen-omni-turbo-realtime',
    'qwen3-omni-flash-realtime-2025-12-01',
    'qwen3.5-omni-plus-realtime-2026-03-15',
    'qwen3.5-omni-flash-realtime',
    'qwen3.8-omni-flash-realtime',
  ])('are answered, one after the other, by %s', async (model) => {
    await using talk = await converse({ options: { ...manual, model } })
    expect(talk.session.turnsBy).toBe('caller')
    talk.speakByHand()
    await talk.ended(1)
    talk.speakByHand()
    await talk.ended(2)
    expect([talk.said('caller')[0], talk.said('agent'), talk.statuses()]).toEqual([
      'Hello?',
      ['Good day.', 'Good day.'],
      ['completed', 'completed'],
    ])
    expect(talk.events.some(({ type }) => type === 'speech-started' || type === 'speech-stopped')).toBe(false)
    expect(talk.received('input_audio_buffer.commit')).toHaveLength(2)
    expect(talk.received('response.create')).toHaveLength(2)
    // Of the second of silence before each turn, half went up.
    const heard = talk.server.sessions[0]?.received.audioBytes
    expect(heard).toBe(2 * 900 * 32)
  })

  test.each<[string, BehaviourOptions]>([
    ['takes its time to take a turn', { turnTakingMs: 150 }],
    ['creates the item of a turn only with its answer', { itemAfterCreate: true }],
  ])('are answered by a model that %s', async (_, behaviour) => {
    await using talk = await converse({ options: manual, behaviour })
    talk.speakByHand()
    await talk.ended(1)
    expect(talk.statuses()).toEqual(['completed'])
    expect(talk.received('response.create')).toHaveLength(1)
  })

  test('stop an answer by response.cancel and get their own', async () => {
    await using talk = await converse({ script: long, options: manual, behaviour: { speedFactor: 4 } })
    talk.speakByHand()
    await talk.until(({ type }) => type === 'audio')
    talk.session.beginTurn()
    talk.session.cancel()
    talk.session.append(new Uint8Array(16_000))
    talk.session.endTurn()
    await talk.ended(2)
    const [first, second] = talk.started()
    expect(talk.statuses()).toEqual(['cancelled', 'completed'])
    const cutAt = talk.events.findIndex((event) => event.type === 'response-ended' && event.responseId === first)
    expect(talk.events.slice(cutAt).some((event) => event.type === 'audio' && event.responseId === first)).toBe(false)
    expect(toneDbfs(talk.sound(second), 24_000, 900)).toBeCloseTo(-12, 0)
    expect(talk.received('response.cancel')).toHaveLength(1)
  })

  test('leave no sound of a noise behind', async () => {
    await using talk = await converse({ options: manual })
    talk.session.beginTurn()
    talk.session.append(new Uint8Array(6400))
    talk.session.dropTurn()
    talk.speakByHand()
    await talk.ended(1)
    expect(talk.received('input_audio_buffer.clear')).toHaveLength(1)
    expect(talk.statuses()).toEqual(['completed'])
  })
})

describe('a model that listens for turns itself', () => {
  test.each([
    ['says so', { turn_detection: { type: 'server_vad' } }, 'model'],
    ['confirms that it does not', { turn_detection: null }, 'caller'],
    ['says nothing of it', {}, 'caller'],
  ] as const)('is believed when it %s, whatever it was asked', async (_, echo, turnsBy) => {
    await using puppet = await ModelPuppet.start({ onUpdate: (model) => model.say(sessionUpdated(echo)) })
    const model = 'qwen3.5-omni-plus-realtime'
    const options = { url: puppet.url, apiKey: 'sk-1', model, batchMs: 20, clock: systemClock, ...manual } as const
    const conversation = { callId: 'call-1', instructions: '', tools: [] }
    await using session = await makeQwenProvider(options).connect(conversation, AbortSignal.timeout(10_000))
    expect(session.turnsBy).toBe(turnsBy)
  })

  test('goes on with its answer while the caller coughs, where the call alone is to interrupt', async () => {
    const script: Script = {
      turns: [{}, { accepted: false }],
      replies: [[{ do: 'tone', hz: 700, ms: 3000 }]],
    }
    await using talk = await converse({
      script,
      options: { modelInterrupts: false },
      behaviour: { speedFactor: 20, answerDelayMs: 0 },
    })
    talk.speak()
    await talk.until(({ type }) => type === 'audio')
    talk.speak(150)
    await talk.ended(1)
    expect(talk.statuses()).toEqual(['completed'])
    expect(talk.sound().length).toBe(3 * 24_000)
  })

  test('and begins to answer half a sentence is stopped, and answers the whole', async () => {
    const script: Script = {
      replies: [[{ do: 'tone', hz: 700, ms: 20_000 }], [{ do: 'tone', hz: 900, ms: 100 }]],
    }
    await using talk = await converse({ script, behaviour: { answerDelayMs: 100, speedFactor: 4 } })
    talk.speak(400, 1000)
    await talk.until(({ type }) => type === 'speech-stopped')
    talk.speak(400, 0)
    await talk.ended(1)
    talk.speak(0, 1000)
    await talk.ended(2)
    const [first, second] = talk.started()
    expect(talk.statuses()).toEqual(['cancelled', 'completed'])
    expect([talk.sound(first).length, talk.sound(second).length]).toEqual([0, 2400])
  })
})

describe('what was heard of a cut answer', () => {
  test('is forgotten by a server that can, and the other answers nothing worse for being asked', async () => {
    for (const truncates of [true, false]) {
      await using talk = await converse({ behaviour: { truncates }, options: { heardTruth: 'truncate' } })
      talk.speak()
      await talk.ended(1)
      const item = talk.events.find(({ type }) => type === 'audio')
      const itemId = item?.type === 'audio' ? item.itemId : ''
      talk.session.truncate(itemId, 740, 'Good')
      talk.session.respond('Go on.')
      await talk.ended(2)
      talk.session.truncate(itemId, 500, '')
      talk.session.respond('Go on.')
      await talk.ended(3)
      const kept = [
        { itemId, remainsMs: 740, ofMs: 2000 },
        { itemId, remainsMs: 500, ofMs: 740 },
      ]
      expect(talk.server.sessions[0]?.truncations).toEqual(truncates ? kept : [])
      expect(talk.received('conversation.item.truncate')).toHaveLength(truncates ? 2 : 1)
    }
  })

  test('is written to the families that read, and to no other', async () => {
    for (const [model, notes] of [
      ['qwen3.5-omni-plus-realtime', 2],
      ['qwen3-omni-flash-realtime', 0],
    ] as const) {
      await using talk = await converse({ options: { model } })
      talk.session.truncate('item', 740, 'Good')
      talk.session.note('The caller pressed 1.')
      talk.session.respond('Go on.')
      await talk.ended(1)
      expect(talk.received('conversation.item.create')).toHaveLength(notes)
      expect(talk.session.takesNotes).toBe(notes > 0)
    }
  })
})
