import { BLOCK, widenInput, workspace } from './fir.ts'
import { type AudioFormat, bytesPerSample } from './format.ts'
import { fromLinear, type Law, toLinear } from './g711.ts'
import { makeResampler, type Resampler } from './resampler.ts'

/**
 * One direction of one call: bytes of one format in, bytes of another out.
 *
 * ```
 *   bytes ─▶ decode, carry an odd byte ─▶ resample ─▶ encode ─▶ bytes          nothing is allocated but the output
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
  const resampler = makeResampler(from.sampleRate, to.sampleRate)
  const decoder = from.encoding === 'pcm16' ? new Pcm16Decoder() : lawDecoder(from.encoding)
  const encode = to.encoding === 'pcm16' ? encodePcm16 : lawEncoder(to.encoding)
  return {
    from,
    to,
    push: (audio) => transcode(audio, decoder, resampler, encode, bytesPerSample(to)),
    reset() {
      decoder.reset()
      resampler.reset()
    },
  }
}

function transcode(
  audio: Uint8Array,
  decoder: Decoder,
  resampler: Resampler,
  encode: Encode,
  sampleBytes: 1 | 2,
): Uint8Array {
  const samples = decoder.samplesIn(audio.length)
  const bytes = Buffer.allocUnsafe(resampler.outputsOf(samples) * sampleBytes)
  let at = 0
  for (let taken = 0; taken < samples; ) {
    const count = Math.min(BLOCK, samples - taken)
    decoder.decode(audio, taken, count, resampler.past)
    const made = resampler.take(count)
    encode(made, bytes, at)
    at += made * sampleBytes
    taken += count
  }
  decoder.keep(audio)
  return bytes
}

interface Decoder {
  /** How many samples the next so many bytes complete. */
  samplesIn(byteLength: number): number
  /** Writes samples `first` to `first + count` of `audio` to `workspace.samples`, from index `at` on. */
  decode(audio: Uint8Array, first: number, count: number, at: number): void
  /** Keeps what `audio` left over. */
  keep(audio: Uint8Array): void
  reset(): void
}

/** Writes the first `count` outputs to `bytes`, from index `at` on. */
type Encode = (count: number, bytes: Uint8Array, at: number) => void

function lawDecoder(law: Law): Decoder {
  const table = Float32Array.from(toLinear[law])
  const { samples } = workspace
  return {
    samplesIn: (byteLength) => byteLength,
    decode(audio, first, count, at) {
      for (let i = 0; i < count; i++) samples[at + i] = table[audio[first + i] ?? 0] ?? 0
    },
    keep() {},
    reset() {},
  }
}

/** A model may cut its sound anywhere: half a sample waits for its other byte. */
class Pcm16Decoder implements Decoder {
  #odd: number | undefined

  samplesIn(byteLength: number): number {
    return (byteLength + (this.#odd === undefined ? 0 : 1)) >> 1
  }

  decode(audio: Uint8Array, first: number, count: number, at: number): void {
    const { inputBytes } = workspace
    // One before the first byte of `audio` is the byte that was kept.
    const start = 2 * first - (this.#odd === undefined ? 0 : 1)
    const from = Math.max(0, start)
    const to = start + 2 * count
    inputBytes[0] = this.#odd ?? 0
    inputBytes.set(from === 0 && to === audio.length ? audio : audio.subarray(from, to), from - start)
    widenInput(at, count)
  }

  keep(audio: Uint8Array): void {
    if (audio.length === 0) return
    const carried = this.#odd === undefined ? 0 : 1
    this.#odd = (audio.length + carried) % 2 === 1 ? audio[audio.length - 1] : undefined
  }

  reset(): void {
    this.#odd = undefined
  }
}

const encodePcm16: Encode = (count, bytes, at) => {
  workspace.outputBytes.copy(bytes, at, 0, 2 * count)
}

function lawEncoder(law: Law): Encode {
  const table = fromLinear[law]
  const { output } = workspace
  return (count, bytes, at) => {
    for (let i = 0; i < count; i++) bytes[at + i] = table[(output[i] ?? 0) & 0xffff] ?? 0
  }
}
