import type { Worker } from 'node:worker_threads'
import { Worker as Thread } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import type { SqliteWorkerData } from '../../src/store/sqlite/messages.ts'
import { makePlace, openIn, until } from './database-stage.ts'
import { answered, NOON, recordOf, saidBy } from './told.ts'

const SECRET = 'my card is four nine two nine'

describe('a database that another process does not let go of', () => {
  it('is waited for beside the calls, which are recalled as they are', async () => {
    using place = makePlace()
    const { store, records } = await openIn(place)
    await using _closed = store
    using other = place.connect()
    other.exec('BEGIN IMMEDIATE')
    store.keep(recordOf('CA1'))
    store.append('CA1', answered)
    store.append('CA1', saidBy('caller', 0, SECRET))
    await until(() => store.health.failing)
    store.append('CA1', saidBy('caller', 1, 'And another thing.'))
    expect((await store.recall('CA1'))?.said.map(wordsOf)).toEqual([SECRET, 'And another thing.'])
    expect(store.health).toMatchObject({ waiting: 4, dropped: 0, failing: true })
    const claimed = store.claim('ticket', NOON + 1000)
    other.exec('COMMIT')
    expect(await claimed).toBe(true)
    await until(() => store.health.waiting === 0)
    expect(store.health).toEqual({ waiting: 0, lagMs: 0, dropped: 0, failing: false })
    expect(other.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 3 })
    expect(records.map(({ level }) => level)).toEqual(['error', 'warn'])
    expect(JSON.stringify(records)).not.toMatch(/card|CA1/)
  })

  it('makes no question wait for more than a second, nor the end for more than two', async () => {
    using place = makePlace()
    const clock = new ManualClock()
    const { store, records } = await openIn(place, { clock })
    using other = place.connect()
    other.exec('BEGIN IMMEDIATE')
    const claimed = store.claim('ticket', NOON + 1000)
    clock.advance(999)
    clock.advance(1)
    await expect(claimed).rejects.toThrow('store: no answer within 1000 ms')
    store.append('CA1', saidBy('caller', 0, SECRET))
    const closed = store[Symbol.asyncDispose]()
    clock.advance(2000)
    await closed
    expect(records).toContainEqual({
      level: 'error',
      fields: { waiting: 1 },
      message: 'the store was closed before all was written',
    })
  })
})

describe('a disk that is full', () => {
  it('never reaches a call: what waits is bounded, the newest records win, and all is well when there is room', async () => {
    using place = makePlace()
    const clock = new ManualClock()
    const { store, records } = await openIn(place, {
      clock,
      maxBytes: 700_000,
      backlog: { events: 100, records: 3 },
    })
    await using _closed = store
    store.keep(recordOf('old', { openedAt: NOON - 1000 }))
    for (let i = 0; i < 100; i++) store.append('old', saidBy('caller', i, 'x'.repeat(2500)))
    await store.recall('old')
    await until(() => store.health.waiting === 0)
    store.keep(recordOf('CA1'))
    for (let i = 0; i < 100; i++) store.append('CA1', saidBy('caller', i, `${SECRET} ${'x'.repeat(2500)}`))
    clock.advance(50)
    await until(() => store.health.failing)
    for (let i = 0; i < 150; i++) store.append('CA2', saidBy('caller', i, `turn ${i}`))
    for (const callId of ['CA2', 'CA3', 'CA4', 'CA5', 'CA3']) store.keep(recordOf(callId))
    store.keep(recordOf('CA3', { streams: 9 }))
    expect(store.health).toMatchObject({ waiting: 204, dropped: 51, failing: true })
    expect(await store.recall('CA3')).toMatchObject({ streams: 9 })
    expect(await store.recall('CA2')).toBeUndefined()
    expect((await store.recall('CA1'))?.said.length).toBeGreaterThan(20)
    expect(records).toHaveLength(1)
    expect(JSON.stringify(records)).not.toMatch(/card|CA\d/)
    // Whatever makes room will do.
    expect(await store.forget(NOON)).toBe(1)
    await until(() => !store.health.failing)
    expect(await store.recall('CA3')).toMatchObject({ streams: 9 })
    await until(() => store.health.waiting === 0)
    using other = place.connect()
    const { n } = other.prepare('SELECT count(*) AS n FROM events').get() ?? {}
    expect(n).toBe(200)
    expect(records.map(({ level }) => level)).toEqual(['error', 'warn'])
  })
})

describe('a thread that dies', () => {
  it('is started again, and what it had not written and not answered is neither lost nor doubled', async () => {
    using place = makePlace()
    const clock = new ManualClock()
    const threads: Worker[] = []
    const spawn = (workerData: SqliteWorkerData) => {
      const url = new URL('../../src/store/sqlite/sqlite-worker.ts', import.meta.url)
      const thread = new Thread(url, { workerData, execArgv: [], env: {} })
      threads.push(thread)
      return thread
    }
    const { store, records } = await openIn(place, { clock, spawn })
    await using _closed = store
    store.keep(recordOf('CA1'))
    store.append('CA1', answered)
    store.append('CA1', saidBy('caller', 0, SECRET))
    clock.advance(50)
    await threads[0]?.terminate()
    store.append('CA1', saidBy('caller', 1, 'Hello?'))
    const recalled = store.recall('CA1')
    const claimed = store.claim('ticket', NOON + 1000)
    clock.advance(200)
    expect((await recalled)?.said.map(wordsOf)).toEqual([SECRET, 'Hello?'])
    expect(await claimed).toBe(true)
    await until(() => {
      clock.advance(50)
      return store.health.waiting === 0
    })
    using other = place.connect()
    expect(other.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 3 })
    expect(threads).toHaveLength(2)
    expect(records.map(({ level }) => level)).toEqual(['error', 'warn'])
    expect(JSON.stringify(records)).not.toMatch(/card|CA1/)
  })
})
