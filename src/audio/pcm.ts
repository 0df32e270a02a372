/**
 * PCM16 little-endian bytes as samples. A trailing odd byte is left out: who streams carries it.
 * The bytes are copied when they are not aligned or the machine is big-endian, else viewed.
 */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const length = bytes.byteLength >> 1
  if (littleEndian && bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, length)
  const samples = new Int16Array(length)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < length; i++) samples[i] = view.getInt16(i * 2, true)
  return samples
}

/** Samples as PCM16 little-endian bytes; a view of the same memory where the machine allows it. */
export function bytesOfSamples(samples: Int16Array): Uint8Array {
  if (littleEndian) return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)
  const bytes = new Uint8Array(samples.length * 2)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < samples.length; i++) view.setInt16(i * 2, samples[i] ?? 0, true)
  return bytes
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** A value as the nearest of 16 bits; saturates. */
export function toSample(value: number): number {
  // Moved above zero first, where cutting off decimals is rounding down.
  const above = value + 32_768.5
  return (above < 0 ? 0 : above > 65_535 ? 65_535 : Math.trunc(above)) - 32_768
}
