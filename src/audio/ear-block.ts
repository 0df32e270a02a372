import { BLOCK_SAMPLES } from './echo.ts'
import { type Law, toLinear } from './g711.ts'

/** What a byte adds to the mean square of its block, relative to full scale. */
export const powers: Readonly<Record<Law, Float64Array>> = {
  mulaw: powersOf(toLinear.mulaw),
  alaw: powersOf(toLinear.alaw),
}

function powersOf(linear: Int16Array): Float64Array {
  return Float64Array.from(linear, (sample) => (sample / 32_768) ** 2 / BLOCK_SAMPLES)
}

/** Mean square of a block, relative to full scale. @param powers of its law. */
export function powerOf(bytes: Uint8Array, powers: Float64Array): number {
  let sum = 0
  for (let i = 0; i < BLOCK_SAMPLES; i++) sum += powers[bytes[i] as number] as number
  return sum
}

/** Bytes as samples, full scale 32768. */
export function decode(bytes: Uint8Array, linear: Int16Array, out: Float32Array): void {
  for (let i = 0; i < BLOCK_SAMPLES; i++) out[i] = linear[bytes[i] as number] as number
}

/** How many bits are set. */
export function ones(bits: number): number {
  let count = 0
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1
  return count
}
