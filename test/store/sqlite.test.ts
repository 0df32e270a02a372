import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import { recall } from '../../src/store/sql/queries.ts'
import { openSqliteStore } from '../../src/store/sql/sqlite.ts'
import { openSqlite } from '../../src/store/sql/sqlite-database.ts'
import { write } from '../../src/store/sql/writing.ts'
import { testArchive } from '../contract/archive.ts'
import { testStore } from '../contract/store.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { makePlace, openIn, until } from './database-stage.ts'
import { answered, NOON, recordOf, saidBy } from './told.ts'

const openStage = async () => {
  const place = makePlace()
  let now = NOON
  const { store } = await openIn(place, { now: () => now })
  return {
    store,
    setNow: (at: number) => {
      now = at
    },
    settled: () => until(() => store.health.waiting === 0),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      place[Symbol.dispose]()
    },
  }
}

testStore('SQLite in a directory', openStage)
testArchive('SQLite in a directory', openStage)

describe('processes that share a directory', () => {
  it('go on with each other’s calls, and take each ticket once between them', async () => {
    using place = makePlace()
    // Both make the file at once.
    const [first, second] = await Promise.all([openIn(place), openIn(place)])
    await using one = first.store
    await using other = second.store
    one.keep(recordOf('CA1', { streams: 1 }))
    one.append('CA1', answered)
    one.append('CA1', saidBy('caller', 0, 'Hello?'))
    await one.recall('CA1')
    expect((await other.recall('CA1'))?.said.map(wordsOf)).toEqual(['Hello?'])
    other.keep(recordOf('CA1', { streams: 2 }))
    await other.recall('CA1')
    expect(await one.recall('CA1')).toMatchObject({ streams: 2 })
    const tickets = Array.from({ length: 20 }, (_, i) => `ticket ${i}`)
    const taken = await Promise.all(
      tickets.map((ticket) => Promise.all([one, other].map((store) => store.claim(ticket, NOON + 1000)))),
    )
    expect(taken.map((both) => both.filter((mine) => mine).length)).toEqual(tickets.map(() => 1))
  })

  it('tell each stream as a whole, also when the old one’s last words are written after the new one’s first', async () => {
    using place = makePlace()
    let now = NOON
    await using one = (await openIn(place, { now: () => now })).store
    await using other = (await openIn(place, { now: () => now })).store
    one.keep(recordOf('CA1'))
    one.append('CA1', answered)
    one.append('CA1', saidBy('caller', 0, 'Hello?'))
    await one.recall('CA1')
    now += 12_000
    other.append('CA1', answered)
    other.append('CA1', saidBy('agent', 0, 'Sorry for that.'))
    await other.recall('CA1')
    now += 1000
    one.append('CA1', saidBy('caller', 1, 'Is anybody there?'))
    await one.recall('CA1')
    const { said = [] } = (await other.recall('CA1')) ?? {}
    expect(said.map(wordsOf)).toEqual(['Hello?', 'Is anybody there?', 'Sorry for that.'])
  })

  it('lose nothing of what was put in 200 ms before one of them is killed', async () => {
    using place = makePlace()
    const child = spawn(process.execPath, ['test/store/writer-child.ts', place.directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    try {
      await once(child.stdout, 'data', { signal: AbortSignal.timeout(15_000) })
    } finally {
      child.kill('SIGKILL')
      await exited
    }
    const { store } = await openIn(place)
    await using _closed = store
    const words = (await store.recall('CA1'))?.said.map(wordsOf) ?? []
    expect(words.length).toBeGreaterThanOrEqual(50)
    expect(words).toEqual(words.map((_, i) => `turn ${i}`))
    using database = place.connect()
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
  })
})

describe('a directory of calls', () => {
  it('has them all when it is opened again, also what was put in a moment before it was closed', async () => {
    using place = makePlace()
    const { store } = await openIn(place)
    store.keep(recordOf('CA1'))
    for (let i = 0; i < 2500; i++) store.append('CA1', saidBy('caller', i, `turn ${i}`))
    await store[Symbol.asyncDispose]()
    expect(store.health).toEqual({ waiting: 0, lagMs: 0, dropped: 0, failing: false })
    await using again = (await openIn(place)).store
    expect((await again.recall('CA1'))?.said.map(wordsOf).at(-1)).toBe('turn 2499')
  })

  it('is its owner’s alone', async () => {
    using place = makePlace()
    const directory = join(place.directory, 'calls', 'of', 'ours')
    await using store = await openSqliteStore({ directory, log: makeLogRecorder().log })
    store.keep(recordOf('CA1'))
    await store.recall('CA1')
    const modeOf = (path: string) => statSync(path).mode & 0o777
    expect(modeOf(directory)).toBe(0o700)
    const files = readdirSync(directory).sort()
    expect(files).toEqual(['offhook.db', 'offhook.db-shm', 'offhook.db-wal'])
    expect(files.map((file) => modeOf(join(directory, file)))).toEqual([0o600, 0o600, 0o600])
  })

  it('has no key that a caller pressed, but that one was', async () => {
    using place = makePlace()
    const { store } = await openIn(place)
    for (const digit of '4929') store.append('CA1', { atMs: 1, type: 'dtmf', digit })
    await store[Symbol.asyncDispose]()
    using database = place.connect()
    const events = database.prepare('SELECT event FROM events').all()
    expect(events).toEqual(Array(4).fill({ event: '{"atMs":1,"type":"dtmf","digit":"*"}' }))
  })

  it('has nothing left to read of what was forgotten', async () => {
    using place = makePlace()
    const { store } = await openIn(place)
    await using _closed = store
    const secret = 'my card is four nine two nine'
    store.keep(recordOf('CA1', { destination: secret }))
    for (let i = 0; i < 100; i++) store.append('CA1', saidBy('caller', i, `${secret} ${i} ${'.'.repeat(500)}`))
    store.keep(recordOf('CA2', { openedAt: NOON + 1000 }))
    store.append('CA2', saidBy('caller', 0, 'Remember me.'))
    await store.recall('CA1')
    expect(place.bytes().includes(secret)).toBe(true)
    expect(await store.forget(NOON + 1)).toBe(1)
    expect(place.bytes().includes(secret)).toBe(false)
    expect(place.bytes().includes('Remember me.')).toBe(true)
  })

  it('has an event once, also when a thread died between writing it and saying so', async () => {
    using place = makePlace()
    await using database = openSqlite(place.directory, undefined)
    const rowOf = (seq: number, told: CallEvent) => {
      const { type, atMs } = told
      return { callId: 'CA1', stream: NOON, seq, at: NOON, atMs, type, event: JSON.stringify(told) }
    }
    const turnEnded: CallEvent = { atMs: 0, type: 'caller-speech-stopped' }
    const batch = { events: [rowOf(7, turnEnded)], records: [recordOf('CA1')] }
    for (const writer of [1, 1, 2]) await database.atOnce((db) => write(db, database.locks, writer, batch))
    using other = place.connect()
    expect(other.prepare('SELECT writer, seq FROM events').all()).toEqual([
      { writer: 1, seq: 7 },
      { writer: 2, seq: 7 },
    ])
    expect(await recall(database.db, 'CA1', [])).toMatchObject({ callId: 'CA1', said: [] })
    // It counts once, too, and so do its words.
    const words = { events: [...batch.events, rowOf(8, saidBy('caller', 0, 'Hello?'))], records: [] }
    for (const writer of [1, 1]) await database.atOnce((db) => write(db, database.locks, writer, words))
    const { tally } = other.prepare('SELECT tally FROM summaries').get() ?? {}
    expect(JSON.parse(String(tally))).toMatchObject({ turns: 2, streams: 1 })
    expect(other.prepare('SELECT text FROM said').all()).toEqual([{ text: 'hello?' }])
  })
})

describe('a directory that cannot be used', () => {
  const open = (directory: string) => () => openSqlite(directory, undefined)

  it('is named to the operator, and why, when it cannot be written to', async () => {
    using place = makePlace()
    writeFileSync(place.file, '')
    const opening = openSqliteStore({ directory: join(place.file, 'calls'), log: makeLogRecorder().log })
    await expect(opening).rejects.toThrow(/^DATA_DIR: .*offhook\.db\/calls cannot be written to/)
    mkdirSync(join(place.directory, 'busy', 'offhook.db'), { recursive: true })
    expect(open(join(place.directory, 'busy'))).toThrow(/^DATA_DIR: .* cannot be written to/)
  })

  it('is named when its file is no database', () => {
    using place = makePlace()
    writeFileSync(place.file, 'Dear diary, '.repeat(1000))
    expect(open(place.directory)).toThrow(/^DATA_DIR: .*offhook\.db.*not a database/)
  })

  it('is named when its database is of something else, which is left as it was', () => {
    using place = makePlace()
    using database = new DatabaseSync(place.file)
    database.exec('CREATE TABLE recipes (name TEXT)')
    expect(open(place.directory)).toThrow(/^DATA_DIR: .*something else/)
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'recipes' }])
  })

  it('is named when a newer version wrote it', async () => {
    using place = makePlace()
    await openSqlite(place.directory, undefined)[Symbol.asyncDispose]()
    using database = place.connect()
    database.exec('PRAGMA user_version = 99')
    expect(open(place.directory)).toThrow(/^DATA_DIR: .*newer version .*99/)
  })
})
