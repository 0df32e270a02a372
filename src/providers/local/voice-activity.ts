/**
 * When does the caller's turn begin and end? A decision over the probabilities of speech of 32 ms windows.
 *
 * ```
 *   windows   . . . S . S S S S S . S S S S . . . . . . . . . . . . . . . .
 *                   └ 160 ms ┘ 3 of 5: speech-started, dated back ┘ silenceMs with at most a tenth speech: speech-stopped
 * ```
 * Pure: it has no clock but the windows it is given. `speech-started` and `speech-stopped` take turns.
 */
export interface VoiceActivity {
  /** Takes the next window; gives an event when it decides one. */
  take(probability: number): VoiceActivityEvent | undefined
  /** Changes what later windows are judged by. */
  configure(settings: VoiceActivitySettings): void
  /** True between `speech-started` and `speech-stopped`. */
  readonly speaking: boolean
}

/** `atMs` [ms since the first window]: where the speech began, or where its last window ended. */
export interface VoiceActivityEvent {
  readonly type: 'speech-started' | 'speech-stopped'
  readonly atMs: number
}

export interface VoiceActivitySettings {
  /** As the protocol has it: -1 (takes anything for speech) to 1, usually 0.5. */
  readonly threshold: number
  /** Silence that ends a turn [ms]. */
  readonly silenceMs: number
}

const WINDOW_MS = 32
/** 3 of 5: a click or a breath does not start a turn, and a word of one syllable does. */
const START_WINDOWS = 5
const START_SPEECH = 3
/** One breath or crackle within the silence does not prolong the turn. */
const STOP_SPEECH = 0.1
/** Longest silence the protocol allows (6 s), in windows, is what must be remembered. */
const MEMORY = 256

/**
 * The protocol's threshold as a probability for Silero, whose own default is 0.5 as well. Straight lines from there to
 * 0.15 at -1 and to 0.9 at 1: beyond those it would hear speech in anything, or in nothing.
 */
export function probabilityThreshold(threshold: number): number {
  const from = Math.min(1, Math.max(-1, threshold)) - 0.5
  return 0.5 + from * (from < 0 ? 0.35 / 1.5 : 0.8)
}

/** @throws RangeError when `silenceMs` is not within 32..8000, or `threshold` is not a number. */
export function makeVoiceActivity(settings: VoiceActivitySettings): VoiceActivity {
  return new WindowCounter(settings)
}

class WindowCounter implements VoiceActivity {
  /** 1 for speech; window i lies at i % MEMORY. */
  readonly #heard = new Uint8Array(MEMORY)
  #windows = 0
  #threshold = 0
  #stopWindows = 0
  #lastSpeechEndMs = 0
  /** Window from which on the silence is counted: the turn's first. */
  #since = 0
  speaking = false

  constructor(settings: VoiceActivitySettings) {
    this.configure(settings)
  }

  configure({ threshold, silenceMs }: VoiceActivitySettings): void {
    const stopWindows = Math.ceil(silenceMs / WINDOW_MS)
    if (!(stopWindows >= 1 && stopWindows < MEMORY))
      throw new RangeError(`silenceMs: expected 32..8000, got ${silenceMs}`)
    if (Number.isNaN(threshold)) throw new RangeError('threshold: expected a number')
    this.#threshold = probabilityThreshold(threshold)
    this.#stopWindows = stopWindows
  }

  take(probability: number): VoiceActivityEvent | undefined {
    const speech = probability >= this.#threshold
    this.#heard[this.#windows % MEMORY] = speech ? 1 : 0
    this.#windows++
    if (speech) this.#lastSpeechEndMs = this.#windows * WINDOW_MS
    return this.speaking ? this.#stop(speech) : this.#start(speech)
  }

  #start(speech: boolean): VoiceActivityEvent | undefined {
    // Windows of the turn before do not count towards the next.
    const from = Math.max(this.#since, this.#windows - START_WINDOWS)
    if (!speech || this.#count(from) < START_SPEECH) return undefined
    let first = from
    while (this.#heard[first % MEMORY] === 0) first++
    this.speaking = true
    this.#since = first
    return { type: 'speech-started', atMs: first * WINDOW_MS }
  }

  #stop(speech: boolean): VoiceActivityEvent | undefined {
    const from = this.#windows - this.#stopWindows
    if (from < this.#since || this.#count(from) > this.#stopWindows * STOP_SPEECH) return undefined
    // A tenth of a long silence is a word: the turn does not end at the beginning or in the middle of one.
    if (speech || this.#count(Math.max(0, this.#windows - START_WINDOWS)) >= START_SPEECH) return undefined
    this.speaking = false
    this.#since = this.#windows
    return { type: 'speech-stopped', atMs: this.#lastSpeechEndMs }
  }

  /** Windows of speech from `from` to now. */
  #count(from: number): number {
    let count = 0
    for (let i = from; i < this.#windows; i++) count += this.#heard[i % MEMORY] as number
    return count
  }
}
