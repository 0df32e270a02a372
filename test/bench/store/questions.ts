import { setTimeout as sleep } from 'node:timers/promises'
import type { CallArchive } from '../../../src/call/archive.ts'
import type { CallEvent } from '../../../src/call/events.ts'
import type { SqlStore } from '../../../src/store/sql/store.ts'
import { decimals, type Table } from '../micro/table.ts'
import type { Place } from './places.ts'
import { EVENTS_PER_SECOND, eventAt, quantile } from './told.ts'

const RUNS = 3
const DAY_MS = 86_400_000
const CALLS = 200
/** Of records no more than 10,000 may wait. */
const AHEAD = 5000

const questions: readonly [string, (archive: CallArchive) => Promise<unknown>][] = [
  ['the newest 50', (archive) => archive.search({}, 50)],
  ['50 with words that many said', (archive) => archive.search({ words: 'friday' }, 50)],
  ['words that nobody said', (archive) => archive.search({ words: 'zeppelin' }, 50)],
  ['a number that nobody has', (archive) => archive.search({ number: '99999999' }, 50)],
  ['totals', (archive) => archive.totals({})],
  ['trend by day', (archive) => archive.trend({}, 'day')],
  ['agents', (archive) => archive.agents()],
]

/** How long questions take among so many calls, and how far they keep the store behind with what 200 calls tell it. */
export async function measureQuestions({ name, open }: Place, kept: number): Promise<Table> {
  await using scope = new AsyncDisposableStack()
  const store = await open(scope)
  await fill(store, kept)
  const alone = await askAll(store, () => 0)
  const stop = new AbortController()
  scope.defer(() => stop.abort())
  let worstMs = 0
  const telling = tellAll(store, stop.signal, (lagMs) => {
    worstMs = Math.max(worstMs, lagMs)
  })
  const worst = () => {
    const ms = worstMs
    worstMs = 0
    return ms
  }
  await sleep(2000)
  worst()
  await sleep(3000)
  const quiet = worst()
  const busy = await askAll(store, worst)
  stop.abort()
  await telling
  return {
    title: `Questions among ${kept} calls, ${name}: alone, and while ${CALLS} calls tell ${EVENTS_PER_SECOND} events/s each`,
    head: ['', 'alone [ms]', 'meanwhile [ms]', 'events furthest behind [ms]'],
    rows: [
      ['nothing asked', '', '', decimals(quiet, 0)],
      ...questions.map(([what], i) => [
        what,
        decimals(alone[i]?.ms ?? Number.NaN, 0),
        decimals(busy[i]?.ms ?? Number.NaN, 0),
        decimals(busy[i]?.worstMs ?? Number.NaN, 0),
      ]),
    ],
  }
}

/** NaN: there was no answer in time. */
async function askAll(
  store: SqlStore,
  worst: () => number,
): Promise<{ readonly ms: number; readonly worstMs: number }[]> {
  const answers: { ms: number; worstMs: number }[] = []
  for (const [, ask] of questions) {
    const times: number[] = []
    worst()
    for (let run = 0; run < RUNS; run++) {
      const startMs = performance.now()
      const isAnswered = await ask(store).then(
        () => true,
        () => false,
      )
      times.push(isAnswered ? performance.now() - startMs : Number.NaN)
      await sleep(100)
    }
    answers.push({ ms: times.some(Number.isNaN) ? Number.NaN : quantile(times, 0.5), worstMs: worst() })
  }
  return answers
}

/** A year of calls of three turns each, told in one go. */
async function fill(store: SqlStore, kept: number): Promise<void> {
  const said = (speaker: 'caller' | 'agent', text: string, place: number): CallEvent => {
    return { atMs: 0, type: 'said', speaker, itemId: `i${place}`, text, place }
  }
  for (let call = 0; call < kept; call++) {
    const callId = `OLD${call}`
    const openedAt = Date.now() - Math.floor(((kept - call) / kept) * 365 * DAY_MS)
    store.keep({ callId, openedAt, streams: 1, recoveries: [], over: true })
    const number = `+1555${String(call).padStart(7, '0')}`
    const agent = `agent ${call % 5}`
    store.append(callId, { atMs: 0, type: 'answered', callId, provider: 'qwen', agent, from: number, to: '+4930' })
    for (let turn = 0; turn < 3; turn++) {
      store.append(callId, said('caller', `I should like a table for ${turn} on friday, please.`, turn * 2))
      store.append(callId, {
        atMs: 0,
        type: 'agent-audible',
        responseId: 'r',
        latencyMs: 500 + ((call * 7 + turn) % 900),
      })
      store.append(callId, said('agent', 'On Friday we have a table at seven or at half past eight.', turn * 2 + 1))
    }
    while (store.health.waiting > AHEAD) await sleep(5)
  }
  while (store.health.waiting > 0) await sleep(20)
}

async function tellAll(store: SqlStore, signal: AbortSignal, behind: (lagMs: number) => void): Promise<void> {
  const startMs = performance.now()
  for (let told = 0; !signal.aborted; await sleep(5)) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * CALLS * EVENTS_PER_SECOND)
    for (; told < due; told++) store.append(`CA${told % CALLS}`, eventAt(Math.floor(told / CALLS)))
    behind(store.health.lagMs)
  }
}
