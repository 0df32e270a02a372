import { samplesOf } from '../../audio/pcm.ts'
import { makeResampler, type Resampler } from '../../audio/resampler.ts'
import { makeSilero, WINDOW_SAMPLES } from '../../audio/silero.ts'
import type { SileroWeights } from '../../audio/silero-weights.ts'
import { makeVoiceActivity, type VoiceActivitySettings } from './voice-activity.ts'

/** What an ear tells. Sound is 16 kHz mono; times are [ms] of sound heard. */
export interface EarListener {
  /** Speech began; `sound` of before the decision follows at once. */
  started(atMs: number): void
  /** A piece of the turn, in order and without gaps. */
  sound(samples: Int16Array): void
  stopped(atMs: number): void
}

/**
 * Cuts a caller's sound into turns.
 *
 * ```
 *   heard ────────────────┬ started (decided) ──────────────┬ stopped ─────────────────
 *           480 ms before └▶ sound, sound, sound … sound ───┘        (the silence at its end is part of it)
 * ```
 */
export interface Ear {
  configure(settings: EarSettings): void
  /** PCM16 little-endian mono at the configured rate; any whole number of samples. */
  hear(audio: Uint8Array): void
  /** The turn is over, whatever it heard: what comes next is another one, told as started anew. */
  reset(): void
}

export interface EarSettings extends VoiceActivitySettings {
  /** [Hz] */
  readonly inputRate: number
}

const EAR_HZ = 16_000
/** The decision is up to 160 ms late and a word may begin softly: this much before it belongs to the turn. */
const PRE_ROLL_WINDOWS = 15

export function makeEar(weights: SileroWeights, settings: EarSettings, listener: EarListener): Ear {
  return new WindowedEar(weights, settings, listener)
}

class WindowedEar implements Ear {
  readonly #listener: EarListener
  readonly #silero
  #settings: EarSettings
  #activity
  readonly #preRoll: Int16Array[] = []
  readonly #level = new Float32Array(WINDOW_SAMPLES)
  #window = new Int16Array(WINDOW_SAMPLES)
  #filled = 0
  #inputRate: number
  #resampler: Resampler

  constructor(weights: SileroWeights, settings: EarSettings, listener: EarListener) {
    this.#silero = makeSilero(weights)
    this.#settings = settings
    this.#activity = makeVoiceActivity(settings)
    this.#inputRate = settings.inputRate
    this.#resampler = makeResampler(settings.inputRate, EAR_HZ)
    this.#listener = listener
  }

  configure(settings: EarSettings): void {
    this.#settings = settings
    this.#activity.configure(settings)
    if (settings.inputRate === this.#inputRate) return
    this.#inputRate = settings.inputRate
    this.#resampler = makeResampler(settings.inputRate, EAR_HZ)
  }

  reset(): void {
    this.#activity = makeVoiceActivity(this.#settings)
    this.#preRoll.length = 0
  }

  hear(audio: Uint8Array): void {
    const samples = this.#resampler.push(samplesOf(audio))
    for (let at = 0; at < samples.length; ) {
      const some = samples.subarray(at, at + WINDOW_SAMPLES - this.#filled)
      this.#window.set(some, this.#filled)
      this.#filled += some.length
      at += some.length
      if (this.#filled === WINDOW_SAMPLES) this.#decide()
    }
  }

  #decide(): void {
    const window = this.#window
    this.#window = new Int16Array(WINDOW_SAMPLES)
    this.#filled = 0
    for (let i = 0; i < WINDOW_SAMPLES; i++) this.#level[i] = (window[i] ?? 0) / 32_768
    const event = this.#activity.take(this.#silero.next(this.#level))
    if (event?.type === 'speech-started') {
      this.#listener.started(event.atMs)
      for (const before of this.#preRoll.splice(0)) this.#listener.sound(before)
    }
    if (this.#activity.speaking || event !== undefined) this.#listener.sound(window)
    else this.#remember(window)
    if (event?.type === 'speech-stopped') this.#listener.stopped(event.atMs)
  }

  #remember(window: Int16Array): void {
    this.#preRoll.push(window)
    if (this.#preRoll.length > PRE_ROLL_WINDOWS) this.#preRoll.shift()
  }
}
