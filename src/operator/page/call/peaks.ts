/** What is drawn of one channel: the loudest sample of each stretch, 0 to 1. */
export interface Peaks {
  readonly channels: readonly Float32Array[]
  readonly durationMs: number
}

interface Format {
  readonly coding: 'pcm16' | 'mulaw' | 'alaw' | 'pcm8'
  readonly channels: number
  /** [Hz] */
  readonly sampleRate: number
  /** Of one sample of all channels. */
  readonly frameBytes: number
}

const CODINGS: Readonly<Record<string, Format['coding']>> = {
  '1:16': 'pcm16',
  '1:8': 'pcm8',
  '6:8': 'alaw',
  '7:8': 'mulaw',
}
/** Headers longer than this are none. */
const MAX_HEADER = 65_536
/** Peaks for each second of sound; an hour is 180,000 a channel, 0.7 MB. */
const PER_SECOND = 50

/**
 * Finds the peaks of a WAV file while it comes, in pieces of any size: an hour of a call is 115 MB, and a browser that
 * decodes it whole holds 230 MB more.
 *
 * ```
 *   push ─▶ RIFF, fmt, …, data ─▶ │ 20 ms │ 20 ms │ 20 ms …   the loudest of each, a channel
 * ```
 * What the data chunk says of its length is not believed: a recording that was cut off ends with the file.
 */
export class WavPeaks {
  #head: Uint8Array | undefined = new Uint8Array(0)
  #format: Format | undefined
  #rest = new Uint8Array(0)
  #frames = 0
  #peaks: number[][] = []
  #loudest: number[] = []

  /** @throws RangeError when it is no WAV file, or of a coding that is not known here. */
  push(piece: Uint8Array): void {
    if (this.#head === undefined) {
      this.#sound(piece)
      return
    }
    const head = joined(this.#head, piece)
    const found = readHeader(head)
    if (found === undefined) {
      if (head.length > MAX_HEADER) throw new RangeError('WAV: expected a data chunk, found none')
      this.#head = head
      return
    }
    this.#head = undefined
    this.#format = found.format
    this.#peaks = Array.from({ length: found.format.channels }, () => [])
    this.#loudest = this.#peaks.map(() => 0)
    this.#sound(head.subarray(found.dataAt))
  }

  /** The peaks so far. */
  peaks(): Peaks {
    const sampleRate = this.#format?.sampleRate ?? 8000
    const channels = this.#peaks.map((peaks, channel) => Float32Array.from([...peaks, this.#loudest[channel] ?? 0]))
    return { channels, durationMs: (this.#frames / sampleRate) * 1000 }
  }

  #sound(piece: Uint8Array): void {
    const format = this.#format
    if (format === undefined) return
    const bytes = this.#rest.length === 0 ? piece : joined(this.#rest, piece)
    const whole = bytes.length - (bytes.length % format.frameBytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, whole)
    const stretch = Math.max(1, Math.round(format.sampleRate / PER_SECOND))
    const sampleBytes = format.frameBytes / format.channels
    for (let at = 0; at < whole; at += format.frameBytes) {
      for (let channel = 0; channel < format.channels; channel++) {
        const loud = loudness(view, at + channel * sampleBytes, format.coding)
        if (loud > (this.#loudest[channel] ?? 0)) this.#loudest[channel] = loud
      }
      this.#frames += 1
      if (this.#frames % stretch === 0) this.#endStretch()
    }
    this.#rest = bytes.slice(whole)
  }

  #endStretch(): void {
    this.#peaks.forEach((peaks, channel) => {
      peaks.push(this.#loudest[channel] ?? 0)
      this.#loudest[channel] = 0
    })
  }
}

function readHeader(bytes: Uint8Array): { format: Format; dataAt: number } | undefined {
  if (bytes.length < 12) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (tag(view, 0) !== 'RIFF' || tag(view, 8) !== 'WAVE') throw new RangeError('WAV: expected RIFF….WAVE at its start')
  let format: Format | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const id = tag(view, at)
    const size = view.getUint32(at + 4, true)
    if (id === 'data') {
      if (format === undefined) throw new RangeError('WAV: expected a fmt chunk before data')
      return { format, dataAt: at + 8 }
    }
    if (id === 'fmt ') {
      if (at + 24 > bytes.length) return undefined
      format = readFormat(view, at + 8)
    }
    at += 8 + size + (size % 2)
  }
  return undefined
}

function readFormat(view: DataView, at: number): Format {
  const [code, channels, bits] = [view.getUint16(at, true), view.getUint16(at + 2, true), view.getUint16(at + 14, true)]
  const coding = CODINGS[`${code}:${bits}`]
  if (coding === undefined || channels < 1 || channels > 2) {
    throw new RangeError(
      `WAV: expected PCM, mu-law or A-law of one or two channels, got code ${code}, ${channels} of ${bits} bits`,
    )
  }
  return { coding, channels, sampleRate: view.getUint32(at + 4, true), frameBytes: (channels * bits) / 8 }
}

/** 0 to 1. G.711's are exact to the segment and step, which is more than a picture needs. */
function loudness(view: DataView, at: number, coding: Format['coding']): number {
  if (coding === 'pcm16') return Math.abs(view.getInt16(at, true)) / 32_768
  const byte = view.getUint8(at)
  if (coding === 'pcm8') return Math.abs(byte - 128) / 128
  if (coding === 'mulaw') {
    const code = ~byte & 0x7f
    return ((((code & 0x0f) << 3) + 0x84) * 2 ** (code >> 4) - 0x84) / 32_768
  }
  const code = (byte ^ 0x55) & 0x7f
  const [segment, step] = [code >> 4, code & 0x0f]
  return (segment === 0 ? (step << 4) + 8 : ((step << 4) + 0x108) * 2 ** (segment - 1)) / 32_768
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

function tag(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
}
