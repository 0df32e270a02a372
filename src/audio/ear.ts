import { decode, ones, powerOf, powers } from './ear-block.ts'
import { Judge } from './ear-judge.ts'
import { BLOCK_SAMPLES, EchoTest, type Origin } from './echo.ts'
import { type AudioFormat, describe, silenceByte } from './format.ts'
import { toLinear } from './g711.ts'
import { NoiseFloor } from './noise-floor.ts'
import type { Silero } from './silero.ts'

/**
 * `onset`: somebody begins to speak; `sustained`: long enough that it is neither a cough nor an "mhm"; `ended`: nothing
 * for 200 ms.
 */
export type EarNews = 'onset' | 'sustained' | 'ended'

export interface EarOptions {
  /** The leg's: mu-law or A-law at 8 kHz. */
  readonly format: AudioFormat
  /**
   * Makes a neural judge's network, when first needed; without it the gate decides alone. One function for all calls of a
   * thread saves each 5 ms.
   */
  readonly speech?: () => Silero
  /** Speech within a burst that makes it `sustained` [ms]; 180 by default. */
  readonly sustainMs?: number
}

/**
 * Hears whether the caller speaks. Time is the sound's own: no clock, and any split of the sound gives the same news.
 *
 * ```
 *   10 ms ─▶ power ─▶ gate: above the noise? ──no──▶ silence              0.5 us
 *                        │ yes
 *                        ├─▶ echo of what was played? ──yes──▶ silence    12 us, while the agent was just heard
 *                        └─▶ careful: judge, from 0.1 s before on ─▶ speech, or not   90 us, twice while in doubt
 *   onset ──── speech … ──── sustained ──── … speech ── 200 ms of none ── ended
 * ```
 * Cheap first: what the judge costs is asked for only while something stands out of the noise that is no echo.
 */
export class Ear {
  readonly #linear: Int16Array
  readonly #powers: Float64Array
  readonly #sustainMs: number
  readonly #make: (() => Silero) | undefined
  #judge: Judge | undefined
  readonly #floor = new NoiseFloor()
  readonly #echo = new EchoTest()
  /** What was heard last, a block after the other; the judge begins with it. */
  readonly #past = new Uint8Array(PAST_BLOCKS * BLOCK_SAMPLES)
  #block = 0
  readonly #heardBytes = new Uint8Array(BLOCK_SAMPLES)
  readonly #playedBytes = new Uint8Array(BLOCK_SAMPLES)
  readonly #silence: number
  #filled = 0
  #plays = false
  readonly #heard = new Float32Array(BLOCK_SAMPLES)
  readonly #played = new Float32Array(BLOCK_SAMPLES)
  /** Which of the last blocks stood out, the newest in bit 0. */
  #outstanding = 0
  /** Power of the loudest speech lately. */
  #peak = 0
  /** Whether the block is as loud as speech that can be understood: where it ends, speech ends. */
  #loud = false
  /** Of the last block that stood out. */
  #origin: Origin = 'own'
  #wasJudged = false
  #judging = false
  #judgingMs = 0
  #judgedQuietMs = 0
  #likely = 0
  #likelyAgeMs = Infinity
  #speaking = false
  #sustained = false
  /** Blocks of speech in this burst [ms]. */
  #speechMs = 0
  /** Since the beginning of what stands out and is no echo, and of it the latest pause [ms]; 0: nothing does. */
  #standingMs = 0
  #pauseMs = 0
  #audibleMs = 0
  #silentMs = Infinity

  constructor(options: EarOptions) {
    const { encoding, sampleRate } = options.format
    if (encoding === 'pcm16' || sampleRate !== 8000) {
      throw new RangeError(`ear: expected mu-law or A-law at 8 kHz, got ${describe(options.format)}`)
    }
    this.#linear = toLinear[encoding]
    this.#powers = powers[encoding]
    this.#silence = silenceByte(options.format)
    this.#sustainMs = options.sustainMs ?? 180
    this.#make = options.speech
  }

  /** From an onset to its end. */
  get speaking(): boolean {
    return this.#speaking
  }

  /** Since the voice became audible in this burst, or in the last one, as far as that stands out of the noise [ms]. */
  get speechMs(): number {
    return this.#audibleMs
  }

  /** Sound since speech was last heard [ms]; Infinity before any. */
  get silentMs(): number {
    return this.#silentMs
  }

  /**
   * Hears the caller's next sound, of any length. In a frame of 20 ms one thing happens at most; of more, the last is told.
   * @param played what the caller was hearing meanwhile, in the same format and as long; `undefined`: silence.
   * @param careful whether it matters if it is speech, because the agent is being heard or turns are ours to decide.
   */
  hear(sound: Uint8Array, played: Uint8Array | undefined, careful: boolean): EarNews | undefined {
    let news: EarNews | undefined
    for (let at = 0; at < sound.length; ) {
      const count = Math.min(BLOCK_SAMPLES - this.#filled, sound.length - at)
      this.#fill(sound, played, at, count)
      at += count
      if (this.#filled === BLOCK_SAMPLES) news = this.#take(careful) ?? news
    }
    return news
  }

  #fill(sound: Uint8Array, played: Uint8Array | undefined, at: number, count: number): void {
    for (let i = 0; i < count; i++) this.#heardBytes[this.#filled + i] = sound[at + i] as number
    if (played !== undefined) {
      if (!this.#plays) this.#playedBytes.fill(this.#silence)
      this.#plays = true
      for (let i = 0; i < count; i++) this.#playedBytes[this.#filled + i] = played[at + i] ?? this.#silence
    } else if (this.#plays) this.#playedBytes.fill(this.#silence, this.#filled, this.#filled + count)
    this.#filled += count
  }

  #take(careful: boolean): EarNews | undefined {
    this.#filled = 0
    this.#play()
    const power = powerOf(this.#heardBytes, this.#powers)
    this.#floor.take(power)
    this.#past.set(this.#heardBytes, (this.#block % PAST_BLOCKS) * BLOCK_SAMPLES)
    this.#block++
    const judged = careful && this.#make !== undefined
    const afresh = judged && !this.#wasJudged && this.#speaking
    this.#wasJudged = judged
    if (afresh) this.#forget()
    const out = this.#stands(power, judged)
    const speech = judged ? this.#judged(out, power) : this.#plain(out, power)
    this.#date(this.#loud && !(judged && this.#origin === 'echo') && (this.#outstanding & 1) === 1)
    if (speech && power > this.#peak) this.#peak = power
    return this.#tell(speech && !afresh) ?? (afresh ? 'ended' : undefined)
  }

  /** What the gate alone took for speech may have been music: whoever really speaks is to be found anew, at once. */
  #forget(): void {
    this.#speaking = false
    this.#silentMs = HANG_OVER_MS + FRAME_MS
  }

  #play(): void {
    if (this.#plays) {
      decode(this.#playedBytes, this.#linear, this.#played)
      this.#echo.play(this.#played, powerOf(this.#playedBytes, this.#powers))
    } else this.#echo.play(undefined, 0)
    this.#plays = false
  }

  /** Whether the block stands out of the noise: a little is enough where a judge is asked. */
  #stands(power: number, judged: boolean): boolean {
    const noise = this.#floor.power
    this.#peak *= PEAK_DECAY
    this.#loud = power > noise * LOUD_ABOVE && power > this.#peak * LOUD_BELOW_PEAK
    const out = judged ? power > noise * JUDGED_ABOVE : this.#loud
    this.#outstanding = ((this.#outstanding << 1) | (out ? 1 : 0)) & 0xff
    return out
  }

  /** Without a judge: three of five blocks that stand out and are no echo. */
  #plain(out: boolean, power: number): boolean {
    this.#judging = false
    if (!out) {
      this.#echo.quiet(power)
      return false
    }
    if (this.#originOf(power) !== 'own') {
      this.#outstanding &= ~1
      return false
    }
    return this.#speaking || ones(this.#outstanding & 0b11111) >= 3
  }

  #judged(out: boolean, power: number): boolean {
    if (out) this.#origin = this.#originOf(power)
    else this.#echo.quiet(power)
    if (this.#origin === 'echo') {
      this.#judging = false
      return false
    }
    if (this.#judging) {
      this.#judgingMs += BLOCK_MS
      this.#ask(this.#heardBytes)
    } else if (!out || this.#origin === 'unsure' || ones(this.#outstanding & 0b111) < 2) return false
    else this.#begin()
    this.#judgedQuietMs = out ? 0 : this.#judgedQuietMs + BLOCK_MS
    if (this.#judgedQuietMs > PATIENCE_MS) this.#judging = false
    if (this.#likelyAgeMs > LIKELY_FOR_MS) return false
    if (this.#speaking) return this.#loud && this.#likely >= LIKELY_STILL
    return out && this.#origin === 'own' && this.#likely >= (this.#judgingMs <= EARLY_MS ? LIKELY_EARLY : LIKELY)
  }

  #originOf(power: number): Origin {
    if (!this.#echo.possible) return 'own'
    decode(this.#heardBytes, this.#linear, this.#heard)
    return this.#echo.origin(this.#heard, power, this.#speaking)
  }

  #begin(): void {
    this.#judge ??= this.#make === undefined ? undefined : new Judge(this.#make)
    this.#judge?.begin()
    this.#judging = true
    this.#judgingMs = 0
    this.#likelyAgeMs = Infinity
    const blocks = Math.min(PAST_BLOCKS, this.#block)
    for (let i = this.#block - blocks; i < this.#block; i++) {
      const at = (i % PAST_BLOCKS) * BLOCK_SAMPLES
      this.#ask(this.#past.subarray(at, at + BLOCK_SAMPLES))
    }
  }

  #ask(bytes: Uint8Array): void {
    decode(bytes, this.#linear, this.#heard)
    const likely = this.#judge?.hear(this.#heard, BLOCK_SAMPLES, !this.#speaking && this.#judgingMs <= EARLY_MS)
    this.#likelyAgeMs += BLOCK_MS
    if (likely === undefined) return
    this.#likely = likely
    this.#likelyAgeMs = 0
  }

  /** When did that begin which now stands out? A judge is sure some time after a voice was there. */
  #date(stands: boolean): void {
    this.#audibleMs += this.#speaking ? BLOCK_MS : 0
    if (stands) this.#pauseMs = 0
    else this.#pauseMs += BLOCK_MS
    if (this.#pauseMs > LONGEST_PAUSE_MS) this.#standingMs = 0
    else if (stands || this.#standingMs > 0) this.#standingMs += BLOCK_MS
  }

  #tell(speech: boolean): EarNews | undefined {
    // An end and a new beginning are a frame apart, so that a frame has one thing to tell.
    const resting = !this.#speaking && this.#silentMs < HANG_OVER_MS + FRAME_MS
    if (!speech || resting) {
      this.#silentMs += BLOCK_MS
      if (!this.#speaking || this.#silentMs < HANG_OVER_MS) return undefined
      this.#speaking = false
      return 'ended'
    }
    this.#silentMs = 0
    if (!this.#speaking) {
      this.#speaking = true
      this.#sustained = false
      this.#speechMs = BLOCK_MS
      this.#audibleMs = Math.min(Math.max(this.#standingMs, BLOCK_MS), LONGEST_DOUBT_MS)
      return 'onset'
    }
    this.#speechMs += BLOCK_MS
    if (this.#sustained || this.#speechMs < this.#sustainMs) return undefined
    this.#sustained = true
    return 'sustained'
  }
}

const BLOCK_MS = 10
/** What carriers send at a time. */
const FRAME_MS = 20
/** The judge begins with 100 ms of what was before, and what the gate took to open: with 60 it is 50 ms later at worst. */
const PAST_BLOCKS = 12
/** 5 dB above the noise where a judge is asked, 9 dB where not. */
const JUDGED_ABOVE = 10 ** 0.5
const LOUD_ABOVE = 10 ** 0.9
/** 25 dB below the loudest lately is an echo of the room, or the end of a breath. It sinks by 10 dB a second. */
const LOUD_BELOW_PEAK = 10 ** -2.5
const PEAK_DECAY = 10 ** -0.01
/**
 * How likely it must be speech to begin, and to go on. What begins is more often speech than what has gone on for a
 * while without being any: music, a motor.
 */
const LIKELY_EARLY = 0.35
const EARLY_MS = 250
const LIKELY = 0.45
const LIKELY_STILL = 0.5
const LIKELY_FOR_MS = 30
/** The judge goes on for so long after the gate has closed. */
const PATIENCE_MS = 150
const HANG_OVER_MS = 200
/** What stands out with no longer pause than this is one sound. */
const LONGEST_PAUSE_MS = 50
/** No voice is doubted for longer: what stood out before was something else. */
const LONGEST_DOUBT_MS = 400
