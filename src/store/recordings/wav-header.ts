import { writeWav } from '../../audio/wav.ts'

/** The length of a header [bytes]. */
export const HEADER_BYTES = 44
/** What a WAV can say that it holds. */
const MOST = 0xffff_ffff - HEADER_BYTES

const empty = writeWav({ sampleRate: 8000, channels: [new Int16Array(0), new Int16Array(0)] })

/** The beginning of a WAV of two channels, PCM16 at 8 kHz. @param bytes of the samples behind it. */
export function stereoHeader(bytes: number): Uint8Array {
  const header = empty.slice(0, HEADER_BYTES)
  const view = new DataView(header.buffer)
  const size = Math.min(bytes, MOST)
  view.setUint32(4, HEADER_BYTES - 8 + size, true)
  view.setUint32(HEADER_BYTES - 4, size, true)
  return header
}
