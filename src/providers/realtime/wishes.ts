/**
 * A `response.create`. `follow-up` is owed to answered tools or to a manual turn; `prompt` is asked for by the call;
 * `reminder` is too, but only for as long as nothing else makes the agent speak.
 */
export interface Create {
  readonly kind: 'prompt' | 'reminder' | 'follow-up'
  readonly instructions?: string
  /** Refused once already: it is not sent a third time. */
  readonly again: boolean
}

/**
 * What is to be asked of the model and cannot be asked yet: one that is owed, and after it one that is wished for.
 * A prompt takes the place of any wish, a reminder that of a reminder only.
 */
export class Wishes {
  #wished: Create | undefined
  #owed: Create | undefined

  get any(): boolean {
    return this.#wished !== undefined || this.#owed !== undefined
  }

  /** A new one takes the place of what waits. */
  put(create: Create): void {
    if (create.kind === 'follow-up') this.#owed = create
    else if (create.kind === 'prompt' || this.#wished?.kind !== 'prompt') this.#wished = create
  }

  /** An older one, that waits again: what has come since goes before it. */
  keep(create: Create): void {
    if (create.kind === 'follow-up') this.#owed ??= create
    else if (this.#wished?.kind !== 'prompt') this.put(create)
  }

  /** The next one, which waits no longer. */
  take(): Create | undefined {
    const next = this.#owed ?? this.#wished
    if (next === this.#owed) this.#owed = undefined
    else this.#wished = undefined
    return next
  }

  /** What is owed stays. */
  forgetWished(): void {
    this.#wished = undefined
  }

  forgetReminder(): void {
    if (this.#wished?.kind === 'reminder') this.#wished = undefined
  }

  clear(): void {
    this.#wished = undefined
    this.#owed = undefined
  }
}
