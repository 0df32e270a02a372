/** +0: what silence is made of on the wire. */
export const MULAW_SILENCE = 0xff

const BIAS = 33 * 4
/** With the bias one below 2^15: a bit more, and the loudest would wrap to silence. */
const CLIP = 32_635

/** A byte's value between -1 and 1 (G.711 table 2a). */
const linear = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff
  const magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code >> 4) & 0x07)) - BIAS
  return (code & 0x80 ? -magnitude : magnitude) / 32_768
})

/** G.711 mu-law, one byte a sample, to samples between -1 and 1. */
export function decodeMulaw(bytes: Uint8Array, samples = new Float32Array(bytes.length)): Float32Array {
  for (let i = 0; i < bytes.length; i++) samples[i] = linear[bytes[i] ?? MULAW_SILENCE] ?? 0
  return samples
}

/** Samples to G.711 mu-law; what is beyond -1 and 1 is as loud as can be. */
export function encodeMulaw(samples: Float32Array, bytes = new Uint8Array(samples.length)): Uint8Array {
  for (let i = 0; i < samples.length; i++) bytes[i] = byteOf(Math.round((samples[i] ?? 0) * 32_768))
  return bytes
}

function byteOf(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0
  const magnitude = Math.min(CLIP, Math.abs(sample)) + BIAS
  // The segment is where the highest bit stands, of 7 (132 and more) to 14.
  const segment = 24 - Math.clz32(magnitude)
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff
}

/** RMS of mu-law bytes [dBFS]; -Infinity for none, and for silence. */
export function levelDbfs(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum += (linear[byte] ?? 0) ** 2
  return sum === 0 ? -Infinity : 10 * Math.log10(sum / bytes.length)
}
