import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { mulaw8k, pcm24k } from '../../src/audio/format.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { CallError } from '../../src/base/errors.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { SessionEvent } from '../../src/call/provider.ts'
import { Reach } from '../../src/call/reach.ts'
import { Standing } from '../../src/call/standing.ts'
import { makeScriptedProvider } from '../../src/providers/scripted/provider.ts'
import { readScript } from '../../src/providers/scripted/script.ts'
import { plainManners } from '../fakes/agent.ts'
import { answerSteps, type Line, openLine } from '../fakes/line.ts'

const LOST: SessionEvent = { type: 'closed', error: new CallError('provider-lost', 'closed with 1011') }
const IN_ARREARS: SessionEvent = { type: 'closed', error: new CallError('provider-refused', 'in arrears') }
const caller = encodeMulaw(tone(440, 60_000, 8000))

const all = <T extends CallEvent['type']>(line: Line, type: T) =>
  line.events.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
const session = (line: Line, n: number) => {
  const found = line.provider.sessions[n]
  if (found === undefined) throw new Error(`there is no session ${n}`)
  return found
}
const lose = (line: Line, n = 0) => session(line, n).tell(LOST)
const responds = (line: Line, n: number) =>
  session(line, n).deeds.flatMap((deed) => (deed.type === 'respond' ? [deed.instructions] : []))
/** Steps of the first session, or of the second; nothing for those behind. */
const scripts =
  (...steps: readonly unknown[][]) =>
  (n: number) =>
    readScript(steps[n] ?? [], pcm24k)

describe('a model that is lost', () => {
  it('is reached anew at once, and the call goes on', async () => {
    const line = openLine({ caller })
    await line.run(1000)
    lose(line)
    await line.run(20)
    expect(all(line, 'provider-lost')).toMatchObject([{ atMs: 1000, code: 'provider-lost' }])
    expect(all(line, 'provider-restored')).toMatchObject([{ provider: 'scripted' }])
    expect(line.provider.sessions).toHaveLength(2)
    expect(session(line, 0).deeds.at(-1)?.type).toBe('dispose')
    line.stop.abort()
    await line.run(20)
    expect(line.events.filter(({ type }) => type === 'ended')).toHaveLength(1)
    expect(line.alarms()).toBe(0)
  })

  it('misses none of the caller’s sound: what was said meanwhile is given to the next one', async () => {
    const refusal = (attempt: number) =>
      attempt > 0 && attempt < 4 ? new CallError('provider-lost', '503') : undefined
    const line = openLine({ caller, provider: { refusal } })
    await line.run(1000)
    lose(line)
    await line.run(3000)
    const given = session(line, 0).appendedBytes + session(line, 1).appendedBytes
    expect(given).toBe(4000 * 32)
  })

  it('is asked for with growing pauses, for as long as the caller can be held', async () => {
    const refusal = (attempt: number) => (attempt > 0 ? new CallError('provider-lost', '503') : undefined)
    const line = openLine({ caller, provider: { refusal } })
    await line.run(1000)
    lose(line)
    await line.run(8000)
    expect(all(line, 'ended')).toEqual([])
    await line.run(4000)
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-lost' })
    expect(line.alarms()).toBe(0)
  })

  it('that opens sessions and loses them at once is not asked for ever, nor too fast', async () => {
    const script = () => [{ atMs: 0, event: LOST }]
    const line = openLine({ caller, provider: { script } })
    await line.run(9000)
    expect(all(line, 'ended')).toEqual([])
    await line.run(5000)
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-lost' })
    expect(line.provider.sessions.length).toBeLessThan(10)
  })

  it('that does so is left for another one after the third time; so many losses in an hour are no such row', async () => {
    const script = () => [{ atMs: 0, event: LOST }]
    const line = openLine({ caller, provider: { script }, others: [{ name: 'second' }] })
    await line.run(3000)
    expect(line.provider.sessions).toHaveLength(3)
    expect(all(line, 'provider-restored').at(-1)).toMatchObject({ provider: 'second' })
    const patient = openLine({ caller })
    for (let n = 0; n < 5; n++) {
      await patient.run(31_000)
      lose(patient, n)
    }
    await patient.run(100)
    expect(patient.provider.sessions).toHaveLength(6)
  })

  it('is given up when it calls tools without end and says nothing', async () => {
    let runs = 0
    const declaration = { name: 'look', description: '', parameters: {} }
    const look = { declaration, deadlineMs: 1000, run: async () => `${++runs}` }
    const line = openLine({ caller, agent: { tools: [look] } })
    await line.run(100)
    for (let n = 0; n < 30; n++) {
      session(line, 0).tell({ type: 'tool-call', toolCallId: `t${n}`, name: 'look', args: '{}' })
      await line.run(20)
    }
    expect(runs).toBe(24)
    expect(all(line, 'provider-lost')).toMatchObject([{ code: 'provider-protocol' }])
    expect(line.provider.sessions).toHaveLength(2)
  })

  it('covers the silence within a second and a half, and the agent goes on after it', async () => {
    const hold = tone(300, 400, 8000)
    const refusal = (attempt: number) =>
      attempt > 0 && attempt < 5 ? new CallError('provider-lost', '503') : undefined
    const line = openLine({ caller, provider: { refusal }, agent: { manners: { ...plainManners, hold } } })
    await line.run(1000)
    lose(line)
    await line.run(1180)
    expect(line.heard()).toHaveLength(0)
    await line.run(200)
    expect(line.heard().length).toBeGreaterThan(0)
  })
})

describe('what a lost model had left open', () => {
  it('is a turn whose words are not known: the next one hears it from its beginning, and answers it', async () => {
    const line = openLine({ caller })
    await line.run(3000)
    session(line, 0).tell({ type: 'speech-started', itemId: 'c1' })
    await line.run(1000)
    session(line, 0).tell({ type: 'speech-stopped', itemId: 'c1' })
    await line.run(500)
    lose(line)
    await line.run(100)
    // From 0.7 s before the speech was noticed.
    expect(session(line, 1).appendedBytes).toBe((4600 - 3000 + 700) * 32)
    expect(responds(line, 1)).toEqual([])
  })

  it('is a turn whose words are known: the next one has read them, and is asked to go on', async () => {
    const line = openLine({ caller })
    await line.run(3000)
    const tell = (event: SessionEvent) => session(line, 0).tell(event)
    tell({ type: 'speech-started', itemId: 'c1' })
    tell({ type: 'speech-stopped', itemId: 'c1' })
    tell({ type: 'transcript', speaker: 'caller', itemId: 'c1', text: 'Do you have parking?', final: true })
    await line.run(1000)
    lose(line)
    await line.run(100)
    expect(session(line, 1).options.instructions).toMatch(/^Be kind\.[\s\S]*Caller: Do you have parking\?/)
    expect(session(line, 1).appendedBytes).toBe(100 * 32)
    expect(responds(line, 1)).toEqual([expect.stringContaining('go on')])
  })

  it('is an answer that was cut off: it is heard as far as it goes, and the next one goes on from there', async () => {
    const words = { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text: 'We open at nine', final: false }
    const line = openLine({ caller })
    await line.run(100)
    const tell = (event: unknown) => session(line, 0).tell(event as SessionEvent)
    tell({ type: 'response-started', responseId: 'r1' })
    tell(words)
    const sound = Buffer.alloc(24_000 * 2)
    tell({ type: 'audio', responseId: 'r1', itemId: 'item-r1', audio: sound })
    await line.run(300)
    lose(line)
    await line.run(2000)
    expect(all(line, 'response-ended')).toMatchObject([{ responseId: 'r1', status: 'failed' }])
    expect(line.heard()).toHaveLength(1000 * 8)
    expect(session(line, 1).options.instructions).toContain('You: We open at nine')
    expect(responds(line, 1)).toEqual([expect.stringContaining('go on')])
  })

  it('is a greeting that it had not begun: the next one is asked for the same', async () => {
    const line = openLine({ caller, agent: { greeting: { type: 'instruction', text: 'Say hello.' } } })
    await line.run(200)
    expect(responds(line, 0)).toEqual(['Say hello.'])
    lose(line)
    await line.run(100)
    expect(responds(line, 1)).toEqual(['Say hello.'])
    expect(session(line, 1).options.instructions).toBe('Be kind.')
  })

  it('is nothing when it had answered: the next one waits for the caller', async () => {
    const line = openLine({ caller, provider: { script: scripts(answerSteps(100, 'r1', 400)) } })
    await line.run(2000)
    lose(line)
    await line.run(1000)
    expect(session(line, 1).deeds).toEqual([])
  })

  it('is speech that our ear has heard and the model has not told of yet: the next one hears its beginning', async () => {
    const refusal = (attempt: number) => (attempt === 1 ? new CallError('provider-lost', '503') : undefined)
    const line = openLine({ caller, provider: { refusal } })
    await line.run(2000)
    line.ear.says('onset')
    await line.run(200)
    lose(line)
    await line.run(20)
    expect(all(line, 'caller-speech-started')).toHaveLength(1)
    await line.run(780)
    // 0.7 s before the loss.
    expect(session(line, 1).appendedBytes).toBe((3000 - 2200 + 700) * 32)
  })

  it('is still to be answered after a noise that came between', async () => {
    const bargeIn = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const
    const refusal = (attempt: number) =>
      attempt > 0 && attempt < 5 ? new CallError('provider-lost', '503') : undefined
    const line = openLine({ caller, agent: { bargeIn }, provider: { refusal } })
    await line.run(100)
    const tell = (event: SessionEvent) => session(line, 0).tell(event)
    tell({ type: 'response-started', responseId: 'r1' })
    tell({ type: 'audio', responseId: 'r1', itemId: 'i1', audio: Buffer.alloc(24_000 * 2 * 4) })
    await line.run(500)
    lose(line)
    await line.run(100)
    line.ear.says('onset')
    await line.run(100)
    line.ear.says('ended')
    await line.run(9000)
    expect(all(line, 'resumed')).toHaveLength(1)
    expect(responds(line, 1)[0]).toContain('go on')
    // Of the gap no sound is missing.
    expect(session(line, 1).appendedBytes).toBe((9800 - 600) * 32)
  })

  it('is a turn that ended as the model was lost: who waits for turns is told its end too', async () => {
    const line = openLine({ caller, provider: { script: () => [] }, others: [{ name: 'manual', turnsBy: 'caller' }] })
    await line.run(1000)
    line.ear.says('onset')
    await line.run(100)
    session(line, 0).tell({ type: 'speech-started' })
    line.ear.says('ended')
    await line.run(100)
    session(line, 0).tell(IN_ARREARS)
    await line.run(200)
    const deeds = line.others[0]?.sessions[0]?.deeds.map(({ type }) => type)
    expect(deeds).toEqual(['begin-turn', 'end-turn'])
  })

  it('is what was keyed in meanwhile: it is told in the way that the next one can be told', async () => {
    for (const takesNotes of [true, false]) {
      const refusal = (attempt: number) =>
        attempt > 0 && attempt < 5 ? new CallError('provider-lost', '503') : undefined
      const callerEvents = [{ atMs: 1200, type: 'dtmf', digit: '#' }] as const
      const line = openLine({ caller, callerEvents, provider: { takesNotes, refusal } })
      await line.run(1000)
      lose(line)
      await line.run(7000)
      const told = JSON.stringify(session(line, 1).deeds)
      expect(told).toContain('pressed #')
      expect(told.includes('"note"')).toBe(takesNotes)
      expect(responds(line, 1)[0] === undefined).toBe(takesNotes)
    }
  })

  it('is a tool that is still at work: the next one is told its result in words', async () => {
    const answered = Promise.withResolvers<string>()
    const declaration = { name: 'book', description: '', parameters: {} }
    const book = { declaration, deadlineMs: 10_000, run: () => answered.promise }
    const line = openLine({ caller, agent: { tools: [book] } })
    await line.run(100)
    const tell = (event: SessionEvent) => session(line, 0).tell(event)
    tell({ type: 'response-started', responseId: 'r1' })
    tell({ type: 'tool-call', toolCallId: 't1', name: 'book', args: '{}' })
    tell({ type: 'response-ended', responseId: 'r1', status: 'completed' })
    await line.run(100)
    lose(line)
    await line.run(100)
    answered.resolve('{"table":7}')
    await line.run(100)
    expect(session(line, 1).deeds).toMatchObject([
      { type: 'note', text: expect.stringContaining('{"table":7}') },
      { type: 'respond' },
    ])
    lose(line, 1)
    await line.run(1000)
    expect(session(line, 2).options.instructions).toContain('Tool book: {"table":7}')
  })

  it('is heard by our own ear where the caller speaks in the gap, and is a turn with whoever waits for turns', async () => {
    const refusal = (attempt: number) => (attempt === 1 ? new CallError('provider-lost', '503') : undefined)
    const line = openLine({ caller, provider: { turnsBy: 'caller', refusal } })
    await line.run(1000)
    lose(line)
    line.ear.says('onset')
    await line.run(60)
    line.ear.says('ended')
    await line.run(1500)
    expect(session(line, 1).deeds.map(({ type }) => type)).toContain('begin-turn')
    expect(session(line, 1).deeds.map(({ type }) => type)).toContain('end-turn')
    // From 0.7 s before the ear heard it.
    expect(session(line, 1).appendedBytes).toBe((2560 - 1020 + 700) * 32)
  })
})

describe('several providers', () => {
  it('are tried in their order, and the second takes over within the call, in its own coding', async () => {
    const line = openLine({
      caller,
      others: [{ name: 'second', input: mulaw8k, output: mulaw8k }],
    })
    await line.run(1000)
    session(line, 0).tell(IN_ARREARS)
    await line.run(500)
    expect(all(line, 'provider-restored')).toMatchObject([{ provider: 'second' }])
    const second = line.others[0]?.sessions[0]
    // Passed through untouched.
    expect(Buffer.from(second?.appended() ?? [])).toEqual(Buffer.from(caller.subarray(1000 * 8, 1500 * 8)))
    expect(line.provider.sessions).toHaveLength(1)
  })

  it('come next at once when one refuses, and after two and a half seconds when one cannot be reached', async () => {
    const refused = openLine({
      caller,
      provider: { refusal: new CallError('provider-refused', '401') },
      others: [{ name: 'b' }],
    })
    await refused.run(40)
    expect(all(refused, 'connected')).toMatchObject([{ provider: 'b' }])
    const busy = openLine({
      caller,
      provider: { refusal: new CallError('provider-busy', '429') },
      others: [{ name: 'b' }],
    })
    await busy.run(40)
    expect(all(busy, 'connected')).toMatchObject([{ provider: 'b' }])
    const hanging = openLine({ caller, provider: { connectMs: 60_000 }, others: [{ name: 'b' }] })
    await hanging.run(2480)
    expect(all(hanging, 'connected')).toEqual([])
    await hanging.run(40)
    expect(all(hanging, 'connected')).toMatchObject([{ provider: 'b' }])
    const [given] = hanging.others[0]?.sessions ?? []
    expect(given?.appendedBytes).toBe(2520 * 32)
  })

  it('that one call could not reach are asked last by the next call, for a quarter of a minute', async () => {
    const clock = new ManualClock()
    const refusal = new CallError('provider-lost', '503')
    const down = makeScriptedProvider({ clock, script: [], name: 'down', refusal })
    const up = makeScriptedProvider({ clock, script: [], name: 'up' })
    const standing = new Standing(clock)
    /** Which one a new call reaches, and how long that takes [ms]. */
    const reach = async () => {
      const sinceMs = clock.now()
      const agent = { providers: [down, up], connectMs: 5000 } as const
      const describe = () => ({ callId: 'CA1', instructions: '', tools: [] })
      const search = new Reach({ agent, describe, standing, clock })
      let found: string | undefined
      void search.find(new AbortController().signal).then(({ provider }) => {
        found = provider.name
      })
      for (; found === undefined; clock.advance(20)) await setImmediate()
      return [found, clock.now() - sinceMs]
    }
    expect(await reach()).toEqual(['up', 2520])
    expect(await reach()).toEqual(['up', 20])
    clock.advance(15_000)
    expect(await reach()).toEqual(['up', 2520])
  })

  it('that are all gone end the call, by the reason of the last', async () => {
    const no = (code: 'provider-refused' | 'provider-busy') => ({ refusal: new CallError(code, 'no') })
    const line = openLine({ caller, provider: no('provider-refused'), others: [no('provider-busy')] })
    await line.run(11_000)
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-busy' })
    expect(line.alarms()).toBe(0)
  })
})

describe('a session that becomes too old', () => {
  const script = scripts([
    ...answerSteps(58_000, 'r1', 4000),
    { atMs: 60_000, event: { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text: 'Nine.', final: true } },
  ])

  it('is replaced in a silent moment, by one that knows what was said, and no sound is lost', async () => {
    const silence = new Uint8Array(80_000 * 8).fill(0xff)
    const line = openLine({ caller: silence, provider: { sessionMs: 60_000, script } })
    await line.run(53_000)
    expect(line.provider.sessions).toHaveLength(1)
    await line.run(2000)
    expect(all(line, 'session-renewed')).toHaveLength(1)
    expect(all(line, 'provider-lost')).toEqual([])
    const given = session(line, 0).appendedBytes + session(line, 1).appendedBytes
    // What might be the beginning of a word is given to both.
    expect(given).toBe((55_000 + 700) * 32)
    expect(session(line, 0).deeds.at(-1)?.type).toBe('dispose')
  })

  it('is kept while somebody speaks', async () => {
    const line = openLine({ caller, provider: { sessionMs: 62_000, script } })
    await line.run(54_000)
    session(line, 0).tell({ type: 'speech-started' })
    await line.run(4500)
    session(line, 0).tell({ type: 'speech-stopped' })
    await line.run(3000)
    expect(all(line, 'session-renewed')).toEqual([])
    await line.run(8000)
    expect(all(line, 'session-renewed')).toHaveLength(1)
    expect(session(line, 1).options.instructions).toContain('You: Nine.')
  })

  it('is kept when somebody speaks before the new one is there: that would not know of it', async () => {
    const silence = new Uint8Array(80_000 * 8).fill(0xff)
    const line = openLine({ caller: silence, provider: { sessionMs: 10_000, connectMs: 500 } })
    await line.run(9700)
    session(line, 0).tell({ type: 'speech-started' })
    await line.run(1000)
    session(line, 0).tell({ type: 'speech-stopped' })
    session(line, 0).tell({ type: 'response-started', responseId: 'r1' })
    session(line, 0).tell({ type: 'response-ended', responseId: 'r1', status: 'completed' })
    await line.run(3000)
    expect(all(line, 'session-renewed')).toEqual([])
    await line.run(3000)
    expect(all(line, 'session-renewed')).toHaveLength(1)
    expect(line.provider.sessions.map(({ deeds }) => deeds.at(-1)?.type)).toEqual(['dispose', undefined])
  })

  it('is replaced by one of the same provider’s or not at all', async () => {
    const silence = new Uint8Array(80_000 * 8).fill(0xff)
    const refusal = (attempt: number) => (attempt > 0 ? new CallError('provider-busy', '429') : undefined)
    const line = openLine({ caller: silence, provider: { sessionMs: 10_000, refusal }, others: [{ name: 'second' }] })
    await line.run(20_000)
    expect(line.others[0]?.sessions).toEqual([])
    expect(session(line, 0).deeds).toEqual([])
    expect(all(line, 'provider-lost')).toEqual([])
  })
})
