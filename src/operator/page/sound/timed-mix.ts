import { decodeMulaw } from './mulaw.ts'

const SAMPLES_PER_MS = 8
/** What is kept of the future, and so the longest that sound can come in one go [samples]: 4 s. */
const CAPACITY = 32_768
/** Times are whole milliseconds: what begins so near to where the last piece ended belongs there [samples]. */
const SEAM = 30 * SAMPLES_PER_MS
/** Sound that is so far from where it is being played was held up, or is from another time [samples]: 1 s. */
const ASTRAY = 8000

/**
 * Two voices of one line, each in its own time, played together a little later.
 *
 * ```
 *   caller  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ put(0, atMs)
 *   agent        ▓▓▓▓   ▓▓▓▓▓  put(1, atMs)
 *           ──▲──────────────┬─▶ time of the line
 *             played now     newest: `delayMs` ahead at first, so what comes late is still in time
 * ```
 * When a piece comes wholly too late, everything is played that much later from then on: nothing is lost of a voice that
 * the network held up, and of two clocks that drift apart one is waited for.
 */
export class TimedMix {
  readonly #voices = [new Float32Array(CAPACITY), new Float32Array(CAPACITY)] as const
  /** Where the last piece of each voice ended. */
  readonly #ends = [-Infinity, -Infinity]
  readonly #delay: number
  #playing: number | undefined

  constructor(delayMs: number) {
    this.#delay = delayMs * SAMPLES_PER_MS
  }

  put(voice: 0 | 1, atMs: number, mulaw: Uint8Array): void {
    const end = this.#ends[voice] ?? -Infinity
    const due = atMs * SAMPLES_PER_MS
    const at = Math.abs(due - end) <= SEAM ? end : due
    const ahead = this.#playing === undefined ? Infinity : at - this.#playing
    if (ahead < -ASTRAY || ahead > this.#delay + ASTRAY) this.#start(at - this.#delay)
    else if (ahead + mulaw.length <= 0) this.#playing = at - this.#delay
    this.#ends[voice] = at + mulaw.length
    const sound = this.#voices[voice]
    const samples = decodeMulaw(mulaw)
    for (let i = 0; i < samples.length; i++) {
      if (at + i >= (this.#playing ?? 0)) sound[modulo(at + i)] = samples[i] ?? 0
    }
  }

  /** Fills both with what is heard now. */
  take(caller: Float32Array, agent: Float32Array): void {
    const from = this.#playing
    if (from === undefined) {
      caller.fill(0)
      agent.fill(0)
      return
    }
    for (let i = 0; i < caller.length; i++) {
      const at = modulo(from + i)
      caller[i] = this.#voices[0][at] ?? 0
      agent[i] = this.#voices[1][at] ?? 0
      this.#voices[0][at] = 0
      this.#voices[1][at] = 0
    }
    this.#playing = from + caller.length
    // Nothing came for so long that its time has run out: whatever comes next begins anew.
    if (this.#playing > Math.max(...this.#ends) + ASTRAY) this.#playing = undefined
  }

  #start(at: number): void {
    this.#playing = at
    for (const voice of this.#voices) voice.fill(0)
  }
}

function modulo(at: number): number {
  return ((at % CAPACITY) + CAPACITY) % CAPACITY
}
