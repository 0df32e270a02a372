import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFir } from '../../scripts/compile-fir.ts'
import { makeFir, workspace } from '../../src/audio/fir.ts'
import { firModule } from '../../src/audio/fir-module.ts'

const taps = [0.25, -0.5, 1, 0.125, -0.0625, 0.75, 0.3]
const fir = makeFir(taps)

/** The same sums in plain words. */
function sums(first: number, stride: number, count: number): number[] {
  return Array.from({ length: count }, (_, n) =>
    taps.reduce((sum, tap, k) => sum + tap * (workspace.samples[first + n * stride + k] ?? 0), 0),
  )
}

describe('the filter in WebAssembly', () => {
  it('is what its source says', async () => {
    expect((await compileFir()).toString('base64')).toBe(firModule)
  })

  it('makes the sums of its taps, wherever they begin and however many', () => {
    const sample = fc.integer({ min: -32_768, max: 32_767 })
    const place = fc.record({
      first: fc.nat(50),
      stride: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 1, max: 30 }),
    })
    fc.assert(
      fc.property(fc.array(sample, { minLength: 160, maxLength: 160 }), place, (samples, { first, stride, count }) => {
        workspace.samples.set(samples)
        fir(first, stride, 5, count)
        for (const [n, sum] of sums(first, stride, count).entries()) {
          const saturated = Math.max(-32_768, Math.min(32_767, sum))
          expect(Math.abs((workspace.output[5 + n] ?? 0) - saturated)).toBeLessThanOrEqual(0.51)
        }
      }),
    )
  })

  it('makes the same of the same samples, whichever outputs stand beside them', () => {
    workspace.samples.set(Array.from({ length: 200 }, (_, i) => Math.round(30_000 * Math.sin(i * i))))
    fir(0, 3, 0, 40)
    const all = workspace.output.slice(0, 40)
    for (let n = 0; n < 40; n++) {
      fir(3 * n, 3, 100, 1)
      expect(workspace.output[100]).toBe(all[n])
    }
  })
})
