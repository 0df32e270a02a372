import { expect, it } from 'vitest'
import { watchLag } from '../../src/base/lag.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'

/** A beat of 50 ms that a test makes late. */
function makeBeat() {
  const listeners = new Set<(lagMs: number) => void>()
  return {
    listeners,
    onTick(listener: (lagMs: number) => void, signal: AbortSignal) {
      listeners.add(listener)
      signal.addEventListener('abort', () => listeners.delete(listener))
    },
    late(lagMs: number, times = 1) {
      for (let i = 0; i < times; i++) for (const listener of listeners) listener(lagMs)
    },
  }
}

it('a loop that is on time has no lag', () => {
  const clock = new ManualClock()
  using lag = watchLag(new Ticker(clock, 50))
  expect(lag.p99Ms).toBe(0)
  clock.advance(20_000)
  expect(lag.p99Ms).toBe(0)
})

it('one in a hundred moments is later than it says', () => {
  const beat = makeBeat()
  using lag = watchLag(beat)
  beat.late(1, 197)
  for (const lagMs of [30, 40, 49]) beat.late(lagMs)
  // The third of 200: two were later.
  expect(lag.p99Ms).toBe(30)
})

it('a stall counts for all the time it took, and not for one late beat', () => {
  const beat = makeBeat()
  using lag = watchLag(beat)
  beat.late(1, 200)
  beat.late(300)
  expect(lag.p99Ms).toBe(200)
})

it('a stall longer than it looks back is all that it sees', () => {
  const beat = makeBeat()
  using lag = watchLag(beat)
  beat.late(60_000)
  expect(lag.p99Ms).toBeGreaterThan(50_000)
})

it('what was ten seconds ago is forgotten', () => {
  const beat = makeBeat()
  using lag = watchLag(beat)
  beat.late(2000)
  beat.late(2, 100)
  expect(lag.p99Ms).toBeGreaterThan(1000)
  beat.late(2, 100)
  expect(lag.p99Ms).toBe(2)
})

it('sees the real loop when it is blocked', async () => {
  using lag = watchLag()
  const { promise: once, resolve } = Promise.withResolvers<void>()
  setTimeout(() => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
    setTimeout(resolve, 60)
  }, 60)
  await once
  // It was blocked for 400 ms at least: however slow this machine is, it can only have been longer.
  expect(lag.p99Ms).toBeGreaterThan(100)
})

it('rests when nobody watches any more', () => {
  const beat = makeBeat()
  const lag = watchLag(beat)
  lag[Symbol.dispose]()
  expect(beat.listeners.size).toBe(0)
})
