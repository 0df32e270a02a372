import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { wordsOf } from '../../src/call/transcript.ts'
import { openPostgresStore, type PostgresStoreOptions } from '../../src/store/sql/postgres.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { until as isSoWithin } from '../store/database-stage.ts'
import { answered, ended, NOON, recordOf, saidBy } from '../store/told.ts'
import { startProxy } from './proxy.ts'
import { type PostgresServer, query, startPostgres } from './server.ts'

const SECRET = 'my card is four nine two nine'

let server: PostgresServer
let databases = 0

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server[Symbol.asyncDispose]())
// Whatever the test before has left.
beforeEach(() => server.start())

/** A server that starts takes longer than a thread does. */
const until = (isSo: () => boolean) => isSoWithin(isSo, 20_000)

const newDatabase = () => server.database(`faults${++databases}`)

async function openAt(url: string, options: Partial<PostgresStoreOptions> = {}) {
  const { log, records } = makeLogRecorder()
  return { store: await openPostgresStore({ url, log, now: () => NOON, ...options }), records }
}

async function count(url: string, what: string): Promise<number> {
  const [row] = await query(url, `select count(*)::int as n from offhook.${what}`)
  return Number(row?.['n'])
}

describe('a server that is stopped in the middle of calls', () => {
  it.each(['fast', 'immediate'] as const)('loses nothing and doubles nothing (%s), and calls go on', async (how) => {
    const url = await newDatabase()
    const { store, records } = await openAt(url)
    await using _closed = store
    store.keep(recordOf('CA1'))
    store.append('CA1', answered)
    let said = 0
    const say = () => store.append('CA1', saidBy('caller', said, `${SECRET} ${said++}`))
    // In the middle of writing.
    for (let i = 0; i < 3000; i++) say()
    const stopped = server.stop(how)
    for (let i = 0; i < 3000; i++) say()
    await stopped
    say()
    await until(() => store.health.failing)
    const asked = performance.now()
    await expect(store.claim('ticket', NOON + 1000)).rejects.toThrow(/^store: /)
    await expect(store.recall('CA1')).rejects.toThrow(/^store: /)
    await expect(store.search({}, 10)).rejects.toThrow(/^store: /)
    expect(performance.now() - asked).toBeLessThan(5000)
    expect(store.health.waiting).toBeGreaterThan(0)
    await server.start()
    await until(() => store.health.waiting === 0)
    expect(store.health).toEqual({ waiting: 0, lagMs: 0, dropped: 0, failing: false })
    expect(await count(url, 'events')).toBe(said + 1)
    expect(await count(url, 'said')).toBe(said)
    expect((await store.recall('CA1'))?.said.map(wordsOf).at(-1)).toBe(`${SECRET} ${said - 1}`)
    expect(records.map(({ level }) => level)).toEqual(['error', 'warn'])
    expect(JSON.stringify(records)).not.toMatch(/card|CA1|sesame/)
  })

  it('drops the newest events, and says how many, when more come than may wait', async () => {
    const url = await newDatabase()
    const { store } = await openAt(url, { backlog: { events: 100 } })
    await using _closed = store
    await server.stop('fast')
    store.append('CA1', answered)
    await until(() => store.health.failing)
    for (let i = 0; i < 150; i++) store.append('CA1', saidBy('caller', i, `turn ${i}`))
    expect(store.health).toMatchObject({ waiting: 101, dropped: 50, failing: true })
    await server.start()
    await until(() => store.health.waiting === 0)
    expect(await count(url, 'events')).toBe(101)
  })

  it('is there again after its connection was cut', async () => {
    const url = await newDatabase()
    const { store, records } = await openAt(url)
    await using _closed = store
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 500; i++) store.append('CA1', saidBy('caller', i, `turn ${i}`))
      await query(url, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'offhook'`)
    }
    await until(() => store.health.waiting === 0)
    expect(await count(url, 'events')).toBe(2500)
    expect(await count(url, 'said')).toBe(2500)
    // Whichever question comes next is answered, too.
    await query(url, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'offhook'`)
    expect(await store.claim('ticket', NOON + 1000)).toBe(true)
    expect(records.filter(({ level }) => level === 'error').length).toBeLessThanOrEqual(1)
  })

  it('is asked anew when it does not answer', async () => {
    const url = await newDatabase()
    const { store } = await openAt(url)
    await using _closed = store
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    const held = query(url, 'begin; lock table offhook.events; select pg_sleep(7); commit')
    await until(() => store.health.waiting === 0)
    store.append('CA1', ended)
    await held
    const late = AbortSignal.timeout(10_000)
    while (store.health.waiting > 0 && !late.aborted) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await count(url, 'events')).toBe(2)
    expect(await store.summary('CA1')).toMatchObject({ reason: 'caller-hung-up' })
  })
})

describe('a connection that goes silent', () => {
  it('is given up for another one, whatever it was asked last', async () => {
    const url = await newDatabase()
    await using proxy = await startProxy(url)
    const { store, records } = await openAt(proxy.url)
    await using _closed = store
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    proxy.silence()
    await expect(store.recall('CA1')).rejects.toThrow(/^store: /)
    store.append('CA1', ended)
    await until(() => store.health.waiting === 0)
    expect(proxy.connections()).toBe(2)
    expect(await store.claim('ticket', NOON + 1000)).toBe(true)
    expect(await count(url, 'events')).toBe(2)
    expect(records.filter(({ level }) => level === 'error').length).toBeLessThanOrEqual(1)
  })

  it('does not keep its calls locked: the server lets go of them within seconds', async () => {
    const url = await newDatabase()
    await using proxy = await startProxy(url)
    const { store } = await openAt(proxy.url)
    await using _closed = store
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    proxy.silenceBehind('for update')
    store.append('CA1', ended)
    await until(() => store.health.waiting === 0)
    expect(proxy.connections()).toBeGreaterThanOrEqual(2)
    expect(await count(url, 'events')).toBe(2)
    expect(await store.summary('CA1')).toMatchObject({ reason: 'caller-hung-up' })
  })
})

describe('a server that is away when we start', () => {
  it('is waited for: calls are taken, and what they tell is written when it is there', async () => {
    const url = await newDatabase()
    await server.stop('fast')
    const { store, records } = await openAt(url)
    await using _closed = store
    await until(() => store.health.failing)
    store.keep(recordOf('CA1'))
    store.append('CA1', answered)
    await expect(store.claim('ticket', NOON + 1000)).rejects.toThrow(/^store: /)
    await server.start()
    await until(() => store.health.waiting === 0 && !store.health.failing)
    expect(await store.recall('CA1')).toMatchObject({ callId: 'CA1' })
    expect(await store.summary('CA1')).toMatchObject({ agent: 'default' })
    expect(records.map(({ level }) => level)).toEqual(['error', 'warn'])
    expect(JSON.stringify(records)).not.toMatch(/sesame/)
  })

  it('is well again when it is there, also when nothing is told', async () => {
    const url = await newDatabase()
    await server.stop('fast')
    const { store } = await openAt(url)
    await using _closed = store
    await until(() => store.health.failing)
    await server.start()
    await until(() => !store.health.failing)
    expect(await store.agents()).toEqual([])
  })

  it('is waited for where nobody listens at all', async () => {
    const { store, records } = await openAt('postgres://offhook:sesame@127.0.0.1:1/calls')
    await until(() => store.health.failing)
    await store[Symbol.asyncDispose]()
    expect(records[0]?.fields).toMatchObject({ setting: 'DATABASE_URL', reason: expect.stringMatching(/ECONNREFUSED/) })
    expect(JSON.stringify(records)).not.toMatch(/sesame/)
  })
})

describe('an address that is of no use', () => {
  it.each<[string, () => string]>([
    ['is no address', () => 'sesame'],
    ['is of another database', () => 'mysql://root:sesame@localhost/calls'],
    ['has the wrong password', () => server.urlOf('postgres', 'wrong sesame')],
    ['has a database that is not there', () => server.urlOf('nothing')],
  ])('is named to the operator without its password when it %s', async (_, url) => {
    const opening = openAt(url())
    await expect(opening).rejects.toThrow(/^DATABASE_URL: /)
    await expect(opening).rejects.not.toThrow(/sesame/)
  })

  it('is named when a newer version wrote the database', async () => {
    const url = await newDatabase()
    await (await openAt(url)).store[Symbol.asyncDispose]()
    await query(url, 'update offhook.version set version = 99')
    await expect(openAt(url)).rejects.toThrow(/^DATABASE_URL: .*newer version .*99/)
  })
})

describe('processes that share a PostgreSQL', () => {
  it('make its tables once between them, beside those of others, and find them when they start again', async () => {
    const url = await newDatabase()
    await query(url, `create table public.calls (name text); insert into public.calls values ('of somebody else')`)
    for (let start = 0; start < 2; start++) {
      const all = await Promise.all(Array.from({ length: 4 }, () => openAt(url)))
      for (const { store } of all) expect(await store.agents()).toEqual([])
      // None of them had to try twice.
      expect(all.map(({ records }) => records)).toEqual([[], [], [], []])
      for (const { store } of all) await store[Symbol.asyncDispose]()
    }
    expect(await query(url, 'select * from public.calls')).toEqual([{ name: 'of somebody else' }])
    expect(await query(url, 'select version from offhook.version')).toEqual([{ version: 2 }])
  })

  it('wait for the one that brings the tables up to date', async () => {
    const url = await newDatabase()
    const other = new Client({ connectionString: url })
    await other.connect()
    await other.query(`select pg_advisory_lock(${0x4f666668})`)
    const opening = openAt(url)
    const waiting = `select 1 from pg_stat_activity where application_name = 'offhook' and wait_event = 'advisory'`
    const late = AbortSignal.timeout(10_000)
    while ((await query(url, waiting)).length === 0) if (late.aborted) throw new Error('expected it to wait')
    expect(await query(url, `select to_regnamespace('offhook') as made`)).toEqual([{ made: null }])
    await other.end()
    const { store, records } = await opening
    expect(await store.agents()).toEqual([])
    expect(records).toEqual([])
    await store[Symbol.asyncDispose]()
  })

  it('tell of the same calls at once, and nothing that any of them told is lost', async () => {
    const url = await newDatabase()
    const stores = await Promise.all(Array.from({ length: 3 }, async () => (await openAt(url)).store))
    const ids = Array.from({ length: 20 }, (_, i) => `CA${i}`)
    for (let round = 0; round < 30; round++) {
      for (const [who, store] of stores.entries()) {
        // Each in another order.
        for (const callId of who === 1 ? ids.toReversed() : ids) {
          store.keep(
            recordOf(callId, {
              recoveries: [NOON + who * 100 + round],
              ...(who === 2 ? { destination: 'sales' } : {}),
            }),
          )
          store.append(callId, { atMs: 0, type: 'caller-speech-stopped' })
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await until(() => stores.every(({ health }) => health.waiting === 0))
    const [one] = stores
    for (const callId of ids) {
      const recalled = await one?.recall(callId)
      expect(recalled?.recoveries).toHaveLength(90)
      expect(recalled?.destination).toBe('sales')
      expect(await one?.summary(callId)).toMatchObject({ turns: 90 })
    }
    const tickets = Array.from({ length: 20 }, (_, i) => `ticket ${i}`)
    const taken = await Promise.all(
      tickets.map((ticket) => Promise.all(stores.map((store) => store.claim(ticket, NOON + 1000)))),
    )
    expect(taken.map((all) => all.filter((mine) => mine).length)).toEqual(tickets.map(() => 1))
    for (const store of stores) await store[Symbol.asyncDispose]()
  })

  it('lose nothing of what was put in 200 ms before one of them is killed', async () => {
    const url = await newDatabase()
    const child = spawn(process.execPath, ['test/store/writer-child.ts', url], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    try {
      await once(child.stdout, 'data', { signal: AbortSignal.timeout(15_000) })
    } finally {
      child.kill('SIGKILL')
      await exited
    }
    const { store } = await openAt(url)
    await using _closed = store
    const words = (await store.recall('CA1'))?.said.map(wordsOf) ?? []
    expect(words.length).toBeGreaterThanOrEqual(50)
    expect(words).toEqual(words.map((_, i) => `turn ${i}`))
  })
})

describe('what PostgreSQL cannot take', () => {
  it('is dropped loudly, and does not hold up what comes after it', async () => {
    const url = await newDatabase()
    const { store, records } = await openAt(url)
    await using _closed = store
    store.append('CA\0', saidBy('caller', 0, SECRET))
    await until(() => store.health.dropped === 1)
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    expect(await store.summary('CA1')).toBeDefined()
    expect(records).toMatchObject([{ level: 'error', fields: { reason: 'SQLSTATE 22021', dropped: 1 } }])
  })
  it('holds up nobody when it is a row that nobody can make sense of, and is made anew where it can be', async () => {
    const url = await newDatabase()
    const { store, records } = await openAt(url)
    await using _closed = store
    for (const callId of ['CA1', 'CA2']) store.append(callId, answered)
    await until(() => store.health.waiting === 0)
    await query(url, `update offhook.summaries set tally = '{"turns":1}', agent = 'as it was'`)
    await query(url, `update offhook.events set event = '{"my card' where call_id = 'CA2'`)
    for (const callId of ['CA1', 'CA2', 'CA3']) store.append(callId, ended)
    await until(() => store.health.waiting === 0)
    expect(await store.summary('CA1')).toMatchObject({ reason: 'caller-hung-up', agent: 'default' })
    expect(await store.summary('CA2')).toBeUndefined()
    expect(await count(url, `summaries where agent = 'as it was'`)).toBe(1)
    expect(await count(url, 'events')).toBe(5)
    expect(store.health).toMatchObject({ dropped: 0, failing: false })
    expect(records).toMatchObject([{ level: 'error', fields: { calls: 1 } }])
    expect(JSON.stringify(records)).not.toMatch(/card|CA2/)
  })

  it('counts what a process of the version before, which folds nothing, has written of the call', async () => {
    const url = await newDatabase()
    const { store } = await openAt(url)
    const old = (seq: number, event: string) =>
      query(
        url,
        `insert into offhook.events (call_id, stream, writer, seq, at, at_ms, type, event)
         values ('CA1', ${NOON}, 1, ${seq}, ${NOON}, 0, 'of old', '${event}')`,
      )
    store.append('CA1', answered)
    await until(() => store.health.waiting === 0)
    await old(1, '{"atMs":0,"type":"caller-speech-stopped"}')
    store.append('CA1', saidBy('caller', 1, 'Now'))
    await until(() => store.health.waiting === 0)
    expect(await store.summary('CA1')).toMatchObject({ turns: 1 })
    await old(2, JSON.stringify(ended))
    await store[Symbol.asyncDispose]()
    await using again = (await openAt(url)).store
    const late = AbortSignal.timeout(5000)
    while ((await again.summary('CA1'))?.reason === undefined) if (late.aborted) throw new Error('expected its end')
    expect(await count(url, 'said')).toBe(1)
  })
})
