import type { Clock } from '../base/clock.ts'
import { type BargeInInput, type BargeInState, type By, decide, type Facts, OPEN } from './barge-in.ts'
import type { CallNews } from './call-news.ts'
import type { Interrupter } from './events.ts'
import type { Latencies } from './latencies.ts'
import type { Voice } from './voice.ts'

export interface InterruptionParts {
  readonly voice: Voice
  readonly clock: Clock
  readonly latencies: Latencies
  readonly tell: (news: CallNews) => void
}

export interface InterruptionOptions {
  /** It may change with the model that is there. */
  readonly by: () => By
  /** How long a hold waits to be confirmed [ms]. */
  readonly confirmMs: number
  readonly facts: () => Facts
  /** How long the caller has been speaking [ms]; `undefined`: is silent, as far as our ear can tell. */
  readonly speechMs: () => number | undefined
  /** The voice is held: it may be the caller. */
  readonly held: () => void
  /** The voice goes on: it was not. */
  readonly resumed: () => void
  /** The agent is to stop; `yieldMs` after the caller began it was silent already, or is now. */
  readonly cut: (by: Interrupter, yieldMs: number | undefined) => void
}

/** The ear finds speech 50 ms after it began, and sustained some 200 later: it needs no more to agree with the model [ms]. */
const MODEL_ALONE_MS = 300

/** Carries the decision of `barge-in.ts` through one call: it keeps the state and the time, and holds the voice. */
export class Interruption {
  readonly #parts: InterruptionParts
  readonly #options: InterruptionOptions
  #state: BargeInState = OPEN
  #hold = new AbortController()
  #heldAtMs = 0
  #yieldMs: number | undefined

  constructor(parts: InterruptionParts, options: InterruptionOptions) {
    this.#parts = parts
    this.#options = options
  }

  get held(): boolean {
    return this.#state.held !== undefined
  }

  take(input: BargeInInput): void {
    const [state, action] = decide(this.#options.by(), this.#state, input, this.#options.facts())
    this.#state = state
    if (action === 'hold') this.#stay(input)
    if (action === 'extend') this.#await()
    if (action === 'resume') this.#goOn()
    if (action === 'interrupt') this.#yield(input)
  }

  /** The call is over. */
  close(): void {
    this.#hold.abort()
    this.#state = OPEN
  }

  #stay(input: BargeInInput): void {
    const { voice, clock, latencies, tell } = this.#parts
    voice.hold()
    this.#yieldMs = this.#options.speechMs()
    // Until now both spoke.
    latencies.overlapped(this.#yieldMs ?? 0)
    this.#heldAtMs = clock.now()
    this.#await()
    this.#options.held()
    tell({ type: 'held', by: sourceOf(input), ...yieldOf(this.#yieldMs) })
  }

  #await(): void {
    const { confirmMs } = this.#options
    this.#hold.abort()
    this.#hold = new AbortController()
    const ms = this.#state.held === 'model' ? Math.min(confirmMs, MODEL_ALONE_MS) : confirmMs
    this.#parts.clock.after(ms, () => this.take('deadline'), this.#hold.signal)
  }

  #goOn(): void {
    const { voice, clock, tell } = this.#parts
    this.#hold.abort()
    this.#yieldMs = undefined
    voice.resume()
    this.#options.resumed()
    tell({ type: 'resumed', heldMs: clock.now() - this.#heldAtMs })
  }

  #yield(input: BargeInInput): void {
    this.#hold.abort()
    const yieldMs = this.#yieldMs ?? this.#options.speechMs()
    this.#yieldMs = undefined
    if (yieldMs !== undefined) this.#parts.latencies.yielded(yieldMs)
    this.#options.cut(sourceOf(input), yieldMs)
  }
}

function sourceOf(input: BargeInInput): Interrupter {
  if (input === 'digit') return 'digits'
  return input === 'model-started' ? 'model' : 'local'
}

/** As a field of an event. */
export function yieldOf(yieldMs: number | undefined): { readonly yieldMs?: number } {
  return yieldMs === undefined ? {} : { yieldMs }
}

/** Who hears that the caller speaks over the agent, as things stand: a human who speaks instead is not interrupted by us. */
export function whoHears(by: By, turnsBy: 'model' | 'caller', human: boolean): By {
  if (human) return 'off'
  // A model that has no ear of its own, or is not there, cannot be asked.
  return turnsBy === 'caller' && by === 'model' ? 'local+model' : by
}
