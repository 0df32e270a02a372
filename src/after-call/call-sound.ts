import { type FileHandle, open } from 'node:fs/promises'
import { decodeMulaw } from '../audio/g711.ts'
import { samplesOf } from '../audio/pcm.ts'
import { writeWav } from '../audio/wav.ts'

/**
 * The service's own limit of one data URI [bytes]: over it it answers 400 "Exceeded limit on max bytes per data-uri
 * item : 10485760". That is 8 min 11 s of 16 bit at 8 kHz; its 20 minutes of sound are never reached.
 */
const MAX_DATA_URI = 10_485_760
const PREFIX = 'data:;base64,'
const WAV_HEADER = 44
const RATE = 8000
/** Read at once [bytes]. */
const CHUNK = 256 * 1024
/** Where the chunks before the sound must have ended [bytes]. */
const MAX_PREAMBLE = 64 * 1024

/** As many samples as fit into the data URI. */
const MOST_SAMPLES = Math.floor((Math.floor((MAX_DATA_URI - PREFIX.length) / 4) * 3 - WAV_HEADER) / 2)

/** Where the sound of a file is, and how it is coded. */
interface Track {
  readonly file: FileHandle
  readonly at: number
  readonly channels: number
  readonly bytesPerSample: 1 | 2
  /** Of each channel. */
  readonly samples: number
}

/**
 * The end of a call's sound, both voices on one channel, as the `data:;base64,…` of a WAV. `undefined`: there is none
 * that can be read. It takes 30 MB and some 50 ms without a pause: never in a thread that has calls.
 *
 * ```
 *   stream 1 ──────────────── stream 2 ───────── stream 3 ─────
 *                   └ as much as fits, from the end: ─────────┘ left + right ─▶ WAV ─▶ base64
 * ```
 * @param paths WAV files of 8 kHz, 16 bit or mu-law, one after the other. What is none of these is left out.
 */
export async function readCallSound(paths: readonly string[]): Promise<string | undefined> {
  const parts: Int16Array[] = []
  let room = MOST_SAMPLES
  for (const path of paths.toReversed()) {
    const part = room === 0 ? undefined : await readEnd(path, room)
    if (part === undefined) continue
    room -= part.length
    parts.unshift(part)
  }
  if (parts.every(({ length }) => length === 0)) return undefined
  const whole = new Int16Array(MOST_SAMPLES - room)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  const wav = writeWav({ sampleRate: RATE, channels: [whole] })
  return PREFIX + Buffer.from(wav.buffer, wav.byteOffset, wav.byteLength).toString('base64')
}

async function readEnd(path: string, most: number): Promise<Int16Array | undefined> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    const track = await trackOf(file)
    return track === undefined ? undefined : await readMixed(track, most)
  } catch {
    // Gone, or not a file: the words are enough.
    return undefined
  } finally {
    await file?.close()
  }
}

async function trackOf(file: FileHandle): Promise<Track | undefined> {
  const { size } = await file.stat()
  const head = new Uint8Array(Math.min(size, MAX_PREAMBLE))
  const { bytesRead } = await file.read(head, 0, head.length, 0)
  const view = new DataView(head.buffer, 0, bytesRead)
  const tag = (at: number) => Buffer.from(head.subarray(at, at + 4)).toString('latin1')
  if (bytesRead < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return undefined
  let format: Pick<Track, 'channels' | 'bytesPerSample'> | undefined
  for (let at = 12; at + 8 <= bytesRead; ) {
    const length = view.getUint32(at + 4, true)
    if (tag(at) === 'fmt ' && at + 24 <= bytesRead) format = formatOf(view, at + 8)
    if (tag(at) === 'data') {
      if (format === undefined) return undefined
      // A recording whose process died may not say how long it became.
      const bytes = Math.min(length === 0 ? size : length, size - at - 8)
      return { file, at: at + 8, ...format, samples: Math.floor(bytes / (format.channels * format.bytesPerSample)) }
    }
    at += 8 + length + (length % 2)
  }
  return undefined
}

const PCM = 1
const MULAW = 7

function formatOf(view: DataView, at: number): Pick<Track, 'channels' | 'bytesPerSample'> | undefined {
  const code = view.getUint16(at, true)
  const channels = view.getUint16(at + 2, true)
  const bits = view.getUint16(at + 14, true)
  if (view.getUint32(at + 4, true) !== RATE || channels < 1 || channels > 2) return undefined
  if (code === PCM && bits === 16) return { channels, bytesPerSample: 2 }
  return code === MULAW && bits === 8 ? { channels, bytesPerSample: 1 } : undefined
}

async function readMixed(track: Track, most: number): Promise<Int16Array> {
  const { file, channels, bytesPerSample } = track
  const frame = channels * bytesPerSample
  const count = Math.min(track.samples, most)
  const mixed = new Int16Array(count)
  const chunk = new Uint8Array(CHUNK - (CHUNK % frame))
  const from = track.at + (track.samples - count) * frame
  for (let done = 0; done < count; ) {
    const wanted = Math.min(chunk.length, (count - done) * frame)
    const { bytesRead } = await file.read(chunk, 0, wanted, from + done * frame)
    const frames = Math.floor(bytesRead / frame)
    if (frames === 0) return mixed.subarray(0, done)
    const bytes = chunk.subarray(0, frames * frame)
    mix(bytesPerSample === 2 ? samplesOf(bytes) : decodeMulaw(bytes), channels, mixed, done)
    done += frames
  }
  return mixed
}

/** Added, not averaged: hardly ever do both speak, and half as loud is harder to understand. */
function mix(samples: Int16Array, channels: number, into: Int16Array, at: number): void {
  for (let i = 0; i * channels < samples.length; i++) {
    const left = samples[i * channels] ?? 0
    const sum = channels === 1 ? left : left + (samples[i * channels + 1] ?? 0)
    into[at + i] = Math.max(-32_768, Math.min(32_767, sum))
  }
}
