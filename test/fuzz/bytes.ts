import type { Random } from './random.ts'

const numbers: readonly [number, ...number[]] = [
  0, 1, 2, 7, 8, 255, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x7fffffff, 0xfffffff8, 0xffffffff,
]

/** A file that lost something on its way, or whose maker meant ill. */
export function damageBytes(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1)
  switch (random.below(9)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length + 1))])
    case 2: // A chunk more, or a whole file in it.
      return Buffer.concat([bytes.subarray(0, at), other, bytes.subarray(at)])
    case 3:
      return Buffer.concat([bytes, new Uint8Array(random.pick([1, 2, 100, 20_000]))])
    case 4:
      return changed(bytes, at, 1, random.below(256))
    case 5:
      return changed(bytes, at, 1, (bytes[at] ?? 0) ^ (1 << random.below(8)))
    default: {
      // Sizes and formats lie at even places, near the start.
      const width = random.pick([2, 4])
      return changed(bytes, random.below(Math.min(bytes.length, 64) / 2) * 2, width, random.pick(numbers))
    }
  }
}

function changed(bytes: Uint8Array, at: number, width: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (let i = 0; i < width && at + i < copy.length; i++) copy[at + i] = value >>> (8 * i)
  return copy
}
