import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../base/clock.ts'

/** An operator who is let in, for as long as `over` does not abort. */
export interface Operator {
  readonly name: string
  readonly over: AbortSignal
  /** Tells operators of one name apart where that can be told: by their sessions. */
  readonly seat: string
  /** It is known from a proxy alone, for each request anew: nobody tells when it ends. */
  readonly byProxy?: true
}

/** How long a sign-in lasts [ms]: a shift. It does not grow by being used: a stolen cookie ends too. */
export const SESSION_MS = 12 * 3_600_000
/** More at a time than a house has operators; the oldest goes. */
const MAX_SESSIONS = 1000

/** Who has signed in. Only digests of the ids are kept: who reads the memory of the process cannot sign in with them. */
export class Sessions implements Disposable {
  readonly #clock: Clock
  /** By digest, oldest first. */
  readonly #sessions = new Map<string, { readonly operator: Operator; readonly end: AbortController }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns the id that shows who comes: 256 random bits. */
  open(name: string): string {
    const [oldest] = this.#sessions.keys()
    if (oldest !== undefined && this.#sessions.size >= MAX_SESSIONS) this.#end(oldest)
    const id = randomBytes(32).toString('base64url')
    const key = keyOf(id)
    const end = new AbortController()
    this.#sessions.set(key, { operator: { name, over: end.signal, seat: key }, end })
    this.#clock.after(SESSION_MS, () => this.#end(key), end.signal)
    return id
  }

  find(id: string): Operator | undefined {
    return this.#sessions.get(keyOf(id))?.operator
  }

  /** Whoever shows this id is nobody from now on. */
  end(id: string): void {
    this.#end(keyOf(id))
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#sessions.keys()]) this.#end(key)
  }

  #end(key: string): void {
    const session = this.#sessions.get(key)
    this.#sessions.delete(key)
    session?.end.abort()
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url')
}
