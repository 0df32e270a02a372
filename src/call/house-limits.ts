import type { Clock } from '../base/clock.ts'
import type { Admission, Applicant, Refusal } from './admission.ts'

/** How many calls may be here at once, and how often they may come. */
export interface HouseLimits {
  readonly maxCalls: number
  readonly maxCallsPerCaller: number
  /** `undefined`: as many as the house takes. */
  readonly maxCallsPerNumber: number | undefined
  readonly callerCallsPerHour: number
  readonly numberCallsPerMinute: number | undefined
  /** No new calls while the event loop's p99 lag is above it [ms]. */
  readonly maxLagMs: number
}

export interface AdmissionOptions {
  readonly limits: HouseLimits
  /** Why nobody comes in at all, if so. */
  readonly closed: () => 'draining' | 'model-down' | undefined
  /** The event loop's p99 lag of the last seconds [ms]. */
  readonly lagMs: () => number
  /** Whether what looks like a number is what the carrier says of one that is withheld. */
  readonly isWithheld: (from: string) => boolean
  readonly clock: Clock
  /** How long a place is kept for who neither leaves nor asks again [ms]; longer than any call, a transfer included. */
  readonly placeMs?: number
}

interface Place {
  readonly caller: string | undefined
  readonly number: string
  readonly untilMs: number
}

const HOUR_MS = 3_600_000
/** Carriers end a transferred call after four hours, ours are shorter; what is left after that was never said to be over. */
const PLACE_MS = 4 * HOUR_MS + 300_000
/** Who lagged is taken for well again below this part of the bound: a lag that hovers there would open and shut the door. */
const WELL_AGAIN = 0.75

/**
 * The house's limits, for one process that answers webhooks.
 *
 * ```
 *   ask ─▶ has a place? ─yes─▶ welcome                                      left ─▶ the place is free
 *              └ no ─▶ closed? caller's rate, calls? number's rate, calls? house's calls? lag? ─▶ a place
 * ```
 * What is the caller's own doing comes before what is ours: who calls too often is not sent to wait for a free line.
 *
 * Only calls that came in count into the rates. A refused one costs us an answer to a webhook, and counting it would let
 * an impatient redialler, or a queue that asks every few seconds, shut itself out for good: so a caller is free again an
 * hour after the calls that were taken, however often they tried meanwhile. A call that left and asks again is a new one.
 *
 * Callers who withhold their number are many, and not one: no limit of a caller counts them, those of the number do.
 */
export function makeAdmission({
  limits,
  closed,
  lagMs,
  isWithheld,
  clock,
  placeMs = PLACE_MS,
}: AdmissionOptions): Admission & { readonly calls: number } {
  const places = new Map<string, Place>()
  const ofCaller = new Tally()
  const ofNumber = new Tally()
  const callerRate = new Rate(limits.callerCallsPerHour, HOUR_MS)
  const numberRate = new Rate(limits.numberCallsPerMinute ?? Infinity, 60_000)
  let lagging = false

  const isLagging = () => {
    lagging = lagMs() > (lagging ? limits.maxLagMs * WELL_AGAIN : limits.maxLagMs)
    return lagging
  }
  const free = (callId: string) => {
    const place = places.get(callId)
    if (place === undefined) return
    places.delete(callId)
    if (place.caller !== undefined) ofCaller.add(place.caller, -1)
    ofNumber.add(place.number, -1)
  }
  const seat = (callId: string, caller: string | undefined, number: string) => {
    places.set(callId, { caller, number, untilMs: clock.now() + placeMs })
    if (caller !== undefined) ofCaller.add(caller, 1)
    ofNumber.add(number, 1)
  }
  // The one who was heard of longest ago is first: places are put at the end, and put there again when they are asked for.
  const freeForgotten = () => {
    for (const [callId, { untilMs }] of places) {
      if (untilMs > clock.now()) return
      free(callId)
    }
  }
  const refusal = (caller: string | undefined, number: string): Refusal | undefined => {
    const nobody = closed()
    if (nobody !== undefined) return nobody
    const now = clock.now()
    if (caller !== undefined && callerRate.isSpent(caller, now)) return 'caller-too-often'
    if (caller !== undefined && ofCaller.of(caller) >= limits.maxCallsPerCaller) return 'caller-busy'
    if (numberRate.isSpent(number, now)) return 'number-too-often'
    if (ofNumber.of(number) >= (limits.maxCallsPerNumber ?? Infinity)) return 'number-busy'
    if (places.size >= limits.maxCalls) return 'all-lines-busy'
    return isLagging() ? 'lagging' : undefined
  }
  return {
    get calls() {
      freeForgotten()
      return places.size
    },
    ask({ callId, from, to }: Applicant) {
      freeForgotten()
      const had = places.get(callId)
      if (had !== undefined) {
        free(callId)
        seat(callId, had.caller, had.number)
        return undefined
      }
      const caller = isWithheld(from) ? undefined : callerKey(from)
      const number = numberKey(to)
      const why = refusal(caller, number)
      if (why !== undefined) return why
      seat(callId, caller, number)
      if (caller !== undefined) callerRate.count(caller, clock.now())
      numberRate.count(number, clock.now())
      return undefined
    },
    left: free,
  }
}

/** Numbers and addresses are callers; `anonymous`, `unknown`, nothing and the like are nobody. */
function callerKey(from: string): string | undefined {
  const key = numberKey(from)
  return /^\+?[1-9]\d{2,14}$|^[a-z]+:[^\s]+$/.test(key) ? key : undefined
}

/** The same for what differs in its parameters, case or blanks only, and short whatever came. */
function numberKey(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[;?].*$/s, '')
    .slice(0, 128)
}

/** How many of each there are now; what there is none of takes no memory. */
class Tally {
  readonly #counts = new Map<string, number>()

  of(key: string): number {
    return this.#counts.get(key) ?? 0
  }

  add(key: string, change: 1 | -1): void {
    const count = this.of(key) + change
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}

/** Who is remembered; a flood of others' numbers makes the oldest forgotten, and the limits of calls at once remain. */
const KEYS_MAX = 10_000
/** A window is counted in so many parts. */
const PARTS = 60

/**
 * At most `limit` in any `windowMs`, by key. Counts a part of the window together, and the part that is half out of it as
 * in it: never more than `limit`, and at most a sixtieth later than need be. So a key takes at most 61 entries, whatever
 * its limit is.
 *
 * ```
 *   parts    │ 3 │   │ 1 │ … │ 2 │ now      counted while they are at most 60 parts old
 * ```
 */
class Rate {
  readonly #limit: number
  readonly #partMs: number
  /** By key, last counted last. */
  readonly #counts = new Map<string, { part: number; count: number }[]>()

  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#partMs = windowMs / PARTS
  }

  isSpent(key: string, nowMs: number): boolean {
    if (this.#limit === Infinity) return false
    return this.#recent(key, nowMs).reduce((sum, { count }) => sum + count, 0) >= this.#limit
  }

  count(key: string, nowMs: number): void {
    if (this.#limit === Infinity) return
    const part = Math.floor(nowMs / this.#partMs)
    const recent = this.#recent(key, nowMs)
    const last = recent.at(-1)
    if (last?.part === part) last.count++
    else recent.push({ part, count: 1 })
    this.#counts.delete(key)
    this.#counts.set(key, recent)
    this.#forget(part)
  }

  #recent(key: string, nowMs: number): { part: number; count: number }[] {
    const oldest = Math.floor(nowMs / this.#partMs) - PARTS
    return (this.#counts.get(key) ?? []).filter(({ part }) => part >= oldest)
  }

  #forget(part: number): void {
    for (const [key, counts] of this.#counts) {
      const isOver = (counts.at(-1)?.part ?? 0) < part - PARTS
      if (!isOver && this.#counts.size <= KEYS_MAX) return
      this.#counts.delete(key)
    }
  }
}
