import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ticksUpTo } from '../../../../src/operator/page/parts/scale.ts'

it('draws a chart’s lines at round values', () => {
  expect(ticksUpTo(97)).toEqual([0, 50, 100])
  expect(ticksUpTo(2210)).toEqual([0, 1000, 2000, 3000])
  expect(ticksUpTo(0.3)).toEqual([0, 0.1, 0.2, 0.3])
})

it('has room for the highest value, whatever it is, in few lines', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e12, noNaN: true }), (max) => {
      const ticks = ticksUpTo(max)
      expect(ticks.at(-1) ?? 0).toBeGreaterThanOrEqual(max * (1 - 1e-6))
      expect(ticks.length).toBeGreaterThanOrEqual(2)
      expect(ticks.length).toBeLessThanOrEqual(5)
    }),
  )
})

it('draws an empty chart without a highest value', () => {
  for (const max of [0, -1, Number.NaN, Number.NEGATIVE_INFINITY]) expect(ticksUpTo(max)).toEqual([0, 1])
})
