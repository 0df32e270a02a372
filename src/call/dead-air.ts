/** What is to be heard on the line, at one moment. */
export interface Airtime {
  /** Something that the agent says is being heard. */
  readonly audible: boolean
  /** An answer is being made that is to be heard. */
  readonly answering: boolean
  /** The model, or the call, takes the caller to be speaking. */
  readonly callerSpeaks: boolean
  readonly earSpeaking: boolean
  /** How long the caller has been silent after speech [ms]; `undefined`: is not, or never spoke. */
  readonly silentMs: number | undefined
  /** The agent is silent because the caller may be speaking. */
  readonly held: boolean
  /** The model is there. */
  readonly reached: boolean
}

/** An answer that has not begun by then is asked for once more [ms] ... */
const REMIND_MS = 4500
/** ... and then the model is given up, and another session opened. */
const RENOUNCE_MS = 9000
/** Silence of the line, while no model is there, that is covered [ms]. */
const HOLD_AFTER_MS = 1200
/** A turn's end is known so much later than it was, at most [ms]. */
const KNOWN_LATE_MS = 3000

/**
 * Finds that nobody is heard although somebody is to speak, whatever the reason: a slow model, one that is lost, one that
 * has fallen silent in the middle of an answer.
 *
 * ```
 *   caller ▇▇▇▅▁________________________________________________         agent ▇▇▇▇▇▁______________ more was to come
 *              └ owed ─ fillerAfterMs ─▶ filler … 4.5 s ─▶ remind … 9 s ─▶ renounce     └ fillerAfterMs ─▶ filler
 *   no model   └─────── 1.2 s ─────────▶ hold … until it is there
 * ```
 */
export class DeadAir {
  readonly #fillerAfterMs: number
  /** When the agent, and the caller, were heard last, and when the model was there last [ms of the clock]. */
  #agentMs: number
  #callerMs: number
  #reachedMs: number
  /** Since when somebody waits for an answer [ms of the clock]. */
  #owedMs: number | undefined
  /** Since when the model that is there knows of it. */
  #askedMs = 0
  #reminded = false

  /** @param fillerAfterMs 0: no filler. */
  constructor(fillerAfterMs: number, nowMs: number) {
    this.#fillerAfterMs = fillerAfterMs
    this.#agentMs = nowMs
    this.#callerMs = nowMs
    this.#reachedMs = nowMs
  }

  /** Whether somebody waits for an answer. */
  get owed(): boolean {
    return this.#owedMs !== undefined
  }

  /** Somebody waits for an answer. @param silentMs the caller's own words ended so long ago; 0: it was not the caller who asked. */
  owe(nowMs: number, silentMs: number): void {
    if (this.#owedMs !== undefined) return
    this.#owedMs = nowMs - Math.min(silentMs, KNOWN_LATE_MS)
    this.asked(nowMs)
  }

  /** Nobody waits any more. */
  paid(): void {
    this.#owedMs = undefined
  }

  /** The model that is there has only now been told what is waited for. */
  asked(nowMs: number): void {
    this.#askedMs = nowMs
    this.#reminded = false
  }

  /** To be asked on each tick: what covers the silence, if that is too long. */
  cover(nowMs: number, air: Airtime): 'filler' | 'hold' | undefined {
    if (air.audible) this.#agentMs = nowMs
    if (air.reached) this.#reachedMs = nowMs
    this.#callerMs = callerHeardMs(nowMs, air) ?? this.#callerMs
    if (air.held || air.callerSpeaks || air.earSpeaking) return undefined
    const heardMs = Math.max(this.#agentMs, this.#callerMs)
    if (!air.reached && nowMs - Math.max(heardMs, this.#reachedMs) >= HOLD_AFTER_MS) return 'hold'
    if (this.#fillerAfterMs <= 0 || (this.#owedMs === undefined && !air.answering)) return undefined
    const quietMs = nowMs - Math.max(this.#agentMs, this.#owedMs ?? heardMs)
    return quietMs >= this.#fillerAfterMs ? 'filler' : undefined
  }

  /**
   * To be asked on each tick: whether the model is to be asked once more, or given up.
   * @param idle the agent says nothing and makes no answer, and no tool is at work.
   */
  insist(nowMs: number, { callerSpeaks, reached }: Airtime, idle: boolean): 'remind' | 'renounce' | undefined {
    if (this.#owedMs === undefined || !reached || !idle || callerSpeaks) return undefined
    const waitedMs = nowMs - this.#askedMs
    if (waitedMs >= RENOUNCE_MS) return 'renounce'
    if (waitedMs < REMIND_MS || this.#reminded) return undefined
    this.#reminded = true
    return 'remind'
  }
}

/** When the caller was heard last: by our ear, else as the model says. */
function callerHeardMs(nowMs: number, { earSpeaking, silentMs, callerSpeaks }: Airtime): number | undefined {
  if (earSpeaking) return nowMs
  if (silentMs !== undefined) return nowMs - silentMs
  return callerSpeaks ? nowMs : undefined
}
