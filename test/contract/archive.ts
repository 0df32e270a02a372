import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { answered, ended, heardAt, recordOf, saidBy } from '../store/told.ts'
import { testPaging, testSearching, testSums } from './archive-questions.ts'
import {
  type ArchiveStage,
  analysed,
  answeredAs,
  audible,
  bargedIn,
  billed,
  endedBy,
  fresh,
  lost,
  restored,
  stopped,
  type Told,
  tell,
  toolCalled,
  usage,
} from './archive-stage.ts'

/** What every CallArchive must do, wherever it reads. */
export function testArchive(name: string, open: () => Promise<ArchiveStage>): void {
  describe(`${name}, as an archive`, () => {
    let opened: ArchiveStage | undefined
    // One for all: to open takes longer than a test does.
    const stage = () => {
      if (opened === undefined) throw new Error('expected an open archive')
      return opened
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.[Symbol.asyncDispose]())
    testSummaries(stage)
    testEvents(stage)
    testSearching(stage)
    testPaging(stage)
    testSums(stage)
    testBounds(stage)
  })
}

function testSummaries(stage: () => ArchiveStage): void {
  it('tells a whole call in one line', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    store.keep(recordOf(callId, { openedAt: at - 500 }))
    const turns = [700, 900.4, 1500].flatMap((ms, i): Told[] => [
      [1000 * i + 100, stopped],
      [1000 * i + 200, audible(ms)],
      [1000 * i + 300, billed],
    ])
    const end: CallEvent = { ...ended, reason: 'provider-lost', code: 'provider-timeout' } as CallEvent
    tell(stage(), callId, at, [
      ...([[0, answered], [10, audible()], ...turns] satisfies Told[]),
      ...([
        [4000, bargedIn],
        [4100, toolCalled],
        [4200, toolCalled],
      ] satisfies Told[]),
      ...([
        [5000, lost],
        [5100, restored],
        [5200, billed],
        [9000, end],
      ] satisfies Told[]),
    ])
    await settled()
    const tripled = { inputTokens: 300, outputTokens: 150, inputAudioTokens: 240, outputAudioTokens: 120 }
    expect(await store.summary(callId)).toEqual({
      ...{ callId, openedAt: at - 500, endedAt: at + 9000, durationMs: 9000 },
      ...{ from: '+15550001', to: '+15550002', agent: 'default', provider: 'second' },
      ...{ reason: 'provider-lost', code: 'provider-timeout', streams: 1 },
      ...{ turns: 3, bargeIns: 1, tools: 2, losses: 1, latencyP50Ms: 900, latencyP95Ms: 1500 },
      usage: [
        { provider: 'scripted', ...tripled },
        { provider: 'second', ...usage },
      ],
    } satisfies CallSummary)
  })

  it('tells nothing of a call that was never answered', async () => {
    const { store, settled } = stage()
    const { callId, at, all } = fresh()
    store.keep(recordOf(callId, { openedAt: at }))
    await settled()
    expect(await store.summary(callId)).toBeUndefined()
    expect(await store.events(callId)).toEqual([])
    expect((await store.search(all, 10)).calls).toEqual([])
  })

  it('tells a call that nobody was left to end as far as it was heard of', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    tell(stage(), callId, at, [
      [0, answered],
      [7000, saidBy('caller', 0, 'Hello?')],
    ])
    // Whoever finds it so later makes something of it.
    tell(stage(), callId, at, [[90_000, analysed]])
    await settled()
    const summary = await store.summary(callId)
    expect(summary).toMatchObject({ durationMs: 7000, streams: 1 })
    expect(summary).not.toHaveProperty('endedAt')
    expect(summary).not.toHaveProperty('reason')
  })

  it('tells all streams of a call that came back, and how the last one ended', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    tell(stage(), callId, at, [
      ...([
        [0, answered],
        [100, stopped],
        [200, billed],
        [3000, endedBy('carrier-lost')],
      ] satisfies Told[]),
      ...([
        [8000, answeredAs({ provider: 'second', resumed: true })],
        [8100, stopped],
        [8200, billed],
      ] satisfies Told[]),
    ])
    await settled()
    expect(await store.summary(callId)).not.toHaveProperty('endedAt')
    tell(stage(), callId, at, [[9000, endedBy('agent-hung-up')]])
    await settled()
    const counts = { durationMs: 9000, streams: 2, turns: 2 }
    expect(await store.summary(callId)).toMatchObject({ ...counts, provider: 'second', reason: 'agent-hung-up' })
    expect((await store.summary(callId))?.usage).toEqual([
      { provider: 'scripted', ...usage },
      { provider: 'second', ...usage },
    ])
  })

  it('tells a call of a version that knew no agents and no numbers', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    const { agent: _agent, from: _from, to: _to, ...before } = answered as Extract<CallEvent, { type: 'answered' }>
    tell(stage(), callId, at, [
      [0, before as CallEvent],
      [1000, ended],
    ])
    await settled()
    expect(await store.summary(callId)).toMatchObject({ agent: '', from: '', to: '', reason: 'caller-hung-up' })
  })
}

function testEvents(stage: () => ArchiveStage): void {
  it('tells all events of a call in order, each with its stream and its time, and of keys only that they were', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    const dtmf: CallEvent = { atMs: 0, type: 'dtmf', digit: '7' }
    const first: Told[] = [
      [0, answered],
      [10, stopped],
      [20, dtmf],
      [30, heardAt(1, 700, 'At nine.', true)],
      [40, ended],
    ]
    const second: Told[] = [
      [1000, answeredAs({ resumed: true })],
      [2000, ended],
    ]
    tell(stage(), callId, at, [...first, ...second])
    await settled()
    const kept = [...first, ...second].map(([afterMs, event]) => ({
      stream: afterMs < 1000 ? at : at + 1000,
      at: at + afterMs,
      event: event.type === 'dtmf' ? { ...event, digit: '*' } : event,
    }))
    expect(await store.events(callId)).toEqual(kept)
  })

  it('tells what was made of a call as the last of its latest stream, and lets it change nothing of the call', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    const told: Told[] = [
      [0, answered],
      [900, endedBy('carrier-lost')],
      [2000, answered],
      [3000, ended],
    ]
    tell(stage(), callId, at, told)
    await settled()
    const before = await store.summary(callId)
    tell(stage(), callId, at, [[60_000, analysed]])
    await settled()
    expect((await store.events(callId)).at(-1)).toEqual({ stream: at + 2000, at: at + 60_000, event: analysed })
    expect(await store.summary(callId)).toEqual(before)
  })

  it('names a stream by when it was answered, as its files are, also when that is told late', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    tell(stage(), callId, at, [
      [5, answeredAs({ answeredAt: at })],
      [1000, ended],
    ])
    await settled()
    expect((await store.events(callId)).map(({ stream }) => stream)).toEqual([at, at])
    expect(await store.summary(callId)).toMatchObject({ durationMs: 1000 })
  })

  it('tells a call of thousands of events whole', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    tell(stage(), callId, at, [[0, answered], ...Array.from({ length: 1500 }, (): Told => [10, stopped])])
    await settled()
    expect(await store.events(callId)).toHaveLength(1501)
    expect(await store.summary(callId)).toMatchObject({ turns: 1500 })
  })
}

function testBounds(stage: () => ArchiveStage): void {
  it('keeps whatever is said, of any script, with any sign in it', async () => {
    const { store, settled } = stage()
    const { callId, at } = fresh()
    const text = "Nul \0, quote ', \\ % _ \u{1f600}, half \ud800"
    tell(stage(), callId, at, [
      [0, answeredAs({ agent: 'n\0ul', from: '\0+1' })],
      [10, saidBy('caller', 0, text)],
    ])
    await settled()
    const [, said] = await store.events(callId)
    expect(said?.event).toMatchObject({ text })
    expect((await store.search({ words: '\u{1f600}' }, 5)).calls).toHaveLength(1)
  })

  it('takes times between two milliseconds', async () => {
    const { store, settled } = stage()
    const { callId, at, all } = fresh()
    store.keep(recordOf(callId, { openedAt: at + 0.25 }))
    tell(stage(), callId, at, [
      [0.4, answered],
      [1000.4, ended],
    ])
    expect(await store.claim(`ticket of ${callId}`, at + 0.5)).toBe(true)
    await settled()
    expect(await store.summary(callId)).toMatchObject({ durationMs: 1000 })
    expect((await store.search({ fromAt: all.fromAt + 0.5, untilAt: all.untilAt + 0.5 }, 5)).calls).toHaveLength(1)
    expect(await store.forget(0.5)).toBe(0)
  })

  it('answers nothing when it is closed', async () => {
    const { store } = stage()
    await store[Symbol.asyncDispose]()
    const asked = [store.search({}, 1), store.summary('CA1'), store.events('CA1'), store.totals({}), store.agents()]
    for (const answer of asked) await expect(answer).rejects.toThrow(/closed/)
    await expect(store.trend({}, 'day')).rejects.toThrow(/closed/)
  })
}
