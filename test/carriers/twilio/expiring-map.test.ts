import { expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { ExpiringMap } from '../../../src/carriers/twilio/expiring-map.ts'

it('forgets what is too old', () => {
  const clock = new ManualClock()
  const map = new ExpiringMap<number>(clock, 1000, 10)
  map.set('a', 1)
  clock.advance(600)
  map.set('b', 2)
  clock.advance(400)
  expect(map.get('a')).toBeUndefined()
  expect(map.get('b')).toBe(2)
})

it('lives anew when it is set again', () => {
  const clock = new ManualClock()
  const map = new ExpiringMap<number>(clock, 1000, 10)
  map.set('a', 1)
  map.set('b', 1)
  clock.advance(600)
  map.set('a', 2)
  clock.advance(600)
  expect(map.get('a')).toBe(2)
  expect(map.get('b')).toBeUndefined()
})

it('drops the oldest when it is full', () => {
  const map = new ExpiringMap<number>(new ManualClock(), 1000, 2)
  map.set('a', 1)
  map.set('b', 2)
  expect(map.full).toBe(true)
  map.set('c', 3)
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 2, 3])
})
