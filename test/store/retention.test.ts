import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { openMemoryStore } from '../../src/store/memory/store.ts'
import { startRetention } from '../../src/store/retention.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { NOON, recordOf } from './told.ts'

const DAY_MS = 86_400_000

/** A house whose calendar runs with its clock. */
function house() {
  const clock = new ManualClock()
  const now = () => NOON + clock.now()
  return { clock, now, ...makeLogRecorder() }
}

/** Lets what was promised come true: nothing here waits for anything but promises. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('what is kept of calls', () => {
  it('is forgotten at the start and within an hour of its time, and not before', async () => {
    const { clock, now, log } = house()
    await using store = openMemoryStore({ now, maxAgeMs: Number.POSITIVE_INFINITY })
    store.keep(recordOf('last week', { openedAt: NOON - 7 * DAY_MS }))
    store.keep(recordOf('yesterday', { openedAt: NOON - DAY_MS }))
    await using _retention = startRetention({ store, days: 2, clock, now, log })
    await settle()
    expect(await store.recall('last week')).toBeUndefined()
    for (let hour = 0; hour < 24; hour++) {
      expect(await store.recall('yesterday')).toBeDefined()
      clock.advance(3_600_000)
      await settle()
    }
    clock.advance(3_600_000)
    await settle()
    expect(await store.recall('yesterday')).toBeUndefined()
  })

  it('is tried to be forgotten again in a minute when that failed, and the log says so without a word of it', async () => {
    const { clock, now, log, records } = house()
    const before: number[] = []
    const store = {
      forget: async (beforeAt: number) => {
        before.push(beforeAt)
        if (before.length < 3) throw new Error('store: no answer within 1000 ms')
        return 2
      },
    }
    await using _retention = startRetention({ store, days: 30, clock, now, log })
    for (const minute of [1, 2, 3]) {
      await settle()
      expect(before).toHaveLength(minute)
      clock.advance(60_000)
    }
    await settle()
    expect(before).toEqual([0, 60_000, 120_000].map((ms) => NOON + ms - 30 * DAY_MS))
    expect(records.map(({ level }) => level)).toEqual(['warn', 'warn', 'info'])
    expect(records[0]?.fields).toEqual({ what: 'calls', reason: 'store: no answer within 1000 ms' })
  })

  it('is left alone when the house is closed, which waits for what is being forgotten', async () => {
    const { clock, now, log } = house()
    const forgotten = Promise.withResolvers<number>()
    let rounds = 0
    const store = {
      forget: () => {
        rounds++
        return forgotten.promise
      },
    }
    const retention = startRetention({ store, days: 30, clock, now, log })
    let closed = false
    const closing = retention[Symbol.asyncDispose]().then(() => {
      closed = true
    })
    await settle()
    expect(closed).toBe(false)
    forgotten.resolve(0)
    await closing
    clock.advance(DAY_MS)
    expect(rounds).toBe(1)
  })
})
