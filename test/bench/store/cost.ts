import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { decimals, type Table } from '../micro/table.ts'
import { makeDirectory, type Place } from './places.ts'
import { eventAt, quantile } from './told.ts'

const ROUNDS = 5
const WARM_UP = 1
const BURST = 10_000
const CALLS = 200

interface Cost {
  /** Wall clock, and CPU of the calls' thread, of one event [us]. */
  readonly wallUs: number
  readonly threadUs: number
}

/** What an event costs: told to the store, which writes them in batches beside the calls, or inserted at once among them. */
export async function measureCost(places: readonly Place[]): Promise<Table> {
  await using scope = new AsyncDisposableStack()
  const insert = insertAtOnce(makeDirectory(scope))
  const ways: [string, () => Promise<Cost>][] = [['one insert an event, at once, in the calls’ thread', insert]]
  for (const place of places) {
    const store = await place.open(scope)
    const tell = async () => {
      for (let i = 0; i < BURST; i++) store.append(`CA${i % CALLS}`, eventAt(i))
      while (store.health.waiting > 0) await sleep(5)
    }
    ways.push([`told to the store, which writes batches (${place.name})`, () => costOf(tell)])
  }
  const samples = ways.map((): Cost[] => [])
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [i, [, run]] of ways.entries()) {
      const cost = await run()
      if (round >= WARM_UP) samples[i]?.push(cost)
    }
  }
  const medians = samples.map((costs) => ({
    wallUs: quantile(
      costs.map(({ wallUs }) => wallUs),
      0.5,
    ),
    threadUs: quantile(
      costs.map(({ threadUs }) => threadUs),
      0.5,
    ),
  }))
  const [first = { wallUs: 1, threadUs: 1 }] = medians
  return {
    title: `Writing ${BURST} events of ${CALLS} calls, median of ${ROUNDS} rounds in turn`,
    head: ['', 'events/s', 'ratio', 'CPU of the calls’ thread per event [us]', 'ratio'],
    rows: medians.map(({ wallUs, threadUs }, i) => [
      ways[i]?.[0] ?? '',
      decimals(1_000_000 / wallUs, 0),
      decimals(first.wallUs / wallUs, 2),
      decimals(threadUs, 2),
      decimals(threadUs / first.threadUs, 2),
    ]),
  }
}

async function costOf(work: () => Promise<void> | void): Promise<Cost> {
  const startMs = performance.now()
  const startUs = threadUs()
  await work()
  return { wallUs: ((performance.now() - startMs) * 1000) / BURST, threadUs: (threadUs() - startUs) / BURST }
}

function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** The events alone, with no summary of them: the least that one could do. */
function insertAtOnce(directory: string): () => Promise<Cost> {
  const database = new DatabaseSync(join(directory, 'plain.db'))
  database.exec('PRAGMA journal_mode = wal; PRAGMA synchronous = NORMAL')
  database.exec(
    'CREATE TABLE events (id integer PRIMARY KEY, call_id text, stream, seq, at, at_ms, type text, event text)',
  )
  database.exec('CREATE INDEX events_in_order ON events (call_id, stream, id)')
  const insert = database.prepare('INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)')
  return () =>
    costOf(() => {
      for (let i = 0; i < BURST; i++) {
        const event = eventAt(i)
        insert.run(`CA${i % CALLS}`, 0, i, Date.now(), event.atMs, event.type, JSON.stringify(event))
      }
    })
}
