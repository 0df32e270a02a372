import { readFileSync } from 'node:fs'

const folder = new URL('../../vendor/silero/', import.meta.url)

/** The vendored weights of Silero VAD v5 as they lie on the disk (0.97 MB), for `silero-weights.ts` in audio to take apart. */
export function readSpeechWeights(): { readonly index: string; readonly weights: Uint8Array } {
  return {
    index: readFileSync(new URL('silero-vad-v5-16k.json', folder), 'utf8'),
    weights: readFileSync(new URL('silero-vad-v5-16k.bin', folder)),
  }
}
