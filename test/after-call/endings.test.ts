import { expect, it } from 'vitest'
import { Endings } from '../../src/after-call/endings.ts'
import type { Clock } from '../../src/base/clock.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'

it('a call that comes back leaves no timer behind, when no other is waited for', () => {
  const manual = new ManualClock()
  const alarms: AbortSignal[] = []
  const clock: Clock = {
    now: () => manual.now(),
    after(delayMs, task, signal) {
      alarms.push(signal)
      manual.after(delayMs, task, signal)
    },
  }
  const over: string[] = []
  const endings = new Endings({ clock, now: () => 0, random: () => 0.5, over: ({ callId }) => over.push(callId) })
  const armed = () => alarms.filter(({ aborted }) => !aborted).length
  endings.ended('CA1', 'carrier-lost')
  expect(armed()).toBe(1)
  endings.answered('CA1')
  expect(armed()).toBe(0)
  endings.ended('CA1', 'caller-hung-up')
  manual.advance(2000)
  expect(over).toEqual(['CA1'])
})
