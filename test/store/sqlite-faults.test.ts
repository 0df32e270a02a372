import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { Worker as Thread } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import type { StoreWorkerData } from '../../src/store/sql/messages.ts'
import { makePlace, openIn, until } from './database-stage.ts'
import { answered, ended, NOON, recordOf, saidBy } from './told.ts'

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
      maxBytes: 1_400_000,
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
    const spawn = (workerData: StoreWorkerData) => {
      const url = new URL('../../src/store/sql/store-worker.ts', import.meta.url)
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

describe('a process that has nothing else to do', () => {
  it('does not end before its store is closed, also when its thread has just died', async () => {
    using place = makePlace()
    const child = ['test/store/closing-child.ts', place.directory]
    const { stdout } = await promisify(execFile)(process.execPath, child, { timeout: 15_000 })
    expect(stdout).toBe('closed')
    using other = place.connect()
    expect(other.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 1 })
  })
})

describe('a row that nobody can make sense of', () => {
  it.each([
    ['broken', '{"v":1,'],
    ['of another version', '{"v":99,"events":2,"legs":[]}'],
    ['of none', '{"turns":1}'],
    ['of another shape', '{"v":1,"events":2,"legs":{},"usage":7}'],
    ['nothing', 'null'],
  ])('is made anew from the events of its call when it is a tally that is %s', async (_, tally) => {
    using place = makePlace()
    const { store, records } = await openIn(place)
    await using _closed = store
    store.append('CA1', answered)
    store.append('CA1', saidBy('caller', 0, SECRET))
    await until(() => store.health.waiting === 0)
    using other = place.connect()
    other.prepare('UPDATE summaries SET tally = ?').run(tally)
    expect((await store.search({}, 10)).calls).toEqual([])
    store.append('CA1', ended)
    store.append('CA2', answered)
    await until(() => store.health.waiting === 0)
    expect(await store.summary('CA1')).toMatchObject({ reason: 'caller-hung-up', agent: 'default' })
    expect((await store.search({}, 10)).calls).toHaveLength(2)
    expect(other.prepare('SELECT count(*) AS n FROM said').get()).toEqual({ n: 1 })
    expect(records).toEqual([])
  })

  it('holds up nobody when it is an event or a record: what comes is written, and the summary stays as it was', async () => {
    using place = makePlace()
    const { store, records } = await openIn(place)
    await using _closed = store
    store.keep(recordOf('CA1'))
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    using other = place.connect()
    other.exec(`UPDATE events SET event = '{"my card is'; UPDATE calls SET record = '{"my card is'`)
    other.exec(`UPDATE summaries SET tally = 'my card', agent = 'as it was'`)
    for (const event of [saidBy('caller', 0, SECRET), ended]) {
      store.append('CA1', event)
      store.keep(recordOf('CA1', { streams: 3 }))
      store.append('CA2', event)
      await until(() => store.health.waiting === 0)
    }
    expect(store.health).toMatchObject({ dropped: 0, failing: false })
    expect(other.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 5 })
    expect(other.prepare(`SELECT agent, tally FROM summaries WHERE call_id = 'CA1'`).get()).toEqual({
      agent: 'as it was',
      tally: 'my card',
    })
    expect(await store.summary('CA2')).toMatchObject({ reason: 'caller-hung-up' })
    expect((await store.search({}, 10)).calls).toHaveLength(1)
    expect(records).toMatchObject([{ level: 'error', fields: { calls: 1, dropped: 0 } }])
    expect(JSON.stringify(records)).not.toMatch(/card|CA1/)
  })
})

describe('a process of the version before, which folds nothing', () => {
  it('and what it still writes is counted with the next that is written of the call, or at the next start', async () => {
    using place = makePlace()
    const { store } = await openIn(place)
    const old = (seq: number, event: CallEvent) => {
      using other = place.connect()
      const row = 'INSERT INTO events VALUES (NULL, ?, ?, 1, ?, ?, 0, ?, ?)'
      other.prepare(row).run('CA1', NOON, seq, NOON + seq, event.type, JSON.stringify(event))
    }
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    old(1, { atMs: 0, type: 'caller-speech-stopped' })
    old(2, saidBy('caller', 0, 'Then Words'))
    store.append('CA1', saidBy('caller', 1, 'Now Words'))
    await until(() => store.health.waiting === 0)
    expect(await store.summary('CA1')).toMatchObject({ turns: 1 })
    for (const words of ['then', 'now']) expect((await store.search({ words }, 10)).calls).toHaveLength(1)
    old(3, { atMs: 0, type: 'caller-speech-stopped' })
    old(4, ended)
    await store[Symbol.asyncDispose]()
    await using again = (await openIn(place)).store
    const late = AbortSignal.timeout(5000)
    while ((await again.summary('CA1'))?.reason === undefined) if (late.aborted) throw new Error('expected its end')
    expect(await again.summary('CA1')).toMatchObject({ turns: 2, reason: 'caller-hung-up', streams: 1 })
    using other = place.connect()
    expect(other.prepare('SELECT count(*) AS n FROM said').get()).toEqual({ n: 2 })
  })
})
