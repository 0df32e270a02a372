import type { Clock } from './base/clock.ts'
import { type LagWatch, watchLag } from './base/lag.ts'
import type { Admission, Applicant, Refusal } from './call/admission.ts'
import { type HouseLimits, makeAdmission } from './call/house-limits.ts'
import { isWithheld } from './carriers/twilio/withheld.ts'
import type { CallRoom } from './workers/call-room.ts'

/** Why no call comes in at all. */
type Closed = 'draining' | 'model-down'

/** What the gate is told by. */
export interface FrontGateOptions {
  readonly limits: HouseLimits
  readonly clock: Clock
  /** Takes who is turned away, to be counted. */
  readonly onRefused: (why: Refusal) => void
}

/**
 * Where new calls come in, or do not: the house's limits, and what the house itself is at.
 *
 * ```
 *   made ─▶ closed ── open(room) ─▶ open while one of the room's processes is ready ── close ─▶ closed, for good
 * ```
 */
export class FrontGate implements Admission, Disposable {
  readonly #options: FrontGateOptions
  readonly #admission: ReturnType<typeof makeAdmission>
  #room: Pick<CallRoom, 'open' | 'lagMs'> | undefined
  #lag: LagWatch | undefined
  #closed: Closed | undefined

  constructor(options: FrontGateOptions) {
    this.#options = options
    const { limits, clock } = options
    const closed = () => this.#why
    this.#admission = makeAdmission({ limits, closed, lagMs: () => this.lagMs, isWithheld, clock })
  }

  /** Calls come in from now on. Only now is the lag looked at: starting up takes its time, and is over. */
  open(room: Pick<CallRoom, 'open' | 'lagMs'>): void {
    this.#room = room
    this.#lag = watchLag()
  }

  /** No new call comes in any more. */
  close(why: Closed): void {
    if (this.#closed !== 'draining') this.#closed = why
  }

  /** How late the event loops of the house are: p99 of the last seconds, of the worst [ms]. */
  get lagMs(): number {
    return Math.max(this.#lag?.p99Ms ?? 0, this.#room?.lagMs ?? 0)
  }

  /**
   * Whether the house takes calls. One that is full, or late, does: a balancer that turned away from it would turn away
   * from its live calls too, and nobody would hear the overflow plan.
   */
  get isOpen(): boolean {
    return this.#why === undefined
  }

  ask(call: Applicant): Refusal | undefined {
    const refusal = this.#admission.ask(call)
    if (refusal !== undefined) this.#options.onRefused(refusal)
    return refusal
  }

  left(callId: string): void {
    this.#admission.left(callId)
  }

  [Symbol.dispose](): void {
    this.#lag?.[Symbol.dispose]()
  }

  get #why(): Closed | undefined {
    return this.#closed ?? (this.#room?.open === true ? undefined : 'model-down')
  }
}
