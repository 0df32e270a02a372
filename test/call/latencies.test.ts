import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Latencies } from '../../src/call/latencies.ts'

it('says nothing of what never happened', () => {
  expect(new Latencies().summary()).toEqual({ overlapMs: 0 })
})

it('keeps the first greeting, and sums up how quickly the caller was answered and yielded to', () => {
  const latencies = new Latencies()
  latencies.greeted(120)
  latencies.greeted(9000)
  for (let ms = 100; ms >= 1; ms--) latencies.responded(ms)
  latencies.yielded(80)
  latencies.overlapped(20)
  latencies.overlapped(40)
  expect(latencies.summary()).toEqual({
    greetingMs: 120,
    responseMs: { p50: 50, p95: 95, count: 100 },
    yieldMs: { p50: 80, p95: 80, count: 1 },
    overlapMs: 60,
  })
})

it('keeps the latest thousand turns of a call of hours', () => {
  const latencies = new Latencies()
  for (let i = 0; i < 3000; i++) latencies.responded(i < 2000 ? 9999 : 10)
  expect(latencies.summary().responseMs).toEqual({ p50: 10, p95: 10, count: 1000 })
})

it('finds at least half of the turns no slower than p50, and 95 in 100 no slower than p95', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { minLength: 1, maxLength: 200 }), (values) => {
      const latencies = new Latencies()
      for (const ms of values) latencies.responded(ms)
      const spread = latencies.summary().responseMs
      const within = (ms: number) => values.filter((value) => value <= ms).length / values.length
      expect(within(spread?.p50 ?? -1)).toBeGreaterThanOrEqual(0.5)
      expect(within(spread?.p95 ?? -1)).toBeGreaterThanOrEqual(0.95)
      expect(values).toContain(spread?.p50)
      expect(values).toContain(spread?.p95)
    }),
  )
})
