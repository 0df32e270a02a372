import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { readWav } from '../../src/audio/wav.ts'
import { frameLevels } from '../../src/cli/measure.ts'
import { FRAME_MS } from './judge.ts'

/** What a caller says: real voices on real lines, so that every ear in the house takes them for what they are. */
export interface Words {
  readonly mulaw: Uint8Array
  /** From its first audible frame to its last, it is all there is [ms]. */
  readonly ms: number
}

/** Telephone speech of one to three seconds without a pause that would end a turn. */
const FILES = [
  ...['last-call', 'no-thank-you', 'hello-hours', 'please-try-again', 'no-thursday', 'seven-thirty', 'three-people'],
  ...['this-is-correct', 'go-forward-ten-meters', 'seven-of-clubs', 'thank-you-goodbye', 'sorry-having-problems'],
]
/** What is louder is heard [dBFS]. */
const AUDIBLE_DBFS = -45

/** All that callers say, by their plan's numbers. */
const vocabulary: readonly Words[] = FILES.map((file) => {
  const wav = readWav(readFileSync(join(import.meta.dirname, '../../fixtures/audio', `${file}.wav`)))
  if (wav.sampleRate !== 8000) throw new RangeError(`${file}: expected 8000 Hz, got ${wav.sampleRate}`)
  const mulaw = encodeMulaw(wav.channels[0] ?? new Int16Array())
  const loud = frameLevels(mulaw).map((level) => level > AUDIBLE_DBFS)
  const [from, to] = [loud.indexOf(true), loud.lastIndexOf(true) + 1]
  return { mulaw: mulaw.subarray(from * 160, to * 160), ms: (to - from) * FRAME_MS }
})

/** The words of this number, whatever it is. */
export function wordsOf(number: number): Words {
  const words = vocabulary[number % vocabulary.length]
  if (words === undefined) throw new RangeError('there are no words')
  return words
}
