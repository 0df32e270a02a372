import type { CallEvent } from '../call/events.ts'
import type { Operator } from './sessions.ts'

/** More than a house has operators. */
const MAX_TAKEN = 1000

/** Who has taken over which call: only they are heard in it. */
export class Takeovers {
  readonly #taken = new Map<string, Operator>()

  /** Who speaks in a call. */
  find(callId: string): Operator | undefined {
    return this.#taken.get(callId)
  }

  /** Whether it was this one, in this session, who has taken a call over. */
  isBy(callId: string, { seat }: Operator): boolean {
    return this.#taken.get(callId)?.seat === seat
  }

  takeOver(callId: string, operator: Operator): void {
    this.#taken.delete(callId)
    const [oldest] = this.#taken.keys()
    if (oldest !== undefined && this.#taken.size >= MAX_TAKEN) this.#taken.delete(oldest)
    this.#taken.set(callId, operator)
  }

  handBack(callId: string): void {
    this.#taken.delete(callId)
  }

  /** The agent may go on by itself: when nothing was heard of the operator, or in another stream. */
  take(callId: string, event: CallEvent): void {
    if (event.type === 'ended' || event.type === 'answered') this.#taken.delete(callId)
    if (event.type === 'operator' && event.did === 'handed-back') this.#taken.delete(callId)
  }
}
