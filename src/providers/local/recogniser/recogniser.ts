import { type Config, type Decoding, loadDecoding } from './decoding.ts'

/** What one utterance was taken for. */
export interface Heard {
  /** Words of the grammar, lower case, single spaces; empty when rejected. */
  readonly text: string
  /** True: silence, noise, or speech outside of the grammar. */
  readonly rejected: boolean
}

/**
 * A recogniser of a fixed grammar that decodes while the caller speaks, so that the words are there a few milliseconds
 * after the last sample. The first second is held: its average spectrum says what the line and its noise sound like
 * (20 dB of noise without this: 4 of 24 sentences right; with it 18 to 22).
 *
 * ```
 *   start ─▶ push push push … ────────────────────▶ finish ─▶ { text, rejected }
 *            └── held 1 s ──┘└─ decoded as it comes ─┘    └─▶ abort
 * ```
 */
export interface Recogniser {
  /** Begins an utterance; one in progress is dropped. */
  start(): void
  /** Sound of the utterance, 16 kHz mono, any length; after 20 s it is no longer looked at. @throws before `start`. */
  push(samples: Int16Array): void
  /** Ends the utterance. @throws before `start`. */
  finish(): Heard
  /** Drops the utterance; harmless between utterances. */
  abort(): void
  /** Forgets the last caller's line, so that every call begins alike. */
  reset(): Promise<void>
  [Symbol.dispose](): void
}

/** Knobs of the search: `scripts/measure-recogniser.ts` shows what each does. */
export interface Tuning {
  /** Probability of each phone in the garbage loop: higher rejects more. */
  readonly phoneProbability: number
  /** Weight of the call's earlier utterances in the line's average spectrum [ms of audio]. */
  readonly memoryMs: number
  /** How much is held to learn the line [ms]. */
  readonly holdMs: number
  /**
   * Level of the noise that is laid under the sound [dBFS]. A line that is digitally silent between words has a spectrum
   * that no real line has, and learning it hides the words: of 11 recorded sentences on such a line none was right
   * without, 10 with -59, 8 with -53.
   */
  readonly ditherDbfs: number
  /** Overrides of the decoder's settings. */
  readonly decoder: Config
}

/** [Hz] */
const SAMPLE_RATE = 16_000
/** The longest sentence of a grammar is far shorter, and the search's memory grows with the utterance. */
const MAX_SAMPLES = 20 * SAMPLE_RATE
/** One call of the decoder: less makes it slower by its overhead, more makes other calls wait. */
const STEP = 1_600

/** White noise, 0 dBFS RMS, always the same: the same sound gives the same words. */
const NOISE = whiteNoise(16_381)

/**
 * Chosen on 36 synthetic sentences and 46 real phrases over the telephone channel, and 61 real recordings of other
 * things: 36, 34 and 10 taken. A phone probability of 0.003 takes 34 and 14; cheaper words or a price for entering the
 * loop only move along the same line (26 and 5 … 38 and 18). The memory brings the 34 to 37 within one call.
 */
const defaultTuning: Tuning = {
  phoneProbability: 0.01,
  memoryMs: 4000,
  ditherDbfs: -59,
  holdMs: 1000,
  decoder: {},
}

/**
 * Loads the US-English telephone model (about 40 MB, 250 ms) and compiles a grammar.
 *
 * @param grammar JSGF with a rule `<sentence>`, and no public rule: rejection is added here.
 * @throws Error with a short message when the optional package is missing, or a word or the grammar is not valid.
 */
export async function loadRecogniser(grammar: string, tuning: Partial<Tuning> = {}): Promise<Recogniser> {
  const { decoder, holdMs, memoryMs, ditherDbfs, phoneProbability } = { ...defaultTuning, ...tuning }
  const decoding = await loadDecoding(grammar, phoneProbability, { samprate: SAMPLE_RATE, ...decoder })
  return new GrammarRecogniser(
    decoding,
    (holdMs / 1000) * SAMPLE_RATE,
    (memoryMs / 1000) * SAMPLE_RATE,
    10 ** (ditherDbfs / 20),
  )
}

class GrammarRecogniser implements Recogniser {
  readonly #decoding: Decoding
  readonly #held: Float32Array<ArrayBuffer>
  readonly #memory: number
  readonly #dither: number
  /** Average of this call's earlier utterances, and how many samples it stands for (at most `#memory`). */
  #line: { mean: readonly number[]; samples: number } | undefined
  #state: 'idle' | 'holding' | 'decoding' = 'idle'
  #taken = 0

  constructor(decoding: Decoding, hold: number, memory: number, dither: number) {
    this.#decoding = decoding
    this.#held = new Float32Array(hold)
    this.#memory = memory
    this.#dither = dither
  }

  start(): void {
    this.abort()
    this.#state = 'holding'
    this.#taken = 0
  }

  push(samples: Int16Array): void {
    if (this.#state === 'idle') throw new Error('recogniser: push before start')
    const at = this.#taken
    const some = Float32Array.from(
      samples.subarray(0, MAX_SAMPLES - at),
      (sample, i) => sample / 32768 + this.#dither * (NOISE[(at + i) % NOISE.length] ?? 0),
    )
    const room = this.#state === 'holding' ? this.#held.length - this.#taken : 0
    if (room > 0) this.#held.set(some.subarray(0, room), this.#taken)
    this.#taken += some.length
    if (some.length < room) return
    this.#decodeHeld()
    this.#decode(some.subarray(room))
  }

  finish(): Heard {
    if (this.#state === 'idle') throw new Error('recogniser: finish before start')
    this.#decodeHeld()
    this.#state = 'idle'
    return this.#decoding.end()
  }

  abort(): void {
    if (this.#state === 'decoding') this.#decoding.end()
    this.#state = 'idle'
  }

  async reset(): Promise<void> {
    this.abort()
    this.#line = undefined
  }

  [Symbol.dispose](): void {
    this.abort()
    this.#decoding[Symbol.dispose]()
  }

  #decodeHeld(): void {
    if (this.#state !== 'holding') return
    const held = this.#held.subarray(0, this.#taken)
    this.#decoding.begin(this.#learn(held))
    this.#state = 'decoding'
    this.#decode(held)
  }

  #decode(samples: Float32Array<ArrayBuffer>): void {
    for (let at = 0; at < samples.length; at += STEP) this.#decoding.add(samples.subarray(at, at + STEP))
  }

  #learn(held: Float32Array<ArrayBuffer>): readonly number[] | undefined {
    const now = this.#decoding.meanOf(held)
    if (now === undefined) return this.#line?.mean
    const before = this.#line
    if (this.#memory === 0) return now
    const known = before?.samples ?? 0
    const all = known + held.length
    const mean = now.map((value, k) => (value * held.length + (before?.mean[k] ?? 0) * known) / all)
    this.#line = { mean, samples: Math.min(this.#memory, all) }
    return mean
  }
}

function whiteNoise(length: number): Float32Array {
  let state = 1
  return Float32Array.from({ length }, () => {
    // Numerical Recipes' generator; the square root of 12 makes a width of one an RMS of one.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12)
  })
}
