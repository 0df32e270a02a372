import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { convertWhole } from '../../src/audio/convert.ts'
import { levelDbfs } from '../../src/audio/level.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { readWav, writeWav } from '../../src/audio/wav.ts'

describe('a WAV file', () => {
  it('is read as it was written, one or two channels', () => {
    const left = tone(440, 50, 8000)
    const right = tone(880, 50, 8000)
    for (const channels of [[left], [left, right]]) {
      expect(readWav(writeWav({ sampleRate: 8000, channels }))).toEqual({
        sampleRate: 8000,
        channels,
      })
    }
  })

  it('that was cut off ends where the file ends', () => {
    const file = writeWav({
      sampleRate: 8000,
      channels: [tone(440, 100, 8000)],
    })
    expect(readWav(file.subarray(0, 44 + 801)).channels[0]).toHaveLength(400)
  })

  it('is refused with what was expected and what came', () => {
    expect(() => readWav(new TextEncoder().encode('ID3 and some music'))).toThrow(/expected RIFF/)
    const file = writeWav({ sampleRate: 8000, channels: [new Int16Array(8)] })
    file[34] = 24
    expect(() => readWav(file)).toThrow(/got format 1 of 24 bits/)
    expect(() =>
      writeWav({
        sampleRate: 8000,
        channels: [new Int16Array(1), new Int16Array(2)],
      }),
    ).toThrow(/equal length/)
  })

  it('of any bytes is read or refused, never anything else', () => {
    const head = writeWav({ sampleRate: 8000, channels: [new Int16Array(20)] })
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(83), fc.nat(255))), fc.nat(84), (changes, length) => {
        const file = head.slice(0, length)
        for (const [at, byte] of changes) if (at < file.length) file[at] = byte
        try {
          readWav(file)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
    )
  })

  it('of another rate keeps its pitch and level when converted whole', () => {
    const converted = convertWhole(tone(1000, 500, 44_100), 44_100, 8000)
    expect(converted.length).toBe(4000)
    expect(toneDbfs(converted, 8000, 1000)).toBeGreaterThan(-13)
    expect(levelDbfs(new Int16Array(10))).toBe(-Infinity)
    expect(levelDbfs(tone(500, 100, 8000, -20))).toBeCloseTo(-20, 1)
  })
})
