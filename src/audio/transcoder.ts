import type { AudioFormat } from './format.ts'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from './g711.ts'
import { bytesOfSamples, samplesOf } from './pcm.ts'
import { makeResampler } from './resampler.ts'

/**
 * One direction of one call: bytes of one format in, bytes of another out.
 *
 * ```
 *   bytes ─▶ carry odd byte ─▶ decode ─▶ resample ─▶ encode ─▶ bytes
 * ```
 * Keeps state between pushes, so each direction of each call owns one. Any split of the input gives the same output.
 */
export interface Transcoder {
  readonly from: AudioFormat
  readonly to: AudioFormat
  push(audio: Uint8Array): Uint8Array
  /** Forgets what was pushed: filter, and a half sample that waits for its other byte. */
  reset(): void
}

/** Equal formats are passed through untouched, byte for byte. */
export function makeTranscoder(from: AudioFormat, to: AudioFormat): Transcoder {
  if (from.encoding === to.encoding && from.sampleRate === to.sampleRate) {
    return { from, to, push: (audio) => audio, reset() {} }
  }
  const decode = makeDecoder(from.encoding)
  const resampler = makeResampler(from.sampleRate, to.sampleRate)
  const encode = encoders[to.encoding]
  return {
    from,
    to,
    push: (audio) => encode(resampler.push(decode.push(audio))),
    reset() {
      decode.reset()
      resampler.reset()
    },
  }
}

interface Decoder {
  push(audio: Uint8Array): Int16Array
  reset(): void
}

function makeDecoder(encoding: AudioFormat['encoding']): Decoder {
  switch (encoding) {
    case 'mulaw':
      return { push: decodeMulaw, reset() {} }
    case 'alaw':
      return { push: decodeAlaw, reset() {} }
    case 'pcm16':
      return new Pcm16Decoder()
  }
}

const encoders: Record<AudioFormat['encoding'], (samples: Int16Array) => Uint8Array> = {
  mulaw: encodeMulaw,
  alaw: encodeAlaw,
  pcm16: bytesOfSamples,
}

/** A model may cut its sound anywhere: half a sample waits for its other byte. */
class Pcm16Decoder implements Decoder {
  #odd: number | undefined

  push(audio: Uint8Array): Int16Array {
    let whole = audio
    if (this.#odd !== undefined) {
      whole = new Uint8Array(audio.length + 1)
      whole[0] = this.#odd
      whole.set(audio, 1)
    }
    this.#odd = whole.length % 2 === 1 ? whole[whole.length - 1] : undefined
    return samplesOf(whole)
  }

  reset(): void {
    this.#odd = undefined
  }
}
