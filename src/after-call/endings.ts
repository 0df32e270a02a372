import type { Clock } from '../base/clock.ts'
import type { EndReason } from '../call/events.ts'
import { backOffMs } from './back-off.ts'

/**
 * How long a stream's end must stand before the call counts as over [ms]: a human rings for 25 s and the carrier takes
 * some seconds on both sides of it; a line that broke, or a process that was stopped, is tried again within seconds.
 */
const SETTLE_MS: Readonly<Record<EndReason, number>> = {
  'caller-hung-up': 2000,
  'agent-hung-up': 2000,
  'operator-hung-up': 2000,
  'max-duration': 2000,
  'handed-over': 50_000,
  'carrier-lost': 20_000,
  'provider-lost': 20_000,
  shutdown: 20_000,
}

/** The same of a call in the archive; without a reason nobody was left to say one. */
export function settleMsOf(reason: EndReason | undefined): number {
  return SETTLE_MS[reason ?? 'shutdown']
}

/** Calls that have ended and are not taken up yet; so many end within a minute on no machine, and in no hour without a disk. */
const MAX_WAITING = 10_000
/** An end that is not kept yet is looked for again: a disk is full, or a database away, for some seconds or for long. */
const AGAIN = { firstMs: 5000, mostMs: 300_000 }
/** After so long it is given up: then a store has given up what waits in it, too [ms]. */
const LOOKED_FOR_MS = 3_600_000

/** One end of a call that this process has seen. */
export interface End {
  readonly callId: string
  /** [ms since 1970] */
  readonly at: number
}

type Waiting = End & {
  /** [ms of the clock]; infinite while somebody looks at it. */
  dueMs: number
  /** When it was first found late [ms of the clock]. */
  lateMs?: number
  looks: number
}

interface EndingsOptions {
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly random: () => number
  /** Looks at it: whoever does says `done` or `again` of it. */
  readonly over: (end: End) => void
}

/**
 * When is a call over? A stream's end is the end of its call only if no other stream follows, and can be told of only
 * when it is kept.
 *
 * ```
 *   ended ── settle ──▶ over                    ended ── answered ── … ── ended ── settle ──▶ over
 *                        └ not kept yet: again ── 5 s ──▶ over ── 10 s ──▶ over … 5 min … ── 1 h: given up
 * ```
 * One timer, for the call that is due first; while nothing waits, none.
 */
export class Endings {
  readonly #options: EndingsOptions
  readonly #waiting = new Map<string, Waiting>()
  #alarm = new AbortController()
  #alarmMs = Number.POSITIVE_INFINITY

  constructor(options: EndingsOptions) {
    this.#options = options
  }

  answered(callId: string): void {
    this.#waiting.delete(callId)
    if (this.#waiting.size === 0) this.#disarm()
  }

  /** False: too many are waiting already. */
  ended(callId: string, reason: EndReason): boolean {
    const { clock, now } = this.#options
    this.answered(callId)
    if (this.#waiting.size >= MAX_WAITING) return false
    const dueMs = clock.now() + settleMsOf(reason)
    this.#waiting.set(callId, { callId, at: now(), dueMs, looks: 0 })
    this.#wakeAt(dueMs)
    return true
  }

  /** Whether it still stands: nobody has come back since. */
  stands(end: End): boolean {
    return this.#waiting.get(end.callId) === end
  }

  /** It needs not be looked at any more. */
  done(end: End): void {
    if (this.stands(end)) this.#waiting.delete(end.callId)
  }

  /** It is to be looked at later; false: that was done for an hour, and is done no more. */
  again(end: End): boolean {
    const { clock, random } = this.#options
    const waiting = this.#waiting.get(end.callId)
    if (waiting === undefined || waiting !== end) return true
    const nowMs = clock.now()
    waiting.lateMs ??= nowMs
    waiting.looks++
    const leftMs = waiting.lateMs + LOOKED_FOR_MS - nowMs
    if (leftMs <= 0) this.#waiting.delete(end.callId)
    else {
      waiting.dueMs = nowMs + Math.min(leftMs, backOffMs(AGAIN, waiting.looks, random))
      this.#wakeAt(waiting.dueMs)
    }
    return leftMs > 0
  }

  /** Forgets all that wait. */
  stop(): void {
    this.#waiting.clear()
    this.#disarm()
  }

  #disarm(): void {
    this.#alarm.abort()
    this.#alarmMs = Number.POSITIVE_INFINITY
  }

  #wakeAt(dueMs: number): void {
    if (dueMs >= this.#alarmMs) return
    this.#alarm.abort()
    this.#alarm = new AbortController()
    this.#alarmMs = dueMs
    const { clock } = this.#options
    clock.after(dueMs - clock.now(), () => this.#look(), this.#alarm.signal)
  }

  #look(): void {
    const nowMs = this.#options.clock.now()
    this.#alarmMs = Number.POSITIVE_INFINITY
    const due = [...this.#waiting.values()].filter(({ dueMs }) => dueMs <= nowMs)
    for (const end of due) end.dueMs = Number.POSITIVE_INFINITY
    let nextMs = Number.POSITIVE_INFINITY
    for (const { dueMs } of this.#waiting.values()) nextMs = Math.min(nextMs, dueMs)
    this.#wakeAt(nextMs)
    for (const end of due) this.#options.over(end)
  }
}
