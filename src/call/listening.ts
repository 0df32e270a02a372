import type { CallerEar } from './ear.ts'
import type { RealtimeSession } from './provider.ts'

export interface ListeningOptions {
  readonly ear: CallerEar
  readonly session: RealtimeSession
  /** Whether the ear decides when the agent yields; it may change with the model that is there. */
  readonly yields: () => boolean
  /** Manual turns: silence that ends one [ms]. */
  readonly turnSilenceMs: number
}

/** A minute of G.711: who speaks for longer, or leaves a television on, is answered all the same. */
const LONGEST_TURN_BYTES = 60 * 8000

/** How much later than our ear a model may find that a turn has ended [ms]. */
const LATE_MS = 800
/** Speech has begun some time before anybody says so [ms]. */
const BEFORE_MS = 700

export interface ListeningActs {
  /** The caller may be speaking over the agent. */
  speech(input: 'ear-onset' | 'ear-sustained'): void
  /** Manual turns: the caller's turn. */
  callerBegan(hush: boolean): void
  callerEnded(): void
}

/**
 * What the ear makes of the caller's sound: who speaks, and, where the model leaves that to us, what is a turn.
 *
 * ```
 *   sound   ___▁▇▇▅▇▇▁▁▇▇▅______________________
 *   ear        └ onset, sustained, ended: silence counts
 *   turn       └ began                    └ ended, after turnSilenceMs
 *   over the agent
 *              └ the model listens    resumed: it forgets    interrupted: the turn has begun
 * ```
 * Where the agent yields to nobody a turn begins as ever.
 */
export class Listening {
  readonly #options: ListeningOptions
  readonly #acts: ListeningActs
  #sustained = false
  #turn: 'none' | 'in-doubt' | 'open' = 'none'
  #turnBytes = 0

  constructor(options: ListeningOptions, acts: ListeningActs) {
    this.#options = options
    this.#acts = acts
  }

  /** Whether a model that hears the caller is right, as far as our ear is asked. */
  get believes(): boolean {
    return !this.#options.yields() || this.#options.ear.speaking
  }

  get earSpeaking(): boolean {
    return this.#options.ear.speaking
  }

  /** What the ear says now. */
  get facts(): { readonly earSpeaking: boolean; readonly earSustained: boolean } {
    return { earSpeaking: this.#options.ear.speaking, earSustained: this.#sustained }
  }

  /** How long the caller has been speaking [ms]; `undefined`: is silent. */
  get speechMs(): number | undefined {
    return this.#options.ear.speaking ? this.#options.ear.speechMs : undefined
  }

  /** How long the caller has been silent after speech [ms]; `undefined`: still speaks, or never has. */
  get silentMs(): number | undefined {
    const { speaking, silentMs } = this.#options.ear
    return speaking || !Number.isFinite(silentMs) ? undefined : silentMs
  }

  /**
   * Whether our ear heard the caller stop, and whoever ends the turns has not said so although it should have.
   * @param sinceMs when the turn began [ms of the clock]; what was heard before it is no part of it.
   */
  missedEnd(sinceMs: number | undefined, nowMs: number): boolean {
    const { silentMs } = this
    if (this.#manual || sinceMs === undefined || silentMs === undefined) return false
    return silentMs >= this.#options.turnSilenceMs + LATE_MS && silentMs <= nowMs - sinceMs + BEFORE_MS
  }

  /** @param played what the caller was hearing meanwhile. */
  hear(sound: Uint8Array, played: Uint8Array | undefined, agentSpeaks: boolean): void {
    const { ear, session, turnSilenceMs } = this.#options
    const yields = this.#options.yields()
    const news = ear.hear(sound, played, this.#manual || (yields && agentSpeaks))
    if (news === 'onset') {
      this.#sustained = false
      this.#acts.speech('ear-onset')
      if (!(agentSpeaks && yields)) this.begin(!agentSpeaks)
    } else if (news === 'sustained') {
      this.#sustained = true
      this.#acts.speech('ear-sustained')
    } else if (news === 'ended') {
      this.#sustained = false
    }
    this.#turnBytes += sound.length
    const isTooLong = this.#turnBytes >= LONGEST_TURN_BYTES
    if (this.#turn !== 'open' || (ear.silentMs < turnSilenceMs && !isTooLong)) return
    this.#turn = 'none'
    this.#acts.callerEnded()
    session.endTurn()
  }

  /** The agent waits: it may be a turn. The model is to have its beginning, whenever that is decided. */
  doubt(): void {
    if (!this.#manual || this.#turn !== 'none') return
    this.#turn = 'in-doubt'
    this.#options.session.beginTurn()
  }

  /** The agent goes on, because nothing more was heard; or has nothing to go on with, and the caller still speaks. */
  settle(agentSpeaks: boolean): void {
    if (!agentSpeaks && this.#options.ear.speaking) this.begin(true)
    else this.dismiss()
  }

  /** It was none. */
  dismiss(): void {
    if (this.#turn !== 'in-doubt') return
    this.#turn = 'none'
    this.#options.session.dropTurn()
  }

  /** The caller is to be answered: a turn begins, unless one has. @param hush the agent, silent now, is to stay so. */
  begin(hush: boolean): void {
    if (!this.#manual && this.#turn === 'in-doubt') this.#turn = 'none'
    if (!this.#manual || this.#turn === 'open') return
    const { session } = this.#options
    const isNew = this.#turn === 'none'
    this.#turn = 'open'
    this.#turnBytes = 0
    this.#acts.callerBegan(hush)
    // What was to be hushed was asked for before this turn.
    if (isNew) session.beginTurn()
  }

  /** A server that hears speech all the same is let have its way, so it may change. */
  get #manual(): boolean {
    return this.#options.session.turnsBy === 'caller'
  }
}
