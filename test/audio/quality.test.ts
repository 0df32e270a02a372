import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulaw8k, pcm16k, pcm24k } from '../../src/audio/format.ts'
import { bytesOfSamples } from '../../src/audio/pcm.ts'
import { makeResampler } from '../../src/audio/resampler.ts'
import { tone } from '../../src/audio/tone.ts'
import { makeTranscoder } from '../../src/audio/transcoder.ts'
import { readWav } from '../../src/audio/wav.ts'
import {
  aliasDb,
  type Conversion,
  delayMs,
  edgesDb,
  gainDb,
  images,
  inPieces,
  passband,
  sinadDb,
  TELEPHONE_TOP_HZ,
} from './measure.ts'
import { segmentalSnrDb } from './speech.ts'

/** Live, as a call does it: in frames of 20 ms, with state from frame to frame. */
function live(fromHz: number, toHz: number): Conversion {
  return {
    fromHz,
    toHz,
    convert(samples) {
      const resampler = makeResampler(fromHz, toHz)
      return inPieces(samples, fromHz / 50, (piece) => resampler.push(piece))
    },
  }
}

const uplink = live(8000, 16_000)
const downlink = live(24_000, 8000)
const ways = [
  ['uplink, 8 to 16 kHz', uplink],
  ['downlink, 24 to 8 kHz', downlink],
] as const

describe.each(ways)('the sound of the %s', (_, way) => {
  it('is as loud as it was from 0 to 3400 Hz, to 0.15 dB', () => {
    const { lowestDb, highestDb } = passband(way)
    expect(lowestDb).toBeGreaterThanOrEqual(-0.15)
    expect(highestDb).toBeLessThanOrEqual(0.15)
  })

  it('has at least 90 dB of tone over noise and distortion at 300, 1000 and 3000 Hz', () => {
    for (const hz of [300, 1000, 3000]) expect(sinadDb(way, hz)).toBeGreaterThanOrEqual(90)
  })

  it('comes at most 3 ms behind', () => {
    expect(delayMs(way)).toBeLessThanOrEqual(3)
  })

  it('gains nothing at the edges of frames: bit for bit the same in any pieces', () => {
    const noise = fc.sample(fc.integer({ min: -32_768, max: 32_767 }), { numRuns: way.fromHz / 4, seed: 3 })
    const sound = Int16Array.from(noise)
    const whole = makeResampler(way.fromHz, way.toHz).push(sound)
    for (const size of [1, 7, way.fromHz / 50 - 1, way.fromHz / 50, way.fromHz / 10]) {
      const resampler = makeResampler(way.fromHz, way.toHz)
      const pieces = inPieces(sound, size, (piece) => resampler.push(piece))
      expect(edgesDb(whole, pieces)).toBe(-Infinity)
    }
  })

  it('is clipped where it is too loud, and never wraps', () => {
    // A square wave overshoots when its harmonics go: what the same at a quarter gives, times four, clamped.
    const loud = Int16Array.from({ length: way.fromHz / 4 }, (_, i) => {
      const t = i / way.fromHz
      return Math.sin(2 * Math.PI * (200 + 6400 * t) * t) >= 0 ? 32_764 : -32_768
    })
    const quarter = way.convert(loud.map((sample) => sample / 4))
    const clipped = way.convert(loud)
    expect(Math.max(...clipped)).toBe(32_767)
    expect(Math.min(...clipped)).toBe(-32_768)
    clipped.forEach((sample, i) => {
      const expected = Math.max(-32_768, Math.min(32_767, 4 * (quarter[i] ?? 0)))
      // A quarter is rounded to 16 bits: half a step of it is two of the whole, and the whole is rounded once more.
      if (Math.abs(sample - expected) > 3) throw new Error(`sample ${i}: expected ${expected}, got ${sample}`)
    })
  })

  it('leaves nothing behind after a reset', () => {
    const resampler = makeResampler(way.fromHz, way.toHz)
    resampler.push(new Int16Array(way.fromHz / 50 + 1).fill(32_767))
    resampler.reset()
    expect(resampler.push(new Int16Array(way.fromHz / 10)).every((sample) => sample === 0)).toBe(true)
  })
})

describe('the uplink', () => {
  it('has the images of 0 to 3400 Hz at -100 dB or below', () => {
    const { lineDb, anyLineDb, totalDb } = images(uplink)
    expect(lineDb).toBeLessThanOrEqual(-100)
    expect(anyLineDb).toBeLessThanOrEqual(-100)
    expect(totalDb).toBeLessThanOrEqual(-100)
  })
})

describe('the downlink', () => {
  it('has aliases at -70 dB or below from 4.0 kHz up', () => {
    expect(aliasDb(downlink, 4000, 12_000)).toBeLessThanOrEqual(-70)
  })
})

describe('a transcoder', () => {
  it('is silent on silence after a reset, in the middle of loud speech and of a sample', () => {
    const down = makeTranscoder(pcm24k, mulaw8k)
    down.push(new Uint8Array(961).fill(0x7f))
    down.reset()
    expect(down.push(new Uint8Array(4800)).every((byte) => byte === 0xff)).toBe(true)
    const up = makeTranscoder(mulaw8k, pcm16k)
    up.push(new Uint8Array(160).fill(0x80))
    up.reset()
    expect(up.push(new Uint8Array(1600).fill(0xff)).every((byte) => byte === 0)).toBe(true)
  })
})

describe('calls that take turns', () => {
  it('hear nothing of each other: each sounds as it does alone', () => {
    const tones = [300, 900, 2100].map((hz) => bytesOfSamples(tone(hz, 200, 24_000)))
    const alone = tones.map((sound) => makeTranscoder(pcm24k, mulaw8k).push(sound))
    const calls = tones.map(() => makeTranscoder(pcm24k, mulaw8k))
    const others = tones.map(() => makeTranscoder(mulaw8k, pcm16k))
    const heard: number[][] = tones.map(() => [])
    for (let at = 0; at < 9600; at += 960) {
      calls.forEach((call, i) => {
        heard[i]?.push(...call.push(tones[i]?.subarray(at, at + 960) ?? new Uint8Array()))
        others[i]?.push(new Uint8Array(160).fill(i))
      })
    }
    expect(heard).toEqual(alone.map((sound) => [...sound]))
  })
})

const read = (path: string) =>
  readWav(readFileSync(new URL(`../../fixtures/audio/${path}`, import.meta.url))).channels[0] ?? new Int16Array()

// What differs is the transition band, where every filter of 3 ms differs from sox's, which takes its time.
describe('real speech', () => {
  it.each(['this-is-correct', 'in-quale-cartella'])('goes up as by the best of sox: %s', (name) => {
    const heard = uplink.convert(read(`${name}.wav`))
    const reference = read(`reference/${name}-16k.wav`)
    expect(segmentalSnrDb(reference, heard, 16_000)).toBeGreaterThan(45)
    const beyondTransition = segmentalSnrDb(reference, heard, 16_000, [TELEPHONE_TOP_HZ, 8000 - TELEPHONE_TOP_HZ])
    expect(beyondTransition).toBeGreaterThan(72)
  })

  it.each(['seven-of-clubs', 'six-fresh-fish'])('comes down as by the best of sox, sibilants too: %s', (name) => {
    const heard = downlink.convert(read(`reference/${name}-24k.wav`))
    const reference = read(`reference/${name}-8k.wav`)
    expect(segmentalSnrDb(reference, heard, 8000)).toBeGreaterThan(24)
    expect(segmentalSnrDb(reference, heard, 8000, [TELEPHONE_TOP_HZ, 4000])).toBeGreaterThan(45)
  })
})

// A ruler that says "good" of everything measures nothing.
describe('the measuring itself', () => {
  const naive = (fromHz: number, toHz: number, convert: (samples: Int16Array) => Int16Array) => ({
    fromHz,
    toHz,
    convert,
  })
  const repeated = naive(8000, 16_000, (x) => Int16Array.from({ length: x.length * 2 }, (_, i) => x[i >> 1] ?? 0))
  const everyThird = naive(24_000, 8000, (x) => x.filter((_, i) => i % 3 === 0))

  it('knows what repeating samples does: |cos(pi f / 2 fs)|, and its images', () => {
    for (const hz of [0, 1000, 3400]) {
      expect(gainDb(repeated, hz)).toBeCloseTo(20 * Math.log10(Math.cos((Math.PI * hz) / 16_000)), 2)
    }
    // The image of 3399.3 Hz is lower by tan(pi f / 2 fs).
    expect(images(repeated).lineDb).toBeCloseTo(20 * Math.log10(Math.tan((Math.PI * 3399.3) / 16_000)), 1)
    // Half a sample of the output.
    expect(delayMs(repeated)).toBeCloseTo(0.031, 2)
  })

  it('knows that every third sample keeps every alias', () => {
    expect(gainDb(everyThird, 3400)).toBeCloseTo(0, 2)
    expect(aliasDb(everyThird, 4500, 11_500)).toBeGreaterThan(-0.1)
    expect(delayMs(everyThird)).toBeCloseTo(0, 2)
  })

  it('finds a delay, what is kept back, and one wrong sample in a thousand', () => {
    const late = naive(8000, 8000, (x) => x.map((_, i) => x[i - 40] ?? 0))
    expect(delayMs(late)).toBeCloseTo(5, 2)
    expect(delayMs(naive(8000, 8000, (x) => x.subarray(0, -80)))).toBeCloseTo(10, 2)
    const clicks = naive(8000, 8000, (x) => x.map((sample, i) => (i % 1000 === 0 ? 0 : sample)))
    expect(sinadDb(clicks, 1000.7)).toBeLessThan(35)
  })

  it('finds an error of a known level in speech, whatever the delay', () => {
    const speech = read('this-is-correct.wav')
    // 1 % of the sound missing is 40 dB.
    const noisy = speech.map((sample) => Math.round(0.99 * sample))
    expect(segmentalSnrDb(speech, noisy, 8000)).toBeCloseTo(40, 0)
    const late = Int16Array.from({ length: speech.length + 33 }, (_, i) => noisy[i - 33] ?? 0)
    expect(segmentalSnrDb(speech, late, 8000)).toBeCloseTo(40, 0)
  })
})
