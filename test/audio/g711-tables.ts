/**
 * G.711 as its tables are built, in integers, independent of any coder.
 *
 * ```
 *   mu-law, table 2a (14 bits)   x: 0 1 3 5 … 31 │ 35 39 … 95 │ 103 … 223 │ …  8159     16 intervals a segment,
 *   A-law,  table 1a (13 bits)   x: 0 2 4 6 … 64 │ 68 72 … 128 │ 136 … 256 │ …  4096    each twice as wide as the last
 *   value of the interval n      y: midway between x(n) and x(n+1); of mu-law's first, 0
 * ```
 * The recommendation gives a code to what lies BETWEEN two decision values, and none to what lies exactly on one. There
 * two readings are in use: `mirrored` puts it into the outer interval on both sides of zero, so that x and -x have the
 * same magnitude; `g191` (the ITU's software tools, by one's complement) puts it into the upper one, the inner on the
 * negative side.
 */
export interface Law {
  readonly name: 'mulaw' | 'alaw'
  /** Decision values [16 bit samples], from 0, one more than there are intervals. */
  readonly levels: readonly number[]
  /** Decoded magnitudes [16 bit samples], one an interval. */
  readonly values: readonly number[]
  /** The byte of the interval `n`. */
  code(n: number, negative: boolean): number
}

/** How a sample is read that lies exactly on a decision value. */
export type TieRule = 'mirrored' | 'g191'

export const mulawTable: Law = {
  name: 'mulaw',
  // The first interval of mu-law is half as wide: it is shared by both zeros.
  ...table([0, 1], 15, 2, 4),
  code: (n, negative) => (negative ? 127 : 255) - n,
}

export const alawTable: Law = {
  name: 'alaw',
  ...table([0], 32, 2, 8),
  // Even bits are inverted on the line.
  code: (n, negative) => (n + (negative ? 0 : 128)) ^ 0x55,
}

function table(start: readonly number[], first: number, width: number, scale: number): Pick<Law, 'levels' | 'values'> {
  const levels = [...start]
  let step = width
  for (let segmentEnd = start.length + first; segmentEnd <= 129; segmentEnd += 16) {
    while (levels.length < segmentEnd) levels.push((levels.at(-1) ?? 0) + step)
    step *= 2
  }
  const values = levels.slice(1).map((upper, n) => (start.length === 2 && n === 0 ? 0 : (upper + (levels[n] ?? 0)) / 2))
  return { levels: levels.map((level) => level * scale), values: values.map((value) => value * scale) }
}

/** The byte of a 16 bit sample; what is beyond the last decision value is coded as the last interval. */
export function referenceCode(law: Law, sample: number, ties: TieRule): number {
  const negative = sample < 0
  const magnitude = Math.abs(sample) - (negative && ties === 'g191' ? 1 : 0)
  let n = law.levels.findLastIndex((level) => level <= magnitude)
  n = Math.min(n, law.values.length - 1)
  return law.code(n, negative)
}

/** The sample of each byte. */
export function referenceValues(law: Law): Int16Array {
  const samples = new Int16Array(256)
  law.values.forEach((value, n) => {
    samples[law.code(n, false)] = value
    samples[law.code(n, true)] = -value
  })
  return samples
}

/** Every 16 bit sample, from the lowest. */
export const everySample: Int16Array = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768)

/** Every byte, from 0. */
export const everyByte: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte)
