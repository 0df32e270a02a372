import { describe, expect, it } from 'vitest'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../src/audio/g711.ts'
import { alawTable, everyByte, everySample, mulawTable, referenceCode, referenceValues } from './g711-tables.ts'

const coders = [
  { law: mulawTable, encode: encodeMulaw, decode: decodeMulaw },
  { law: alawTable, encode: encodeAlaw, decode: decodeAlaw },
] as const

/*
 * Against G.191 (ITU-T software tools), over all 65,536 samples, counted by `npm run bench -- --quality`:
 *
 *              mu-law  A-law   mean error, mu-law / A-law
 *   ours          127    127    0 / 0         alawmulaw: each a tie at a negative decision value, see below
 *   G.191                       0.5 / 0.5     the upper interval at every tie: a constant is added
 *   sox 14.4      510   1020    0.5 / 4.4     rounds to 14 (13) bits before it looks the code up: 2 (4) samples next to
 *                                             each decision value get the code of the next interval
 *   ffmpeg 5.1    964    964   -1.5 / -1.5    floors to 14 bits: the negative side is up to 3 samples off; and sets the
 *                                             joints of segments midway between values, where G.711 does not
 *
 * All four decode every byte to the value of the tables.
 */
describe.each(coders)('the $law.name coder', ({ law, encode, decode }) => {
  const coded = encode(everySample)

  it('codes all 65,536 samples as G.711 does, and a sample on a decision value as its mirror image', () => {
    expect([...coded]).toEqual([...everySample].map((sample) => referenceCode(law, sample, 'mirrored')))
  })

  it('differs from G.191 only where G.711 is silent: exactly on the 127 negative decision values', () => {
    const differing = [...everySample].filter((sample, i) => referenceCode(law, sample, 'g191') !== coded[i])
    const inner = law.levels.slice(1, -1)
    expect(inner).toHaveLength(127)
    expect(differing).toEqual(inner.map((level) => -level).reverse())
  })

  it('is equally near with both codes at such a tie, except at the joints of segments', () => {
    const values = referenceValues(law)
    const uneven = law.levels.slice(1, -1).filter((level) => {
      const ours = values[coded[32_768 - level] ?? 0] ?? 0
      const theirs = values[referenceCode(law, -level, 'g191')] ?? 0
      return Math.abs(ours + level) !== Math.abs(theirs + level)
    })
    // There the intervals on both sides differ in width, and G.711 puts its positive decision values the same way.
    const joints = law.name === 'mulaw' ? [31, 95, 223, 479, 991, 2015, 4063] : [64, 128, 256, 512, 1024, 2048]
    expect(uneven).toEqual(joints.map((joint) => joint * (law.name === 'mulaw' ? 4 : 8)))
  })

  it('adds no constant to the sound: a sample and its mirror image come out as mirror images', () => {
    const decoded = decode(coded)
    const uneven = [...everySample].filter((x) => x > 0 && decoded[32_768 + x] !== -(decoded[32_768 - x] ?? 0))
    expect(uneven).toEqual([])
  })

  it('decodes every byte to the value of the table', () => {
    expect(decode(everyByte)).toEqual(referenceValues(law))
  })
})

describe('silence', () => {
  it('is 0xff in mu-law, whose other zero, 0x7f, is silent too', () => {
    expect([...encodeMulaw(new Int16Array(2))]).toEqual([0xff, 0xff])
    expect([...decodeMulaw(Uint8Array.of(0xff, 0x7f))]).toEqual([0, 0])
  })

  it('is the smallest value in A-law, which has no zero', () => {
    expect([...encodeAlaw(new Int16Array(2))]).toEqual([0xd5, 0xd5])
    expect([...decodeAlaw(Uint8Array.of(0xd5, 0x55))]).toEqual([8, -8])
  })
})
