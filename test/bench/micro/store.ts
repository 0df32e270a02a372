import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeLog } from '../../../src/base/log.ts'
import type { CallEvent } from '../../../src/call/events.ts'
import { openSqliteStore } from '../../../src/store/sql/sqlite.ts'
import type { SqlStore } from '../../../src/store/sql/store.ts'
import { decimals, type Table } from './table.ts'

const ROUNDS = 7
const WARM_UP = 3
/** The system counts a thread's time in milliseconds. */
const BURST = 20_000
const CALLS = 100
const EVENTS_PER_SECOND = 2
const SECONDS = 10
const RUNS = 3

/** What a call tells most, in turn. */
const events: readonly CallEvent[] = [
  { atMs: 61_234.56, type: 'caller-speech-started' },
  { atMs: 63_120.25, type: 'caller-speech-stopped' },
  { atMs: 63_700.5, type: 'response-started', responseId: 'resp_D8aQ9ZkPq0xYw7' },
  { atMs: 63_812.75, type: 'agent-audible', responseId: 'resp_D8aQ9ZkPq0xYw7', latencyMs: 692.5 },
  { atMs: 64_010, type: 'said', speaker: 'caller', itemId: 'item_D8aQ7', text: 'A table for two on Friday.', place: 8 },
  {
    atMs: 64_300,
    type: 'heard',
    itemId: 'item_D8aQ9',
    heardMs: 2480,
    wholly: true,
    heardText: 'On Friday we have a table at seven or at half past eight. Which do you like better?',
    place: 9,
  },
]
const eventAt = (i: number): CallEvent => events[i % events.length] ?? { atMs: 0, type: 'caller-speech-started' }

/** What it costs a call to tell the store something, and how far behind the store is. */
export async function measureStore(): Promise<Table[]> {
  return [await withStore(costOfTelling), await withStore(behind)]
}

async function withStore(measure: (store: SqlStore, directory: string) => Promise<Table>): Promise<Table> {
  const directory = mkdtempSync(join(tmpdir(), 'offhook-bench-'))
  try {
    await using store = await openSqliteStore({ directory, log: makeLog('silent') })
    return await measure(store, directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** CPU of this thread alone [us]: the store's own thread may cost what it likes. */
function threadUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

async function costOfTelling(store: SqlStore): Promise<Table> {
  const samples = { json: [] as number[], append: [] as number[], sent: [] as number[] }
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const start = threadUs()
    let length = 0
    for (let i = 0; i < BURST; i++) length += JSON.stringify(eventAt(i)).length
    const told = threadUs()
    for (let i = 0; i < BURST; i++) store.append(`CA${i % CALLS}`, eventAt(i))
    const appended = threadUs()
    // With sending it, and hearing that it was written.
    while (store.health.waiting > 0) await sleep(20)
    const written = threadUs()
    if (round < WARM_UP || length === 0) continue
    samples.json.push((told - start) / BURST)
    samples.append.push((appended - told) / BURST)
    samples.sent.push((written - told) / BURST)
  }
  const json = quantile(samples.json, 0.5)
  const row = (name: string, values: readonly number[]) => {
    const us = quantile(values, 0.5)
    return [name, decimals(us, 2), decimals(us / json, 1)]
  }
  return {
    title: 'Telling the store of an event: CPU of the calls’ thread',
    head: ['', 'us', 'of JSON.stringify'],
    rows: [
      row('JSON.stringify of it', samples.json),
      row('append', samples.append),
      row('append, sending it 25 ms later, and its receipt', samples.sent),
    ],
  }
}

/** From `append` to where another connection reads it [ms]; looked at every 2 ms. */
async function behind(store: SqlStore, directory: string): Promise<Table> {
  using reader = new DatabaseSync(join(directory, 'offhook.db'), { readOnly: true })
  const latest = reader.prepare('SELECT max(id) AS id FROM events')
  const rows: string[][] = []
  let put = 0
  let seen = 0
  for (let run = 1; run <= RUNS; run++) {
    const putAt: number[] = []
    const lags: number[] = []
    const first = put
    const start = performance.now()
    const all = CALLS * EVENTS_PER_SECOND * SECONDS
    while (lags.length < all) {
      const now = performance.now()
      const due = Math.min(all, Math.floor(((now - start) / 1000) * CALLS * EVENTS_PER_SECOND))
      for (; put - first < due; put++) {
        putAt.push(performance.now())
        store.append(`CA${put % CALLS}`, eventAt(put))
      }
      const { id } = latest.get() ?? {}
      const readAt = performance.now()
      for (; seen < Number(id ?? 0); seen++) lags.push(readAt - (putAt[seen - first] ?? readAt))
      await sleep(2)
    }
    rows.push([`run ${run}`, ...[0.5, 0.99, 1].map((part) => decimals(quantile(lags, part), 0)), `${lags.length}`])
  }
  return {
    title: `How far behind the disk is [ms]: ${CALLS} calls, ${EVENTS_PER_SECOND} events a second each, ${SECONDS} s`,
    head: ['', 'median', 'p99', 'worst', 'events'],
    rows,
  }
}

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}
