import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { convertWhole } from '../audio/convert.ts'
import { decodeMulaw, encodeMulaw } from '../audio/g711.ts'
import { readWav, writeWav } from '../audio/wav.ts'
import type { Recording } from '../simulators/carrier/line.ts'

const LINE_HZ = 8000

/**
 * A WAV file as the telephone carries it: its first channel, mu-law 8 kHz.
 * @throws RangeError when it is not a WAV file that we read.
 */
export function toLine(file: Uint8Array): Uint8Array {
  const { sampleRate, channels } = readWav(file)
  const samples = channels[0] ?? new Int16Array()
  return encodeMulaw(sampleRate === LINE_HZ ? samples : convertWhole(samples, sampleRate, LINE_HZ))
}

/** A call as a stereo WAV of 8 kHz: left the caller, right what the caller heard. */
function stereoWav({ caller, heard }: Recording): Uint8Array {
  return writeWav({ sampleRate: LINE_HZ, channels: [decodeMulaw(caller), decodeMulaw(heard)] })
}

/** Writes `<name>.wav` and `<name>.jsonl` (an event a line) into the folder; returns their paths. */
export async function writeCall(
  folder: string,
  name: string,
  recording: Recording,
  events: readonly object[],
): Promise<{ readonly wav: string; readonly jsonl: string }> {
  await mkdir(folder, { recursive: true })
  const [wav, jsonl] = [join(folder, `${name}.wav`), join(folder, `${name}.jsonl`)]
  await writeFile(wav, stereoWav(recording))
  await writeFile(jsonl, events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  return { wav, jsonl }
}
