import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { Presence } from '../../../src/carriers/twilio/presence.ts'

function open() {
  const clock = new ManualClock()
  const left: string[] = []
  return { clock, left, presence: new Presence(clock, (callId) => left.push(callId)) }
}

it('a call that is not heard of has left, once', () => {
  const { clock, left, presence } = open()
  presence.expect('CA1', 5000)
  clock.advance(4999)
  expect(left).toEqual([])
  clock.advance(60_000)
  presence.leave('CA1')
  expect(left).toEqual(['CA1'])
})

it('a call that is live stays for as long as that', () => {
  const { clock, left, presence } = open()
  presence.expect('CA1', 5000)
  presence.stay('CA1')
  clock.advance(3_600_000)
  expect(left).toEqual([])
  presence.expect('CA1', 5000)
  clock.advance(5000)
  expect(left).toEqual(['CA1'])
})

it('who waits until nobody is here waits for every call, and no longer than that', async () => {
  const { clock, presence } = open()
  await presence.settle(1000)
  presence.stay('CA1')
  presence.expect('CA2', 5000)
  let settled = 0
  const all = presence.settle(60_000).then(() => settled++)
  const some = presence.settle(1000).then(() => settled++)
  clock.advance(1000)
  await some
  expect(settled).toBe(1)
  clock.advance(4000)
  presence.leave('CA1')
  await all
  expect(settled).toBe(2)
})

it('whatever happens in whatever order, each call leaves as often as it came', () => {
  const step = fc.record({
    what: fc.constantFrom('stay', 'expect', 'leave', 'wait'),
    callId: fc.constantFrom('CA1', 'CA2', 'CA3'),
    ms: fc.integer({ min: 0, max: 100 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, disposed) => {
      const clock = new ManualClock()
      const here = new Set<string>()
      const presence = new Presence(clock, (callId) => expect(here.delete(callId)).toBe(true))
      for (const { what, callId, ms } of steps) {
        if (what === 'wait') clock.advance(ms)
        if (what === 'leave') presence.leave(callId)
        if (what === 'stay' || what === 'expect') here.add(callId)
        if (what === 'stay') presence.stay(callId)
        if (what === 'expect') presence.expect(callId, ms)
      }
      if (disposed) presence[Symbol.dispose]()
      else for (const callId of ['CA1', 'CA2', 'CA3']) presence.leave(callId)
      expect(here.size).toBe(0)
    }),
  )
})
