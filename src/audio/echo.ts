/** Where a block of sound comes from: the caller, the agent's own sound, or it is too early to say. */
export type Origin = 'own' | 'echo' | 'unsure'

/** Samples of 8 kHz in a block: 10 ms. */
export const BLOCK_SAMPLES = 80

/**
 * Tells what the caller says from what comes back of the agent's own sound.
 *
 * ```
 *   played  ──▶ 2 kHz, 400 ms of it ──┐
 *   heard   ──▶ 2 kHz ────────────────┴─▶ correlation at each of 800 delays, forgetting within 120 ms
 *
 *   louder than any echo of what was played lately ──────────────────────────▶ own
 *   else: alike at some delay ──▶ echo     alike at none ──▶ own     too early to say ──▶ unsure
 * ```
 * "Any echo" is at first 6 dB below what was played; once the agent was heard for long enough it is what has come back
 * so far, and a little. In ten minutes of a talking agent whose echo comes back by -12 to -30 dB, up to three blocks of
 * it are taken for the caller's at most; callers over the agent are known within 50 ms.
 */
export class EchoTest {
  /** What was played at 2 kHz; the newest ends at `#end`. */
  readonly #played = new Float32Array(HISTORY)
  #end = DELAYS
  readonly #heard = new Float32Array(STEP)
  readonly #products = new Float64Array(DELAYS)
  readonly #energies = new Float64Array(DELAYS)
  #energy = 0
  #blocks = 0
  #gap = 0
  /** Mean squares of the last blocks that were played. */
  readonly #powers = new Float64Array(BLOCKS)
  #at = 0
  #quietBlocks = BLOCKS
  readonly #thinPlayed = new Thinner()
  readonly #thinHeard = new Thinner()
  /** Most that came back of what was played, as powers. */
  #most = 0
  #learnt = 0
  #echoes = 0

  /** Whether an echo may be heard now. */
  get possible(): boolean {
    return this.#quietBlocks < BLOCKS
  }

  /** Takes the next block that is played. @param samples 80 of them, full scale 32768; `undefined`: silence. */
  play(samples: Float32Array | undefined, power: number): void {
    this.#at = (this.#at + 1) % BLOCKS
    this.#powers[this.#at] = power
    this.#quietBlocks = power > AUDIBLE ? 0 : Math.min(BLOCKS, this.#quietBlocks + 1)
    if (!this.possible) return
    if (this.#end + STEP > HISTORY) {
      this.#played.copyWithin(0, this.#end - DELAYS, this.#end)
      this.#end = DELAYS
    }
    this.#thinPlayed.take(samples ?? silence, this.#played, this.#end)
    this.#end += STEP
  }

  /**
   * Says where the block comes from that was heard while the newest one was played.
   * @param speaking whether the caller has begun to speak: an echo must then be clear.
   */
  origin(samples: Float32Array, power: number, speaking = false): Origin {
    const limit = this.#loudest()
    this.#correlate(samples)
    const origin = this.#decide(power, limit, speaking)
    if (origin === 'echo') {
      this.#echoes++
      this.#most = Math.max(power / limit, this.#most)
    }
    return origin
  }

  /** Nothing stands out of the noise: what was collected says nothing of what comes next. */
  quiet(power: number): void {
    if (this.#blocks > 0 && ++this.#gap > GAP_BLOCKS) this.#forget()
    if (this.possible) this.#learn(power / this.#loudest())
  }

  #decide(power: number, limit: number, speaking: boolean): Origin {
    if (power > limit * LOUDEST_ECHO) return 'own'
    const alike = this.#alike()
    if (this.#learnt >= ENOUGH && power > limit * this.#most * MARGIN && alike < ALIKE) return 'own'
    if (this.#blocks < UNSURE_BLOCKS) return 'unsure'
    const known = !speaking && this.#echoes >= ENOUGH_ECHOES && power < limit * this.#most
    return alike > (known ? ALIKE_STILL : ALIKE) ? 'echo' : 'own'
  }

  #learn(ratio: number): void {
    // Only when what was played at the largest delay was loud: before, nothing may have come back yet.
    if ((this.#powers[(this.#at + 1) % BLOCKS] as number) < LOUD) return
    this.#learnt++
    this.#most = Math.max(ratio, this.#most * 0.999)
  }

  #loudest(): number {
    let most = 1e-12
    for (const power of this.#powers) if (power > most) most = power
    return most
  }

  #forget(): void {
    this.#products.fill(0)
    this.#energies.fill(0)
    this.#energy = 0
    this.#blocks = 0
  }

  #correlate(samples: Float32Array): void {
    this.#blocks++
    this.#gap = 0
    this.#thinHeard.take(samples, this.#heard, 0)
    const heard = this.#heard
    const played = this.#played
    let energy = 0
    for (const sample of heard) energy += sample * sample
    this.#energy = this.#energy * FORGET + energy
    const newest = this.#end - STEP
    let other = 0
    for (let i = 0; i < STEP; i++) other += (played[newest + i] as number) ** 2
    for (let delay = 0; delay < DELAYS; delay++) {
      const from = newest - delay
      let sum = 0
      for (let i = 0; i < STEP; i++) sum += (heard[i] as number) * (played[from + i] as number)
      this.#products[delay] = (this.#products[delay] as number) * FORGET + sum
      this.#energies[delay] = (this.#energies[delay] as number) * FORGET + other
      other += (played[from - 1] as number) ** 2 - (played[from + STEP - 1] as number) ** 2
    }
  }

  /**
   * The largest square of a correlation (0..1), at delays where what was played was loud enough for it; also between two
   * delays, where a cubic goes through the four around.
   */
  #alike(): number {
    const products = this.#products
    let most = 0
    for (let delay = 1; delay < DELAYS - 2; delay++) {
      const energy = this.#energies[delay] as number
      if (energy * LOUDEST_ECHO * 2 < this.#energy) continue
      const here = products[delay] as number
      const next = products[delay + 1] as number
      const between = (9 * (here + next) - (products[delay - 1] as number) - (products[delay + 2] as number)) / 16
      const square = Math.max(here * here, between * between)
      const alike = square / (energy * this.#energy)
      if (alike > most) most = alike
    }
    return most
  }
}

/** 8 to 2 kHz, where voices are strongest. Keeps what its filter needs of the last block. */
class Thinner {
  readonly #samples = new Float32Array(TAPS.length - 1 + BLOCK_SAMPLES)

  take(block: Float32Array, out: Float32Array, at: number): void {
    const samples = this.#samples
    samples.copyWithin(0, BLOCK_SAMPLES)
    samples.set(block, TAPS.length - 1)
    for (let i = 0; i < STEP; i++) {
      let sum = 0
      for (let k = 0; k < TAPS.length; k++) sum += (samples[4 * i + k] as number) * (TAPS[k] as number)
      out[at + i] = sum
    }
  }
}

/** A low-pass of 24 taps, -6 dB at 850 Hz. */
const TAPS = lowPass(24, 850 / 8000)

function lowPass(length: number, cutoff: number): Float32Array {
  const middle = (length - 1) / 2
  return Float32Array.from({ length }, (_, n) => {
    const x = n - middle
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / length)
    return (hann * Math.sin(2 * Math.PI * cutoff * x)) / (Math.PI * x)
  })
}

const STEP = BLOCK_SAMPLES / 4
const silence = new Float32Array(BLOCK_SAMPLES)
const DELAYS = 800
const BLOCKS = 41
const HISTORY = DELAYS + 64 * STEP
/** exp(-10 ms / 120 ms) */
const FORGET = 0.92
const UNSURE_BLOCKS = 5
const GAP_BLOCKS = 8
/** Square of the correlation from which on it is an echo. */
const ALIKE = 0.5
/** And in a call that has an echo, if the block is no louder than it has been. */
const ALIKE_STILL = 0.25
const ENOUGH_ECHOES = 5
/** -6 dB. */
const LOUDEST_ECHO = 10 ** -0.6
/** 6 dB more than ever came back is no echo, as soon as it is alike to nothing that was played. */
const MARGIN = 4
const ENOUGH = 50
/** -50 dBFS: the echo of softer sound is lost in noise. */
const AUDIBLE = 10 ** -5
/** -35 dBFS. */
const LOUD = 10 ** -3.5
