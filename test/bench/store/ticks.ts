import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../src/base/clock.ts'
import { Ticker } from '../../../src/base/ticker.ts'
import { decimals, type Table } from '../micro/table.ts'
import type { Place } from './places.ts'
import { EVENTS_PER_SECOND, eventAt, quantile } from './told.ts'

const CALLS = 200
const WARM_UP_MS = 2000

/** How late the tick of the audio is while calls tell a store what happens, and while they tell nobody. */
export async function measureTicks(places: readonly Place[], rounds: number, seconds: number): Promise<Table> {
  const ways: [string, Place | undefined][] = [['no store', undefined]]
  for (const place of places) ways.push([place.name, place])
  const samples = ways.map((): { lags: number[]; behindMs: number }[] => [])
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, place]] of ways.entries()) samples[i]?.push(await run(place, seconds))
  }
  const median = (i: number, part: number) =>
    quantile(
      (samples[i] ?? []).map(({ lags }) => quantile(lags, part)),
      0.5,
    )
  const none = median(0, 0.99)
  return {
    title: `Lateness of a 20 ms tick [ms]: ${CALLS} calls, ${EVENTS_PER_SECOND} events/s each, ${seconds} s, median of ${rounds} runs in turn`,
    head: ['', 'median', 'p99', 'of p99 without', 'worst', 'furthest behind'],
    rows: ways.map(([name], i) => [
      name,
      ...[0.5, 0.99].map((part) => decimals(median(i, part), 2)),
      decimals(median(i, 0.99) / none, 2),
      decimals(Math.max(...(samples[i] ?? []).flatMap(({ lags }) => lags)), 1),
      decimals(Math.max(...(samples[i] ?? []).map(({ behindMs }) => behindMs)), 0),
    ]),
  }
}

async function run(place: Place | undefined, seconds: number): Promise<{ lags: number[]; behindMs: number }> {
  await using scope = new AsyncDisposableStack()
  const store = await place?.open(scope)
  const stop = new AbortController()
  const lags: number[] = []
  const startMs = performance.now()
  let told = 0
  let length = 0
  let behindMs = 0
  new Ticker(systemClock).onTick((lagMs) => {
    const ms = performance.now() - startMs
    const due = Math.floor((ms / 1000) * CALLS * EVENTS_PER_SECOND)
    // Calls one after the other, each at its own event. Without a store the events are made all the same.
    for (; told < due; told++) {
      const event = eventAt(Math.floor(told / CALLS))
      if (store === undefined) length += event.type.length
      else store.append(`CA${told % CALLS}`, event)
    }
    if (ms < WARM_UP_MS) return
    lags.push(lagMs)
    behindMs = Math.max(behindMs, store?.health.lagMs ?? 0)
  }, stop.signal)
  await sleep(WARM_UP_MS + seconds * 1000)
  stop.abort()
  if (store !== undefined && store.health.dropped > 0) throw new Error('expected a store that keeps up')
  return { lags, behindMs: length < 0 ? 0 : behindMs }
}
