import type { SessionEvent } from '../../call/provider.ts'

/** About a minute of an answer in 100 ms pieces; nobody leaves a session unheard for longer. */
const bound = 1000

/** Keeps what is told before anybody listens, then hands it on, in order. Of too much, sound goes first. */
export class Mailbox {
  #waiting: SessionEvent[] = []
  #listener: ((event: SessionEvent) => void) | undefined
  #closed = false

  put(event: SessionEvent): void {
    if (this.#closed) return
    if (this.#listener !== undefined) {
      this.#listener(event)
      return
    }
    this.#waiting.push(event)
    if (this.#waiting.length <= bound) return
    const sound = this.#waiting.findIndex(({ type }) => type === 'audio')
    this.#waiting.splice(Math.max(0, sound), 1)
  }

  /** What the listener causes while the kept events are delivered comes after them. */
  listen(listener: (event: SessionEvent) => void): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) listener(next)
    this.#listener = listener
  }

  /** Nothing is delivered any more. */
  close(): void {
    this.#closed = true
    this.#waiting = []
  }
}
