import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CallFilter, CallSummary } from '../../src/call/archive.ts'
import { answered, saidBy } from '../store/told.ts'
import {
  type ArchiveStage,
  answeredAs,
  audible,
  bargedIn,
  billed,
  DAY_MS,
  endedBy,
  fresh,
  HOUR_MS,
  stopped,
  type Told,
  tell,
} from './archive-stage.ts'

/** How calls are looked for. */
export function testSearching(stage: () => ArchiveStage): void {
  it('finds calls by number, agent, reason, date and words, and by all of them together', async () => {
    const { store, settled } = stage()
    const { at, all } = fresh()
    const told = [
      {
        from: '+1 (555) 010-4242',
        to: '+4930123',
        agent: 'sales',
        said: 'I want a REFUND, 100% of it_',
        reason: 'caller-hung-up',
      },
      { from: 'anonymous', to: '+4930123', agent: 'sales', said: '请问几点开门', reason: 'agent-hung-up' },
      { from: '+86138001', to: '+4930555', agent: 'help', said: 'Größe refund', reason: 'agent-hung-up' },
    ] as const
    for (const [i, { said, reason, ...rest }] of told.entries()) {
      tell(stage(), `find ${i}`, at + i * 1000, [
        [0, answeredAs(rest)],
        [100, saidBy('caller', 0, said)],
        [200, saidBy('agent', 1, 'The order is on its way.')],
        [300, endedBy(reason)],
      ])
    }
    await settled()
    const found = async (filter: CallFilter) =>
      (await store.search({ ...all, ...filter }, 10)).calls.map(({ callId }) => Number(callId.slice(5)))
    const cases: [CallFilter, number[]][] = [
      [{}, [2, 1, 0]],
      [{ number: '555' }, [2, 0]],
      [{ number: '(555) 0104' }, [0]],
      // Not from the end of the one number into the other.
      [{ number: '424249' }, []],
      [{ number: 'anonymous' }, []],
      [{ agent: 'sales' }, [1, 0]],
      [{ reason: 'agent-hung-up' }, [2, 1]],
      [{ fromAt: at + 1000 }, [2, 1]],
      [{ untilAt: at + 1000 }, [0]],
      [{ words: 'refund' }, [2, 0]],
      [{ words: 'GRÖSSE' }, []],
      [{ words: 'größe' }, [2]],
      [{ words: '几点' }, [1]],
      [{ words: ' order  refund ' }, [2, 0]],
      [{ words: '100%' }, [0]],
      [{ words: 'it_' }, [0]],
      [{ words: 'way_' }, []],
      [{ words: '%' }, [0]],
      [{ words: '\\' }, []],
      [{ words: "it's" }, []],
      [{ words: 'refund', agent: 'help', number: '86', reason: 'agent-hung-up' }, [2]],
      [{ words: 'refund', agent: 'sales', number: '86' }, []],
    ]
    for (const [filter, expected] of cases) expect([filter, await found(filter)]).toEqual([filter, expected])
    expect(await store.agents()).toEqual(expect.arrayContaining(['default', 'help', 'sales']))
    expect(await store.agents()).toEqual([...(await store.agents())].sort())
  })

  it('finds a call no more, nor anything of it, when it is forgotten', async () => {
    const { store, settled } = stage()
    const { callId, at, all } = fresh()
    const longAgo = at - 10_000 * DAY_MS
    tell(stage(), callId, longAgo, [
      [0, answered],
      [10, saidBy('caller', 0, 'Forget me.')],
    ])
    await settled()
    expect((await store.search({ words: 'forget me' }, 10)).calls).toHaveLength(1)
    expect(await store.forget(longAgo + DAY_MS)).toBe(1)
    expect(await store.search({ words: 'forget me' }, 10)).toEqual({ calls: [] })
    expect(await store.summary(callId)).toBeUndefined()
    expect(await store.events(callId)).toEqual([])
    expect((await store.totals({ untilAt: all.fromAt - 1000 * DAY_MS })).calls).toBe(0)
  })
}

/** How they are told in pages. */
export function testPaging(stage: () => ArchiveStage): void {
  it('tells every call once, newest first, whatever the size of a page', async () => {
    const { store, settled } = stage()
    const { at, all } = fresh()
    // Of some the time is the same.
    const opened = Array.from({ length: 40 }, (_, i) => at + (i % 15) * 1000)
    for (const [i, openedAt] of opened.entries()) tell(stage(), `page ${i}`, openedAt, [[0, answered]])
    await settled()
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 45 }), async (limit) => {
      const seen: CallSummary[] = []
      let next: string | undefined
      do {
        const page = await store.search(all, limit, next)
        expect(page.calls.length).toBeLessThanOrEqual(limit)
        seen.push(...page.calls)
        next = page.next
      } while (next !== undefined)
      expect(new Set(seen.map(({ callId }) => callId)).size).toBe(40)
      expect(seen.map(({ openedAt }) => openedAt)).toEqual(opened.toSorted((a, b) => b - a))
    })
    await fc.assert(property, { numRuns: 8, examples: [[1], [40]] })
  })

  it('refuses what no page has said, and more than it may be asked for', async () => {
    const { store } = stage()
    const made = ['[1.5,"CA1"]', '[1e300,"CA1"]', '[1,"CA\\u0000"]'].map((json) =>
      Buffer.from(json).toString('base64url'),
    )
    for (const next of ['', 'x', 'W10', 'bnVsbA', "'; drop table calls", ...made]) {
      await expect(store.search({}, 10, next)).rejects.toThrow(RangeError)
    }
    for (const limit of [0, 501, 1.5, Number.NaN]) await expect(store.search({}, limit)).rejects.toThrow(RangeError)
    await expect(store.search({ words: 'x'.repeat(201) }, 10)).rejects.toThrow(/words/)
    await expect(store.search({ words: 'a b c d e f g h i' }, 10)).rejects.toThrow(/words/)
    await expect(store.totals({ number: '1'.repeat(201) })).rejects.toThrow(/number/)
    await expect(store.trend({ agent: 'x'.repeat(201) }, 'day')).rejects.toThrow(/agent/)
  })
}

/** What they are in sum. */
export function testSums(stage: () => ArchiveStage): void {
  it('adds up calls, and says of the latencies of all of them what half and 95 % are within', async () => {
    const { store, settled } = stage()
    const { callId, at, all } = fresh()
    for (let call = 0; call < 10; call++) {
      tell(stage(), `${callId} ${call}`, at + call * HOUR_MS, [
        [0, answeredAs({ agent: call < 5 ? 'one' : 'two', provider: call < 5 ? 'a' : 'b' })],
        ...Array.from({ length: 10 }, (_, i): Told => [10 + i, audible(call * 10 + i + 1)]),
        ...([
          [30, stopped],
          [40, bargedIn],
          [50, billed],
        ] satisfies Told[]),
        ...(call === 9 ? [] : ([[1000, endedBy(call < 3 ? 'agent-hung-up' : 'caller-hung-up')]] satisfies Told[])),
      ])
    }
    await settled()
    const five = { inputTokens: 500, outputTokens: 250, inputAudioTokens: 400, outputAudioTokens: 200 }
    const { usage: billedBy, ...totals } = await store.totals(all)
    expect(totals).toEqual({
      ...{ calls: 10, byReason: { 'agent-hung-up': 3, 'caller-hung-up': 6 }, durationMs: 9050 },
      ...{ turns: 10, bargeIns: 10, latencyP50Ms: 50, latencyP95Ms: 95 },
    })
    expect(billedBy.toSorted((a, b) => (a.provider < b.provider ? -1 : 1))).toEqual([
      { provider: 'a', ...five },
      { provider: 'b', ...five },
    ])
    expect(await store.totals({ ...all, agent: 'one' })).toMatchObject({ calls: 5, latencyP50Ms: 25, latencyP95Ms: 48 })
    expect(await store.totals({ ...all, agent: 'nobody' })).toEqual({
      ...{ calls: 0, byReason: {}, durationMs: 0, turns: 0, bargeIns: 0, usage: [] },
    })
    const hours = await store.trend(all, 'hour')
    expect(hours.map(({ at: hour, calls, latencyP50Ms }) => [hour, calls, latencyP50Ms])).toEqual(
      Array.from({ length: 10 }, (_, i) => [at + i * HOUR_MS, 1, i * 10 + 5]),
    )
    expect(await store.trend(all, 'day')).toEqual([{ at: at - 12 * HOUR_MS, usage: billedBy, ...totals }])
  })

  it('leaves out of a trend the oldest of more than 400 steps', async () => {
    const { store, settled } = stage()
    const { at } = fresh()
    const far = at + 40_000 * DAY_MS
    for (let i = 0; i < 402; i++) tell(stage(), `step ${i}`, far + i * HOUR_MS, [[0, answered]])
    await settled()
    const hours = await store.trend({ fromAt: far - DAY_MS }, 'hour')
    expect(hours).toHaveLength(400)
    expect(hours[0]?.at).toBe(far + 2 * HOUR_MS)
    expect(hours.at(-1)?.at).toBe(far + 401 * HOUR_MS)
  })
}
