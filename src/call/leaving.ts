import type { EndReason } from './events.ts'
import type { Continuation } from './info.ts'

/** How the agent lets go of the line. */
export interface Leave {
  readonly reason: EndReason
  readonly next: Continuation
  /** The tool call that asked for it: the model is told of its success only if it has not said goodbye yet. */
  readonly asked?: { readonly toolCallId: string; readonly output: string }
  /** Whether a caller who talks over the goodbye keeps the agent on the line. */
  readonly revocable: boolean
}

/** How long a goodbye that is due may take to begin [ms]. */
const GOODBYE_DUE_MS = 5000
/** How long it may take in all: who talks without end is hung up on [ms]. */
const LONGEST_GOODBYE_MS = 20_000

/**
 * From the wish to leave until the goodbye has been heard.
 *
 * ```
 *   leave ─▶ the answer that asked for it ends ─┬─ it had sound: that is the goodbye ──────────────▶ heard ─▶ gone
 *                                               └─ it had none: the tool is answered, the model speaks ─▶ heard ─▶ gone
 *                                                      └─ 5 s without a word ─▶ gone          20 s in all ─▶ gone
 *   the caller talks over it ─▶ back: the agent stays
 * ```
 */
export class Leaving {
  readonly #answerTool: (toolCallId: string, output: string) => void
  #leave: Leave | undefined
  #sinceMs = 0
  #spoken = false
  /** `kept`: the goodbye was said with the call, so an answer would only make the model say it again. */
  #tool: 'none' | 'open' | 'kept' | 'answered' = 'none'
  #dueSinceMs = 0

  constructor(answerTool: (toolCallId: string, output: string) => void) {
    this.#answerTool = answerTool
  }

  /** What is being left for; `undefined`: the agent stays. */
  get leave(): Leave | undefined {
    return this.#leave
  }

  /** A newer wish takes the place of an older one, but nothing takes the place of an end that cannot be revoked. */
  begin(leave: Leave, nowMs: number): void {
    if (this.#leave?.revocable === false) {
      this.#refuse(leave, 'the call is ending already')
      return
    }
    this.#settle('superseded')
    this.#leave = leave
    this.#sinceMs = nowMs
    this.#dueSinceMs = nowMs
    this.#spoken = false
    this.#tool = leave.asked === undefined ? 'none' : 'open'
  }

  /** Nobody can keep the agent any more, if it is leaving. */
  insist(): void {
    if (this.#leave !== undefined) this.#leave = { ...this.#leave, revocable: false }
  }

  /** Sound of the agent's went to the carrier. */
  spoke(): void {
    this.#spoken = true
  }

  /** Another tool was answered, and is to be spoken about first: the goodbye is due anew. */
  postpone(nowMs: number): void {
    this.#dueSinceMs = nowMs
  }

  /** A response is over; `audible`: it had sound; `completed`: nobody stopped it. */
  responseEnded(audible: boolean, completed: boolean): void {
    // The model was told that it is leaving, and had nothing to say to that.
    if (this.#tool === 'answered' && !audible && completed) this.#spoken = true
    if (this.#tool !== 'open' || this.#leave?.asked === undefined) return
    if (audible) {
      this.#spoken = true
      this.#tool = 'kept'
      return
    }
    this.#tool = 'answered'
    this.#answerTool(this.#leave.asked.toolCallId, this.#leave.asked.output)
  }

  /** The caller talks over the agent. */
  callerSpoke(): void {
    if (this.#leave?.revocable !== true) return
    this.#settle('not done: the caller went on speaking')
    this.#leave = undefined
  }

  /** Whether it is time to go. @param silent the agent says nothing and makes no answer. */
  isOver(nowMs: number, silent: boolean): boolean {
    if (this.#leave === undefined) return false
    const forMs = nowMs - this.#sinceMs
    if (forMs >= LONGEST_GOODBYE_MS) return true
    return silent && (this.#spoken || nowMs - this.#dueSinceMs >= GOODBYE_DUE_MS)
  }

  #settle(why: string): void {
    if (this.#tool === 'none' || this.#tool === 'answered') return
    this.#tool = 'none'
    this.#refuse(this.#leave, why)
  }

  #refuse(leave: Leave | undefined, why: string): void {
    if (leave?.asked !== undefined) this.#answerTool(leave.asked.toolCallId, JSON.stringify({ error: why }))
  }
}
