import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertWhole } from '../../src/audio/convert.ts'
import { tone } from '../../src/audio/tone.ts'
import { readWav, writeWav } from '../../src/audio/wav.ts'

/** What a microphone hears next: nothing, a recording of `fixtures/audio`, or a tone. */
type Sound = { readonly silentMs: number } | { readonly say: string } | { readonly toneHz: number; readonly ms: number }

/** The rate that Chromium's own sound devices have [Hz]: nothing is converted on the way but by us. */
const RATE = 48_000

/** A WAV file for the browser's microphone, which hears one thing after the other; disposing deletes it. */
export function makeMicrophone(sounds: readonly Sound[]): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-microphone-'))
  const path = join(folder, 'microphone.wav')
  const pieces = sounds.map(samplesOf)
  const samples = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    samples.set(piece, at)
    at += piece.length
  }
  writeFileSync(path, writeWav({ sampleRate: RATE, channels: [samples] }))
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

function samplesOf(sound: Sound): Int16Array {
  if ('silentMs' in sound) return new Int16Array((sound.silentMs * RATE) / 1000)
  if ('toneHz' in sound) return tone(sound.toneHz, sound.ms, RATE)
  const file = new URL(`../../fixtures/audio/${sound.say}.wav`, import.meta.url)
  const { channels, sampleRate } = readWav(readFileSync(file))
  return convertWhole(channels[0] ?? new Int16Array(), sampleRate, RATE)
}
