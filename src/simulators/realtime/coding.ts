import type { AudioFormat } from '../../audio/format.ts'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../../audio/g711.ts'
import { bytesOfSamples, samplesOf } from '../../audio/pcm.ts'

type Encoding = AudioFormat['encoding']

/** PCM16 as it is sent; the rate stays. G.711 takes whole samples. */
export function encodeSound(pcm: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'pcm16') return pcm
  return encoding === 'mulaw' ? encodeMulaw(samplesOf(pcm)) : encodeAlaw(samplesOf(pcm))
}

/** What was received as PCM16; the rate stays. */
export function decodeSound(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  if (encoding === 'pcm16') return bytes
  return bytesOfSamples(encoding === 'mulaw' ? decodeMulaw(bytes) : decodeAlaw(bytes))
}
