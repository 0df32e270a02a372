import { typedMessage } from './client-frames.ts'

/** Nobody types more than this over one answer; of more, the oldest go. */
const bound = 16
/** A note is a sentence or two. */
const longest = 4000

/**
 * Typed messages on their way into the conversation, where the least is disturbed: never into an answer that is being
 * made, and always before what the caller says next.
 *
 * ```
 *   note ──nothing active──▶ sent                  caller: ── speaks ──────────────┐ turn's item
 *        └─an answer active─▶ waits ─▶ its end ─▶ sent        └ cut ─▶ note sent ──┘ stands before it
 * ```
 * A cut answer is told to be over in a fraction of a second, the caller speaks for longer: so what was heard of it
 * stands before the turn that cut it.
 */
export class Notes {
  readonly #send: (frame: string) => void
  readonly #busy: () => boolean
  readonly #waiting: string[] = []

  /** @param busy whether an answer is being made. */
  constructor(send: (frame: string) => void, busy: () => boolean) {
    this.#send = send
    this.#busy = busy
  }

  put(text: string): void {
    if (text.trim() === '') return
    this.#waiting.push(typedMessage(text.slice(0, longest)))
    if (this.#waiting.length > bound) this.#waiting.shift()
    if (!this.#busy()) this.flush()
  }

  /** Sends what waits: the answer is over, or a turn is about to be committed. */
  flush(): void {
    for (const frame of this.#waiting.splice(0)) this.#send(frame)
  }
}
