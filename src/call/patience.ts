import type { Manners } from './agent.ts'

/** What is due when nobody speaks, or when a call has lasted long. */
export type Due = 'ask' | 'idle-goodbye' | 'warn' | 'time-up'

/**
 * When the agent speaks because nobody does, and when it says that time is up.
 *
 * ```
 *   agent heard ── idlePromptMs of silence ──▶ ask ── … ──▶ ask (idlePromptsMax times) ── … ──▶ idle-goodbye
 *                      └─ anybody speaks: the silence begins anew; the caller speaks: the asking too
 *   0 ─────────────────────────────────────── warn ──── warnMs ───▶ time-up = maxCallMs
 * ```
 * It has no clock: it is asked on each tick. `warn` waits until the agent is not speaking; `time-up` waits for nobody.
 */
export class Patience {
  readonly #manners: Manners
  readonly #startedMs: number
  #quietSinceMs: number
  #asked = 0
  #warned = false
  #timeUp = false

  constructor(manners: Manners, nowMs: number) {
    this.#manners = manners
    this.#startedMs = nowMs
    this.#quietSinceMs = nowMs
  }

  /** The caller says or keys in something: whatever was asked is answered. */
  callerSpoke(nowMs: number): void {
    this.#asked = 0
    this.#quietSinceMs = nowMs
  }

  /** @param busy somebody speaks, or an answer is on its way. */
  look(nowMs: number, busy: boolean): Due | undefined {
    const { maxCallMs, warnMs, idlePromptMs, idlePromptsMax } = this.#manners
    const leftMs = this.#startedMs + maxCallMs - nowMs
    if (leftMs <= 0 && !this.#timeUp) {
      this.#timeUp = true
      return 'time-up'
    }
    if (busy) {
      this.#quietSinceMs = nowMs
      return undefined
    }
    // A call shorter than its own warning gets none.
    if (leftMs <= warnMs && warnMs < maxCallMs && !this.#warned && !this.#timeUp) {
      this.#warned = true
      this.#quietSinceMs = nowMs
      return 'warn'
    }
    if (idlePromptMs <= 0 || this.#timeUp || nowMs - this.#quietSinceMs < idlePromptMs) return undefined
    this.#quietSinceMs = nowMs
    return this.#asked++ < idlePromptsMax ? 'ask' : 'idle-goodbye'
  }
}
