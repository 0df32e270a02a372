import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { openMemoryStore } from '../../src/store/memory/store.ts'
import { startRetention } from '../../src/store/retention.ts'
import { openShelf } from '../../src/store/shelf.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { makePlace, openIn, until } from './database-stage.ts'
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

  it('has its recordings forgotten with it, also when the one or the other fails', async () => {
    const { clock, now, log, records } = house()
    const asked: string[] = []
    const broken = { store: true, shelf: false }
    const keeper = (name: 'store' | 'shelf') => ({
      forget: async () => {
        asked.push(name)
        if (broken[name]) throw new Error('it is away')
        return 1
      },
    })
    await using _retention = startRetention({
      ...{ store: keeper('store'), shelf: keeper('shelf'), days: 30, clock, now, log },
    })
    await settle()
    broken.store = false
    broken.shelf = true
    clock.advance(60_000)
    await settle()
    expect(asked).toEqual(['store', 'shelf', 'store', 'shelf'])
    expect(records.map(({ level, fields }) => [level, fields['what']])).toEqual([
      ['warn', 'calls'],
      ['info', 'recordings'],
      ['info', 'calls'],
      ['warn', 'recordings'],
    ])
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

  it('is forgotten no further when the house is closed: a database of a year holds nobody up', async () => {
    using place = makePlace()
    const { clock, now, log } = house()
    const { store } = await openIn(place)
    await using _closed = store
    for (let i = 0; i < 500; i++) store.keep(recordOf(`CA${i}`, { openedAt: NOON - 40 * DAY_MS - i }))
    await until(() => store.health.waiting === 0)
    await mkdir(join(place.directory, 'calls', 'CA1'), { recursive: true })
    await writeFile(join(place.directory, 'calls', 'CA1', '1000.wav'), '')
    const shelf = openShelf({ directory: place.directory, log })
    const retention = startRetention({ store, shelf, days: 30, clock, now, log })
    await retention[Symbol.asyncDispose]()
    using other = place.connect()
    expect(other.prepare('SELECT count(*) AS n FROM calls').get()).toEqual({ n: 480 })
    expect(await shelf.list('CA1')).toHaveLength(1)
  })
})
