import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'

describe('a manual clock', () => {
  it('runs what falls due in order of its time, also what is set on the way', () => {
    const clock = new ManualClock()
    const off = new AbortController()
    const ran: string[] = []
    clock.after(30, () => ran.push(`c at ${clock.now()}`), off.signal)
    clock.after(10, () => clock.after(10, () => ran.push(`b at ${clock.now()}`), off.signal), off.signal)
    clock.after(10, () => ran.push(`a at ${clock.now()}`), off.signal)
    clock.advance(29)
    expect(ran).toEqual(['a at 10', 'b at 20'])
    off.abort()
    clock.advance(100)
    expect(ran).toHaveLength(2)
    expect(clock.now()).toBe(129)
  })
})

describe('the system clock', () => {
  it('does not run what was called off', async () => {
    const off = new AbortController()
    let ran = false
    systemClock.after(1, () => (ran = true), off.signal)
    off.abort()
    await new Promise<void>((resolve) => systemClock.after(20, resolve, new AbortController().signal))
    expect(ran).toBe(false)
  }, 5000)
})

describe('the ticker', () => {
  it('keeps its beat for an hour without drift, however late single ticks are', () => {
    const clock = new ManualClock()
    const late = {
      now: () => clock.now(),
      after: (ms: number, task: () => void, signal: AbortSignal) =>
        clock.after(Math.max(0, ms) + (Math.floor(clock.now()) % 3), task, signal),
    }
    const off = new AbortController()
    let ticks = 0
    new Ticker(late).onTick(() => ticks++, off.signal)
    clock.advance(3_600_000)
    expect(ticks).toBeGreaterThanOrEqual(179_998)
    expect(ticks).toBeLessThanOrEqual(180_000)
  })

  it('makes one late tick of a stall, and says how late it is', () => {
    let now = 0
    let run: () => void = () => {}
    const clock = {
      now: () => now,
      after(_: number, task: () => void) {
        run = task
      },
    }
    const lags: number[] = []
    new Ticker(clock).onTick((lagMs) => lags.push(lagMs), new AbortController().signal)
    now = 20
    run()
    now = 145
    run()
    now = 160
    run()
    expect(lags).toEqual([0, 105, 0])
  })

  it('rests when nobody listens and starts again', () => {
    const clock = new ManualClock()
    const ticker = new Ticker(clock)
    let ticks = 0
    for (let round = 0; round < 2; round++) {
      const off = new AbortController()
      ticker.onTick(() => ticks++, off.signal)
      clock.advance(100)
      off.abort()
      clock.advance(1000)
    }
    expect(ticks).toBe(10)
  })
})
