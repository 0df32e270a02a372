import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import { foldOld } from '../../src/store/sql/folding.ts'
import { openSqlite } from '../../src/store/sql/sqlite-database.ts'
import { makePlace, openIn, type Place } from './database-stage.ts'
import { answered, ended, NOON, recordOf, saidBy } from './told.ts'

/** The schema of version 1, as it was released. */
const VERSION_1 = `
  CREATE TABLE calls (call_id text NOT NULL PRIMARY KEY, opened_at bigint NOT NULL, record text) WITHOUT ROWID;
  CREATE INDEX calls_by_age ON calls (opened_at);
  CREATE TABLE events (id integer PRIMARY KEY, call_id text NOT NULL, stream bigint NOT NULL, writer bigint NOT NULL,
    seq bigint NOT NULL, at bigint NOT NULL, at_ms double precision NOT NULL, type text NOT NULL, event text NOT NULL,
    CONSTRAINT events_once UNIQUE (writer, seq));
  CREATE INDEX events_in_order ON events (call_id, stream, id);
  CREATE TABLE tickets (ticket text NOT NULL PRIMARY KEY, holder text NOT NULL, until_at bigint NOT NULL) WITHOUT ROWID;
  CREATE INDEX tickets_by_age ON tickets (until_at);
  PRAGMA journal_mode = wal;
  PRAGMA application_id = ${0x4f666668};
  PRAGMA user_version = 1;
`
const CALLS = 70

/** A database that version 1 has left behind: calls that were answered, and one that never was. */
function leaveBehind({ file }: Place): void {
  using database = new DatabaseSync(file)
  database.exec(VERSION_1)
  const call = database.prepare('INSERT INTO calls VALUES (?, ?, ?)')
  const event = database.prepare('INSERT INTO events VALUES (NULL, ?, ?, 1, ?, ?, ?, ?, ?)')
  const { agent: _agent, from: _from, to: _to, ...before } = answered as Extract<CallEvent, { type: 'answered' }>
  let seq = 0
  for (let i = 0; i < CALLS; i++) {
    const at = NOON + i * 1000
    call.run(`CA${i}`, at, JSON.stringify(recordOf(`CA${i}`, { openedAt: at })))
    for (const told of [before, saidBy('caller', 0, `Old Words ${i}`), ended]) {
      event.run(`CA${i}`, at, seq++, at + told.atMs, told.atMs, told.type, JSON.stringify(told))
    }
  }
  call.run('promised', NOON, JSON.stringify(recordOf('promised')))
}

/** Waits until as many calls are in history as there are. */
async function folded(store: Awaited<ReturnType<typeof openIn>>['store'], count: number): Promise<void> {
  const late = AbortSignal.timeout(5000)
  while ((await store.totals({})).calls < count) if (late.aborted) throw new Error('expected them all to be folded')
}

describe('a database of the version before', () => {
  it('is brought up to date, by however many processes at once, and all its calls are in history', async () => {
    using place = makePlace()
    leaveBehind(place)
    const [first, second] = await Promise.all([openIn(place), openIn(place)])
    await using one = first.store
    await using _other = second.store
    await folded(one, CALLS)
    const { calls, next } = await one.search({ words: 'old words' }, 100)
    expect(next).toBeUndefined()
    expect(calls).toHaveLength(CALLS)
    expect(calls[0]).toEqual({
      ...{ callId: 'CA69', openedAt: NOON + 69_000, endedAt: NOON + 78_000, durationMs: 9000 },
      ...{ from: '', to: '', agent: '', provider: 'scripted', reason: 'caller-hung-up', streams: 1 },
      ...{ turns: 0, bargeIns: 0, tools: 0, losses: 0, usage: [] },
    })
    expect((await one.search({ words: 'words 69' }, 100)).calls.map(({ callId }) => callId)).toEqual(['CA69'])
    expect((await one.events('CA7'))[0]?.event).toMatchObject({ type: 'answered', agent: '', from: '', to: '' })
    expect((await one.recall('CA7'))?.said.map(wordsOf)).toEqual(['Old Words 7'])
    using database = place.connect()
    expect(database.prepare('SELECT count(*) AS n FROM said').get()).toEqual({ n: CALLS })
  })

  it('has each of its calls folded once, also when two processes come to it at the same moment', async () => {
    using place = makePlace()
    leaveBehind(place)
    await using one = openSqlite(place.directory, undefined)
    await using other = openSqlite(place.directory, undefined)
    const overtaken = {
      ...one,
      atOnce: async <T>(work: (db: typeof one.db) => Promise<T>) => {
        await foldOld(other, '')
        return one.atOnce(work)
      },
    }
    await foldOld(overtaken, '')
    using database = place.connect()
    expect(database.prepare('SELECT count(*) AS n FROM said').get()).toEqual({ n: 20 })
    expect(database.prepare('SELECT count(*) AS n FROM summaries').get()).toEqual({ n: 20 })
  })

  it('goes on with a call of then', async () => {
    using place = makePlace()
    leaveBehind(place)
    await using store = (await openIn(place, { now: () => NOON + 100_000 })).store
    store.append('CA69', { ...answered, resumed: true } as CallEvent)
    await folded(store, CALLS)
    expect(await store.summary('CA69')).toMatchObject({ streams: 2, agent: 'default', durationMs: 31_000 })
    expect((await store.search({ words: 'words 69' }, 10)).calls).toHaveLength(1)
  })
})
