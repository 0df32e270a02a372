import type { Clock } from '../base/clock.ts'

/** Questions to another process that wait for their answers, each no longer than it may. */
export class Questions<Answer> {
  readonly #clock: Clock
  readonly #open = new Map<number, (answer: Answer | undefined) => void>()
  #last = 0
  #abandoned = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Puts a question with its number; resolves with the answer, or `undefined` when none came within `ms`. */
  async ask(put: (ask: number) => void, ms: number): Promise<Answer | undefined> {
    if (this.#abandoned) return undefined
    const ask = ++this.#last
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    const done = new AbortController()
    this.#open.set(ask, resolve)
    this.#clock.after(ms, () => resolve(undefined), done.signal)
    put(ask)
    const answer = await promise
    done.abort()
    this.#open.delete(ask)
    return answer
  }

  /** Gives the answer; one that comes too late is dropped. */
  answer(ask: number, answer: Answer): void {
    this.#open.get(ask)?.(answer)
  }

  /** Nobody will answer any more, neither what was asked nor what will be. */
  abandon(): void {
    this.#abandoned = true
    for (const resolve of this.#open.values()) resolve(undefined)
  }
}
