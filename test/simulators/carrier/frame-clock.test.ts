import { expect, test } from 'vitest'
import type { Clock } from '../../../src/base/clock.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { FrameClock, frameClockOf } from '../../../src/simulators/carrier/frame-clock.ts'

/** A clock whose timers come late by a different amount each time, and that counts those that are set. */
class SlackClock implements Clock {
  readonly manual = new ManualClock()
  timers = 0
  most = 0
  #late = 0

  now(): number {
    return this.manual.now()
  }

  after(delayMs: number, task: () => void, signal: AbortSignal): void {
    this.timers += 1
    this.most = Math.max(this.most, this.timers)
    signal.addEventListener('abort', () => {
      this.timers -= done ? 0 : 1
      done = true
    })
    let done = false
    this.#late = (this.#late + 7) % 17
    this.manual.after(
      delayMs + this.#late,
      () => {
        this.timers -= 1
        done = true
        task()
      },
      signal,
    )
  }
}

test('after 60 s of timers that all come late there have been 3000 beats, each on its own deadline or a little after', () => {
  const clock = new SlackClock()
  const frames = new FrameClock(clock)
  const beats: number[] = []
  const firstMs = frames.join(() => beats.push(clock.now()), new AbortController().signal)
  clock.manual.advance(60_000)
  expect(beats.length).toBe(3000)
  const lateness = beats.map((atMs, n) => atMs - (firstMs + n * 20))
  expect(Math.min(...lateness)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...lateness)).toBeLessThan(17)
})

test('fifty calls share one timer, every one gets each of its beats, and a hundredth of a second never serves them all', () => {
  const clock = new SlackClock()
  const frames = new FrameClock(clock)
  const counts = Array.from({ length: 50 }, () => 0)
  const first = counts.map((_, call) =>
    frames.join(() => {
      counts[call] = (counts[call] ?? 0) + 1
    }, new AbortController().signal),
  )
  clock.manual.advance(2_000)
  expect(clock.most).toBe(1)
  expect(new Set(counts)).toEqual(new Set([100]))
  expect(new Set(first)).toEqual(new Set([0, 5, 10, 15]))
})

test('a process that was busy for 100 ms catches up with the five beats it missed', () => {
  const clock = new ManualClock()
  let busyMs = 0
  const late: Clock = { now: () => clock.now() + busyMs, after: (ms, task, signal) => clock.after(ms, task, signal) }
  const frames = new FrameClock(late)
  let beats = 0
  frames.join(() => (beats += 1), new AbortController().signal)
  clock.advance(20)
  expect(beats).toBe(2)
  busyMs = 100
  clock.advance(20)
  expect(beats).toBe(8)
})

test('who leaves is not called any more, and the last one takes the timer with him', () => {
  const clock = new SlackClock()
  const frames = new FrameClock(clock)
  const leave = new AbortController()
  let beats = 0
  frames.join(() => (beats += 1), leave.signal)
  clock.manual.advance(100)
  const before = beats
  leave.abort()
  clock.manual.advance(100)
  expect(beats).toBe(before)
  expect(clock.timers).toBe(0)
  frames.join(() => (beats += 1), new AbortController().signal)
  clock.manual.advance(100)
  expect(beats).toBeGreaterThan(before)
})

test('one call that throws does not stop the beat of the others', () => {
  const clock = new ManualClock()
  const frames = new FrameClock(clock)
  let beats = 0
  frames.join(() => {
    throw new Error('broken')
  }, new AbortController().signal)
  frames.join(() => (beats += 1), new AbortController().signal)
  for (let tries = 0; tries < 40; tries++) {
    try {
      clock.advance(5)
    } catch {
      // The broken call.
    }
  }
  expect(beats).toBeGreaterThan(8)
})

test('calls on the same clock find the same frame clock', () => {
  const clock = new ManualClock()
  expect(frameClockOf(clock)).toBe(frameClockOf(clock))
  expect(frameClockOf(clock)).not.toBe(frameClockOf(new ManualClock()))
})
