import { decodeAlaw, decodeMulaw } from './g711.ts'
import { bytesOfSamples } from './pcm.ts'

/** A RIFF/WAVE file's sound. All channels have the same length. */
export interface Wav {
  /** [Hz], any. */
  readonly sampleRate: number
  readonly channels: readonly Int16Array[]
}

/**
 * Reads a WAV of 8 or 16 bit PCM, 32 bit float, mu-law or A-law. Chunks it does not know are passed over; a data chunk
 * that says it is longer than the file (a recording cut off) ends with the file.
 * @throws RangeError saying what was expected and what came.
 */
export function readWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') {
    throw new RangeError('not a WAV file: expected RIFF….WAVE at its start')
  }
  let format: Format | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(view, at)
    const size = Math.min(view.getUint32(at + 4, true), bytes.length - at - 8)
    if (id === 'fmt ') format = readFormat(view, at + 8, size)
    if (id === 'data') {
      if (format === undefined) throw new RangeError('WAV: expected a fmt chunk before data')
      return {
        sampleRate: format.sampleRate,
        channels: deinterleave(decode(bytes, at + 8, size, format), format.channels),
      }
    }
    at += 8 + size + (size % 2)
  }
  throw new RangeError('WAV: expected a data chunk, found none')
}

/**
 * Writes 16 bit PCM.
 * @throws RangeError when the channels differ in length or there are none.
 */
export function writeWav(wav: Wav): Uint8Array {
  const first = wav.channels[0]
  if (first === undefined || wav.channels.some((channel) => channel.length !== first.length)) {
    throw new RangeError('WAV: expected one or more channels of equal length')
  }
  const count = wav.channels.length
  const interleaved = new Int16Array(first.length * count)
  wav.channels.forEach((channel, c) => {
    for (let i = 0; i < channel.length; i++) interleaved[i * count + c] = channel[i] ?? 0
  })
  const file = new Uint8Array(44 + interleaved.byteLength)
  const view = new DataView(file.buffer)
  writeTag(view, 0, 'RIFF')
  view.setUint32(4, 36 + interleaved.byteLength, true)
  writeTag(view, 8, 'WAVE')
  writeTag(view, 12, 'fmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, PCM, true)
  view.setUint16(22, count, true)
  view.setUint32(24, wav.sampleRate, true)
  view.setUint32(28, wav.sampleRate * count * 2, true)
  view.setUint16(32, count * 2, true)
  view.setUint16(34, 16, true)
  writeTag(view, 36, 'data')
  view.setUint32(40, interleaved.byteLength, true)
  file.set(bytesOfSamples(interleaved), 44)
  return file
}

// Format tags of RFC 2361.
const PCM = 1
const FLOAT = 3
const ALAW = 6
const MULAW = 7
const EXTENSIBLE = 0xfffe

/** A file of 48 bytes may say it has 65,535: that many arrays took 16 ms and 10 MB. */
const MAX_CHANNELS = 64

type Format = {
  readonly tag: number
  readonly channels: number
  readonly sampleRate: number
  readonly bits: number
}

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16) throw new RangeError(`WAV: expected a fmt chunk of at least 16 bytes, got ${size}`)
  const code = view.getUint16(at, true)
  const format = {
    // The first two bytes of an extensible file's GUID are the plain tag.
    tag: code === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : code,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  }
  if (format.channels < 1 || format.channels > MAX_CHANNELS) {
    throw new RangeError(`WAV: expected 1 to ${MAX_CHANNELS} channels, got ${format.channels}`)
  }
  if (format.sampleRate < 1) throw new RangeError('WAV: expected a sample rate in Hz, got 0')
  return format
}

function decode(bytes: Uint8Array, at: number, size: number, format: Format): Int16Array {
  const data = bytes.subarray(at, at + size)
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size)
  switch (`${format.tag}/${format.bits}`) {
    case `${PCM}/16`:
      return Int16Array.from({ length: size >> 1 }, (_, i) => view.getInt16(i * 2, true))
    case `${PCM}/8`:
      return Int16Array.from(data, (byte) => (byte - 128) << 8)
    case `${FLOAT}/32`:
      return Int16Array.from({ length: size >> 2 }, (_, i) => fromFloat(view.getFloat32(i * 4, true)))
    case `${MULAW}/8`:
      return decodeMulaw(data)
    case `${ALAW}/8`:
      return decodeAlaw(data)
    default:
      throw new RangeError(
        `WAV: expected PCM of 8 or 16 bits, 32 bit float, mu-law or A-law, got format ${format.tag} of ${format.bits} bits`,
      )
  }
}

function fromFloat(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768)))
}

function deinterleave(samples: Int16Array, count: number): Int16Array[] {
  const length = Math.floor(samples.length / count)
  return Array.from({ length: count }, (_, c) => Int16Array.from({ length }, (_, i) => samples[i * count + c] ?? 0))
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}

function writeTag(view: DataView, at: number, text: string): void {
  for (let i = 0; i < 4; i++) view.setUint8(at + i, text.charCodeAt(i))
}
