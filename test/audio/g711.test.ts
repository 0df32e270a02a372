import { describe, expect, it } from 'vitest'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw, MULAW_SILENCE } from '../../src/audio/g711.ts'

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte)

/** G.711 table 2a: value of a mu-law byte, on 14 bits, by the standard's own construction. */
function mulawValue(byte: number): number {
  const bits = ~byte & 0xff
  const magnitude = (((bits & 15) << 1) + 33) * 2 ** ((bits >> 4) & 7) - 33
  return bits & 0x80 ? -magnitude : magnitude
}

/** G.711 table 1a: value of an A-law byte, on 13 bits. */
function alawValue(byte: number): number {
  const bits = byte ^ 0x55
  const segment = (bits >> 4) & 7
  const step = ((bits & 15) << 1) + 1
  const magnitude = segment === 0 ? step : (step + 32) * 2 ** (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
}

describe('G.711', () => {
  it('decodes every byte to the value of the tables', () => {
    expect([...decodeMulaw(everyByte)]).toEqual([...everyByte].map((byte) => mulawValue(byte) * 4 + 0))
    expect([...decodeAlaw(everyByte)]).toEqual([...everyByte].map((byte) => alawValue(byte) * 8))
  })

  it('codes every decoded value back to its byte, but negative zero', () => {
    const again = encodeMulaw(decodeMulaw(everyByte))
    expect([...again]).toEqual([...everyByte].map((byte) => (byte === 0x7f ? 0xff : byte)))
    expect([...encodeAlaw(decodeAlaw(everyByte))]).toEqual([...everyByte])
  })

  it('codes silence as 0xff', () => {
    expect([...encodeMulaw(new Int16Array(3))]).toEqual([MULAW_SILENCE, MULAW_SILENCE, MULAW_SILENCE])
  })

  it('codes every sample to a value that no other is nearer to than by half a step', () => {
    const every = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768)
    const values = [...everyByte].map((byte) => mulawValue(byte) * 4).sort((a, b) => a - b)
    const coded = decodeMulaw(encodeMulaw(every))
    every.forEach((sample, i) => {
      const error = Math.abs(sample - (coded[i] ?? 0))
      const best = Math.min(...values.map((value) => Math.abs(value - sample)))
      // Decision levels lie midway between values, except at the joints of segments where G.711 rounds by up to a step.
      if (error > best + 4 * 2 ** 7) throw new Error(`${sample} became ${coded[i]}, ${error} away, nearest ${best}`)
    })
  })
})
