import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromLinear, toLinear } from '../../../../src/audio/g711.ts'
import { Capture } from '../../../../src/operator/page/sound/capture.ts'
import { decodeMulaw, encodeMulaw, levelDbfs } from '../../../../src/operator/page/sound/mulaw.ts'
import { fromLine, toLine } from '../../../../src/operator/page/sound/rate-converter.ts'
import { Speaker } from '../../../../src/operator/page/sound/speaker.ts'

const RATES = [44_100, 48_000] as const

/** A sine of amplitude 0.5. */
const tone = (hz: number, rateHz: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * i) / rateHz))

/** How much of `samples` is a tone of `hz`, and how much is not [dB relative to the tone of `tone`]. */
function analyse(samples: Float32Array, hz: number, rateHz: number) {
  const n = samples.length
  let [s, c, power] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const w = (2 * Math.PI * hz * i) / rateHz
    s += ((samples[i] ?? 0) * Math.sin(w) * 2) / n
    c += ((samples[i] ?? 0) * Math.cos(w) * 2) / n
    power += (samples[i] ?? 0) ** 2 / n
  }
  const signal = (s * s + c * c) / 2
  return { gainDb: 10 * Math.log10(signal / 0.125), snrDb: 10 * Math.log10(signal / Math.max(1e-20, power - signal)) }
}

function convert(converter: ReturnType<typeof toLine>, input: Float32Array, sizes: readonly number[] = [128]) {
  const output: number[] = []
  for (let from = 0, k = 0; from < input.length; k++) {
    const piece = input.subarray(from, from + (sizes[k % sizes.length] ?? 128))
    const made = new Float32Array(converter.outputsOf(piece.length))
    expect(converter.push(piece, made)).toBe(made.length)
    output.push(...made)
    from += piece.length
  }
  return Float32Array.from(output)
}

describe('mu-law in the page', () => {
  it('is that of the server, for every byte and every sample', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    expect([...decodeMulaw(bytes)].map((sample) => sample * 32_768 + 0)).toEqual([...toLinear.mulaw].map((x) => x + 0))
    const samples = Float32Array.from({ length: 65_536 }, (_, i) => (i - 32_768) / 32_768)
    const coded = encodeMulaw(samples)
    const theirs = samples.map((sample) => fromLinear.mulaw[(sample * 32_768) & 0xffff] ?? -1)
    expect(coded).toEqual(Uint8Array.from(theirs))
    expect([...encodeMulaw(Float32Array.of(0, 9, -9))]).toEqual([0xff, 0x80, 0x00])
  })

  it('knows how loud it is', () => {
    expect(levelDbfs(new Uint8Array(160).fill(0xff))).toBe(-Infinity)
    expect(levelDbfs(encodeMulaw(tone(500, 8000, 1600)))).toBeCloseTo(-9.03, 1)
  })
})

describe.each(RATES)('between the line and a sound card of %i Hz', (rateHz) => {
  it.each([300, 1000, 3000, 3400])('a tone of %i Hz keeps its loudness, and nothing is added to it', (hz) => {
    const inwards = convert(toLine(rateHz), tone(hz, rateHz, rateHz)).subarray(800, 7200)
    expect(analyse(inwards, hz, 8000).gainDb).toBeCloseTo(0, 1)
    expect(analyse(inwards, hz, 8000).snrDb).toBeGreaterThan(65)
    const outwards = convert(fromLine(rateHz), tone(hz, 8000, 8000), [21]).subarray(rateHz / 10, rateHz / 2)
    expect(analyse(outwards, hz, rateHz).gainDb).toBeCloseTo(0, 1)
    expect(analyse(outwards, hz, rateHz).snrDb).toBeGreaterThan(65)
  })

  it.each([4100, 5000, 7000, 12_000])('what is heard at %i Hz does not fold into the line', (hz) => {
    const folded = convert(toLine(rateHz), tone(hz, rateHz, rateHz / 2)).subarray(400)
    const power = folded.reduce((sum, sample) => sum + sample * sample, 0) / folded.length
    expect(10 * Math.log10(power / 0.125)).toBeLessThan(-65)
  })

  it('any split of the input gives the same frames', () => {
    const input = tone(700, rateHz, 4000).map((sample, i) => sample * Math.cos(i / 900))
    const frames = (sizes: readonly number[]) => {
      const capture = new Capture(rateHz)
      const all: number[] = []
      for (let from = 0, k = 0; from < input.length; k++) {
        const size = sizes[k % sizes.length] ?? 1
        capture.push(input.subarray(from, from + size), (frame) => {
          expect(frame).toHaveLength(160)
          all.push(...frame)
        })
        from += size
      }
      return all
    }
    const whole = frames([input.length])
    expect(whole.length).toBe(Math.floor((input.length * 8000) / rateHz / 160) * 160)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        expect(frames(sizes)).toEqual(whole)
      }),
      { numRuns: 15 },
    )
  })

  it('blocks of any size are filled with the same sound', () => {
    const play = (sizes: readonly number[]) => {
      let at = 0
      const speaker = new Speaker(rateHz, (samples) => {
        samples.set(tone(440, 8000, at + samples.length).subarray(at))
        at += samples.length
      })
      const all: number[] = []
      for (let k = 0; all.length < 2000; k++) {
        const block = new Float32Array(sizes[k % sizes.length] ?? 1)
        speaker.render(block)
        all.push(...block)
      }
      return all.slice(0, 2000)
    }
    const whole = play([2000])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), (sizes) => {
        expect(play(sizes)).toEqual(whole)
      }),
      { numRuns: 15 },
    )
  })
})
