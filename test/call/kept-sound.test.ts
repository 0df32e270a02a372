import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { KeptSound } from '../../src/call/kept-sound.ts'

describe('the caller’s latest sound', () => {
  it('is there to the byte from any place that is kept: the last second always, ten at most when they are wanted', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 0, max: 4000 }) }),
      fc.record({ want: fc.option(fc.integer({ min: 0, max: 12_000 }), { nil: undefined }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(100_000), (steps, asked) => {
        const kept = new KeptSound(mulaw8k)
        const all: number[] = []
        let wanted: number | undefined
        for (const one of steps) {
          if ('push' in one) {
            const piece = Uint8Array.from({ length: one.push }, (_, i) => (all.length + i) % 251)
            all.push(...piece)
            kept.push(piece)
          } else {
            // A place that is still kept.
            wanted = one.want === undefined ? undefined : kept.ago(one.want)
            kept.keepFrom(wanted)
          }
        }
        const oldest = Math.max(0, Math.min(wanted ?? all.length, all.length - 8000), all.length - 80_000)
        const place = Math.max(oldest, Math.min(asked, all.length))
        expect(kept.end).toBe(all.length)
        expect([...kept.since(place)]).toEqual(all.slice(place))
        expect(kept.since(0).length).toBeLessThanOrEqual(Math.max(80_000, 8000))
      }),
      { numRuns: 40 },
    )
  })
})
