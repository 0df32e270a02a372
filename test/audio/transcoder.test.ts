import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AudioFormat, mulaw8k, pcm16k, pcm24k } from '../../src/audio/format.ts'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { bytesOfSamples, samplesOf } from '../../src/audio/pcm.ts'
import { makeResampler } from '../../src/audio/resampler.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { makeTranscoder } from '../../src/audio/transcoder.ts'

const alaw8k: AudioFormat = { encoding: 'alaw', sampleRate: 8000 }
const pcm8k: AudioFormat = { encoding: 'pcm16', sampleRate: 8000 }
const ways: [AudioFormat, AudioFormat][] = [
  [mulaw8k, pcm16k],
  [pcm24k, mulaw8k],
  [mulaw8k, mulaw8k],
  [alaw8k, pcm16k],
  [pcm24k, alaw8k],
  [pcm16k, pcm24k],
  [pcm8k, mulaw8k],
]

describe('a transcoder', () => {
  it('gives the same bytes however its input is split', () => {
    const input = fc.uint8Array({ minLength: 0, maxLength: 4000 })
    const cuts = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 40 })
    fc.assert(
      fc.property(fc.constantFrom(...ways), input, cuts, ([from, to], bytes, sizes) => {
        const whole = makeTranscoder(from, to).push(bytes)
        const pieces = makeTranscoder(from, to)
        const output: number[] = []
        let at = 0
        for (const size of sizes) {
          output.push(...pieces.push(bytes.subarray(at, at + size)))
          at = Math.min(bytes.length, at + size)
        }
        output.push(...pieces.push(bytes.subarray(at)))
        expect(output).toEqual([...whole])
      }),
    )
  })

  it('starts from silence after a reset, with no half sample left over', () => {
    const transcoder = makeTranscoder(pcm24k, mulaw8k)
    const speech = bytesOfSamples(tone(700, 100, 24_000))
    const first = [...transcoder.push(speech)]
    transcoder.push(speech.subarray(0, 333))
    transcoder.reset()
    expect([...transcoder.push(speech)]).toEqual(first)
  })

  it('passes equal formats through untouched', () => {
    const audio = Uint8Array.of(1, 2, 3)
    expect(makeTranscoder(mulaw8k, mulaw8k).push(audio)).toBe(audio)
  })

  it('gives the model a caller of the same level and pitch, and nothing above the telephone band', () => {
    for (const hz of [300, 1000, 3000]) {
      const caller = tone(hz, 1000, 8000)
      const heard = makeResampler(8000, 16_000).push(caller).subarray(1600)
      expect(toneDbfs(heard, 16_000, hz)).toBeCloseTo(-12, 1)
      expect(toneDbfs(heard, 16_000, 8000 - hz)).toBeLessThan(-95)
    }
  })

  it('gives the caller an agent of the same level and pitch, without aliases of its sibilants', () => {
    for (const hz of [300, 1000, 3000]) {
      const before = makeResampler(24_000, 8000).push(tone(hz, 1000, 24_000))
      expect(toneDbfs(before.subarray(800), 8000, hz)).toBeCloseTo(-12, 1)
    }
    // Odd frequencies: 1000 Hz meets eight mu-law values only, whose errors do not cancel (0.14 dB instead of 0.03).
    for (const hz of [307, 1013, 3011]) {
      const heard = decodeMulaw(makeTranscoder(pcm24k, mulaw8k).push(bytesOfSamples(tone(hz, 1000, 24_000))))
      expect(Math.abs(toneDbfs(heard.subarray(800), 8000, hz) + 12)).toBeLessThan(0.08)
    }
    for (const hz of [4001, 4400, 5000, 7000, 11_000]) {
      const heard = makeResampler(24_000, 8000)
        .push(tone(hz, 1000, 24_000))
        .subarray(800)
      expect(toneDbfs(heard, 8000, Math.abs(8000 - hz))).toBeLessThan(-70)
    }
  })

  it('saturates and never wraps', () => {
    const loud = Int16Array.from({ length: 4000 }, (_, i) => (Math.floor(i / 7) % 2 === 0 ? 32_767 : -32_768))
    for (const [from, to] of [
      [8000, 16_000],
      [24_000, 8000],
    ] as const) {
      const heard = makeResampler(from, to).push(loud)
      expect(Math.max(...heard)).toBe(32_767)
      // A wrapped sample is a jump of the whole range; the steepest edge the filters can make is well below it.
      const jumps = Array.from(heard, (sample, i) => Math.abs(sample - (heard[i - 1] ?? sample)))
      expect(Math.max(...jumps)).toBeLessThan(60_000)
    }
  })

  it('reads samples from bytes at any offset', () => {
    const bytes = Uint8Array.of(9, 1, 0, 255, 255, 7)
    expect([...samplesOf(bytes.subarray(1))]).toEqual([1, -1])
    expect([...samplesOf(Uint8Array.of(0, 128))]).toEqual([-32_768])
  })
})
