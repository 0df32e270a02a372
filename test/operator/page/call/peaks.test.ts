import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAlaw, decodeMulaw } from '../../../../src/audio/g711.ts'
import { writeWav } from '../../../../src/audio/wav.ts'
import { WavPeaks } from '../../../../src/operator/page/call/peaks.ts'

/** A second of each: the left one loud in its first half, the right one in its second. */
function stereo(): Uint8Array {
  const channel = (loudFrom: number) =>
    Int16Array.from({ length: 8000 }, (_, i) => (i >= loudFrom && i < loudFrom + 4000 ? (i % 2 ? 16_384 : -16_384) : 0))
  return writeWav({ sampleRate: 8000, channels: [channel(0), channel(4000)] })
}

function peaksOf(file: Uint8Array, cuts: readonly number[] = []) {
  const finder = new WavPeaks()
  const edges = [0, ...cuts.map((cut) => cut % file.length).toSorted((a, b) => a - b), file.length]
  edges.slice(1).forEach((edge, i) => {
    finder.push(file.subarray(edges[i], edge))
  })
  return finder.peaks()
}

function header(code: number, bits: number, channels = 1): Uint8Array {
  const bytes = new Uint8Array(44)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode('RIFF....WAVEfmt '))
  view.setUint32(16, 16, true)
  view.setUint16(20, code, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, 8000, true)
  view.setUint16(34, bits, true)
  bytes.set(new TextEncoder().encode('data'), 36)
  return bytes
}

describe('the peaks of a recording', () => {
  it('shows when each end spoke', () => {
    const { channels, durationMs } = peaksOf(stereo())
    expect(durationMs).toBe(1000)
    expect([...(channels[0] ?? [])].slice(0, 50)).toEqual([...Array(25).fill(0.5), ...Array(25).fill(0)])
    expect([...(channels[1] ?? [])].slice(0, 50)).toEqual([...Array(25).fill(0), ...Array(25).fill(0.5)])
  })

  it('comes out the same however the file is cut on its way', () => {
    const file = stereo()
    const whole = peaksOf(file)
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), (cuts) => {
        expect(peaksOf(file, cuts)).toEqual(whole)
      }),
      { numRuns: 40 },
    )
  })

  it.each([
    ['mu-law', 7, decodeMulaw],
    ['A-law', 6, decodeAlaw],
  ] as const)('is as loud as the ear would have it in %s', (_name, code, decode) => {
    for (let byte = 0; byte < 256; byte++) {
      const sound = Uint8Array.of(byte)
      const loud = peaksOf(Uint8Array.from([...header(code, 8), ...sound])).channels[0]?.[0] ?? -1
      expect(Math.abs(loud - Math.abs(decode(sound)[0] ?? 0) / 32_768)).toBeLessThan(0.001)
    }
  })

  it('ends with the file where the file says that it is longer or has no length yet', () => {
    const file = stereo()
    new DataView(file.buffer).setUint32(40, 0xffffffff, true)
    expect(peaksOf(file.subarray(0, 44 + 16_000)).durationMs).toBe(500)
    new DataView(file.buffer).setUint32(40, 0, true)
    expect(peaksOf(file).durationMs).toBe(1000)
  })

  it('refuses what is no recording', () => {
    const push = (bytes: Uint8Array) => () => new WavPeaks().push(bytes)
    expect(push(new TextEncoder().encode('{"error":"not found"}'))).toThrow(RangeError)
    expect(push(header(3, 32))).toThrow(/got code 3/)
    expect(push(header(1, 16, 6))).toThrow(/6 of 16 bits/)
  })
})
