import { describe, expect, test } from 'vitest'
import { pcm24k } from '../../../src/audio/format.ts'
import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { SessionEvent } from '../../../src/call/provider.ts'
import { makeScriptedProvider } from '../../../src/providers/scripted/provider.ts'
import { readScript, type ScriptStep } from '../../../src/providers/scripted/script.ts'

const conversation = { callId: 'call-1', instructions: 'Be brief.', tools: [] }
const never = new AbortController().signal

async function play(script: readonly ScriptStep[]) {
  const clock = new ManualClock()
  const session = await makeScriptedProvider({ clock, script }).connect(conversation, never)
  const told: (readonly [number, SessionEvent['type']])[] = []
  session.listen(({ type }) => told.push([clock.now(), type]))
  return { clock, session, told }
}

test('a script tells each line at its time', async () => {
  const { clock, told } = await play([
    { atMs: 500, event: { type: 'speech-stopped' } },
    { atMs: 100, event: { type: 'speech-started' } },
    { atMs: 500, event: { type: 'response-started', responseId: 'r1' } },
  ])
  clock.advance(1000)
  expect(told).toEqual([
    [100, 'speech-started'],
    [500, 'speech-stopped'],
    [500, 'response-started'],
  ])
})

test('a script answers to what the call does, each time with its own lines', async () => {
  const { clock, session, told } = await play([
    { atMs: 50, after: 'respond', event: { type: 'response-started', responseId: 'r1' } },
    { atMs: 20, after: 'respond', nth: 2, event: { type: 'response-started', responseId: 'r2' } },
    { atMs: 10, after: 'cancel', event: { type: 'response-ended', responseId: 'r1', status: 'cancelled' } },
  ])
  clock.advance(1000)
  expect(told).toEqual([])
  session.respond('hello')
  clock.advance(100)
  session.cancel()
  clock.advance(100)
  session.respond()
  clock.advance(100)
  expect(told).toEqual([
    [1050, 'response-started'],
    [1110, 'response-ended'],
    [1220, 'response-started'],
  ])
})

test('what the call did is on record, with its time, and its sound too', async () => {
  const { clock, session } = await play([])
  session.append(Uint8Array.of(1, 2))
  clock.advance(20)
  session.append(Uint8Array.of(3))
  session.respond('hello')
  session.respond('hello?', 'answered')
  session.truncate('i1', 300, 'hel')
  clock.advance(20)
  session.answerTool('c1', '{}')
  await session[Symbol.asyncDispose]()
  session.respond('too late')
  session.append(Uint8Array.of(4))
  expect(session.deeds).toEqual([
    { atMs: 20, type: 'respond', instructions: 'hello' },
    { atMs: 20, type: 'respond', instructions: 'hello?', unless: 'answered' },
    { atMs: 20, type: 'truncate', itemId: 'i1', heardMs: 300, heardText: 'hel' },
    { atMs: 40, type: 'answer-tool', toolCallId: 'c1', output: '{}' },
    { atMs: 40, type: 'dispose' },
  ])
  expect([session.appendedBytes, [...session.appended()]]).toEqual([3, [1, 2, 3]])
})

test('nothing is told after the script has closed the session, or the call has let go of it', async () => {
  const closing = await play([
    { atMs: 10, event: { type: 'closed' } },
    { atMs: 20, event: { type: 'speech-started' } },
  ])
  closing.clock.advance(100)
  expect(closing.told).toEqual([[10, 'closed']])
  const left = await play([{ atMs: 10, event: { type: 'speech-started' } }])
  await left.session[Symbol.asyncDispose]()
  left.clock.advance(100)
  expect(left.told).toEqual([])
})

test('each session may have a script of its own', async () => {
  const clock = new ManualClock()
  const provider = makeScriptedProvider({
    clock,
    script: (n) => [{ atMs: 0, event: { type: 'response-started', responseId: `r${n}` } }],
  })
  for (let n = 0; n < 2; n++) {
    const session = await provider.connect(conversation, never)
    const told: SessionEvent[] = []
    session.listen((event) => told.push(event))
    clock.advance(1)
    expect(told).toEqual([{ type: 'response-started', responseId: `r${n}` }])
  }
  expect(provider.sessions).toHaveLength(2)
})

test('connecting may take its time, be given up meanwhile, or be refused', async () => {
  const clock = new ManualClock()
  const slow = makeScriptedProvider({ clock, script: [], connectMs: 300 })
  const gone = new AbortController()
  const given = slow.connect(conversation, gone.signal)
  gone.abort(new Error('gone'))
  await expect(given).rejects.toThrow('gone')
  const opening = slow.connect(conversation, never)
  clock.advance(300)
  await expect(opening).resolves.toBeDefined()
  const refusal = new CallError('provider-refused', 'no')
  await expect(makeScriptedProvider({ clock, script: [], refusal }).connect(conversation, never)).rejects.toBe(refusal)
})

describe('a script in a file', () => {
  test('has its sound written as tones, silence or bytes', () => {
    const sounds = [{ hz: 440, ms: 10 }, { hz: 0, ms: 20 }, { base64: 'AQIDBA==' }]
    const script = readScript(
      sounds.map((audio) => ({ atMs: 0, event: { type: 'audio', responseId: 'r', itemId: 'i', audio } })),
      pcm24k,
    )
    const lengths = script.map(({ event }) => (event.type === 'audio' ? event.audio.length : -1))
    expect(lengths).toEqual([480, 960, 4])
  })

  test('may say everything a session says', async () => {
    const events = [
      { type: 'speech-started' },
      { type: 'speech-stopped' },
      { type: 'turn-refused' },
      { type: 'turn-named', itemId: 'i' },
      { type: 'response-started', responseId: 'r' },
      { type: 'transcript', speaker: 'agent', itemId: 'i', text: 'hi', final: false },
      { type: 'tool-call', toolCallId: 'c', name: 'n', args: '{}' },
      {
        type: 'response-ended',
        responseId: 'r',
        status: 'completed',
        usage: { inputTokens: 1, outputTokens: 2, inputAudioTokens: 3, outputAudioTokens: 4 },
      },
      { type: 'lost', error: 'gone' },
      { type: 'restored', provider: 'scripted' },
      { type: 'renewed', provider: 'scripted' },
      { type: 'closed', error: 'gone for good' },
    ]
    const script = readScript(
      events.map((event, i) => ({ atMs: i, after: 'respond', nth: 1, event })),
      pcm24k,
    )
    const { clock, session, told } = await play(script)
    session.respond()
    clock.advance(100)
    expect(told.map(([, type]) => type)).toEqual(events.map(({ type }) => type))
  })

  test('is refused with the place of what is wrong', () => {
    const wrong = [
      { atMs: -1, event: { type: 'speech-started' } },
      { atMs: 0, event: { type: 'speech' } },
    ]
    expect(() => readScript(wrong, pcm24k)).toThrow(RangeError)
    expect(() => readScript(wrong, pcm24k)).toThrow(/0\]\.atMs[\s\S]*1\]\.event/)
    expect(() => readScript({}, pcm24k)).toThrow(/not a script/)
  })

  test('must give whole samples and times that come', () => {
    const clock = new ManualClock()
    const odd: ScriptStep = { atMs: 0, event: { type: 'audio', responseId: 'r', itemId: 'i', audio: Uint8Array.of(1) } }
    expect(() => makeScriptedProvider({ clock, script: [odd] })).toThrow(
      /script\[0\]\.event\.audio: expected whole samples/,
    )
    const never = { atMs: Number.NaN, event: { type: 'speech-started' } } as const
    expect(() => makeScriptedProvider({ clock, script: [never] })).toThrow(
      /script\[0\]\.atMs: expected 0 or more, got NaN/,
    )
  })
})

test('a script for turns that the call ends answers to their beginning, their end and their noise', async () => {
  const clock = new ManualClock()
  const script: ScriptStep[] = [
    { atMs: 10, after: 'end-turn', event: { type: 'response-started', responseId: 'r1' } },
    { atMs: 10, after: 'drop-turn', event: { type: 'response-started', responseId: 'r2' } },
  ]
  const provider = makeScriptedProvider({ clock, script, turnsBy: 'caller', takesNotes: false })
  const session = await provider.connect(conversation, never)
  session.beginTurn()
  session.endTurn()
  session.note('The caller pressed 1.')
  expect([session.takesNotes, session.deeds.map(({ type }) => type)]).toEqual([false, ['begin-turn', 'end-turn']])
  const told: SessionEvent[] = []
  session.listen((event) => told.push(event))
  clock.advance(1000)
  expect(told).toEqual([{ type: 'response-started', responseId: 'r1' }])
})
