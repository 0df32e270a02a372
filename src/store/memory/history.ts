import { setImmediate as soon } from 'node:timers/promises'
import type { CallArchive, KeptEvent } from '../../call/archive.ts'
import { type Cursor, checkLimit, fromNext, numbersOf, type Sought, soughtIn, spoken, toNext } from '../sought.ts'
import { Sums, Trend } from '../sums.ts'
import { summaryOf, type Tally, tallied } from '../tally.ts'

const MAX_EVENTS_READ = 20_000
/** Texts that are searched before the calls of this process get their turn: some 3 ms. */
const SEARCHED_AT_ONCE = 5000

/** What is kept of one call for those who look back at it. */
export class CallHistory {
  #events: KeptEvent[] = []
  /** What was said, as it is searched. */
  #said: string[] = []
  #tally: Tally | undefined
  readonly #maxEvents: number

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  get size(): number {
    return this.#events.length
  }

  /** Of its streams, by when they were answered. */
  get events(): readonly KeptEvent[] {
    return this.#events.slice(-this.#maxEvents).sort((a, b) => a.stream - b.stream)
  }

  get said(): readonly string[] {
    return this.#said
  }

  /** `undefined`: it has no events. */
  get tally(): Tally | undefined {
    return this.#tally
  }

  add(kept: KeptEvent): void {
    this.#tally = tallied(this.#tally, kept)
    this.#events.push(kept)
    if (kept.event.type === 'said') this.#said.push(spoken(kept.event.text))
    // A quarter at a time: moving the rest for each one would cost more than keeping them.
    if (this.#events.length > this.#maxEvents * 1.25) this.#events = this.#events.slice(-this.#maxEvents)
    if (this.#said.length > this.#maxEvents * 1.25) this.#said = this.#said.slice(-this.#maxEvents)
  }

  /** Its events and words make room for others'; what it came to stays. */
  shed(): void {
    this.#events = []
    this.#said = []
  }
}

/** A call among others. */
export interface PastCall extends Cursor {
  readonly history: CallHistory
}

interface Found extends PastCall {
  readonly tally: Tally
}

/** The archive of what this process has in mind. `all` throws when it is closed. */
export function archiveOver(
  all: () => Iterable<PastCall>,
  call: (callId: string) => PastCall | undefined,
): CallArchive {
  const found = async (sought: Sought) => {
    const some: Found[] = []
    let searched = 0
    for (const past of [...all()]) {
      if (matches(past, sought)) some.push(...tallyOf(past))
      searched += sought.terms.length * past.history.said.length
      if (searched < SEARCHED_AT_ONCE) continue
      searched = 0
      await soon()
    }
    return newestFirst(some)
  }
  return {
    async search(filter, limit, next) {
      checkLimit(limit)
      const from = next === undefined ? undefined : fromNext(next)
      const rest = (await found(soughtIn(filter))).filter((past) => from === undefined || inOrder(from, past) < 0)
      const page = rest.slice(0, limit)
      const last = rest.length > limit ? page.at(-1) : undefined
      const calls = page.map(({ callId, openedAt, tally }) => summaryOf(callId, openedAt, tally))
      return { calls, ...(last === undefined ? {} : { next: toNext(last) }) }
    },
    async summary(callId) {
      const { openedAt = 0, history } = call(callId) ?? {}
      return history?.tally === undefined ? undefined : summaryOf(callId, openedAt, history.tally)
    },
    events: async (callId) => call(callId)?.history.events.slice(0, MAX_EVENTS_READ) ?? [],
    async totals(filter) {
      const sums = new Sums()
      for (const { tally } of await found(soughtIn(filter))) sums.add(tally)
      return sums.totals()
    },
    async trend(filter, step) {
      const trend = new Trend(step)
      const calls = await found(soughtIn(filter))
      calls.every(({ openedAt, tally }) => trend.add(openedAt, tally))
      return trend.points()
    },
    async agents() {
      const names = (await found(soughtIn({}))).map(({ tally }) => tally.agent)
      return [...new Set(names)].filter((name) => name !== '').sort()
    },
  }
}

function tallyOf(past: PastCall): Found[] {
  const { tally } = past.history
  return tally === undefined ? [] : [{ ...past, tally }]
}

function matches({ openedAt, history }: PastCall, sought: Sought): boolean {
  const { tally, said } = history
  if (tally === undefined) return false
  const { digits, agent, reason, fromAt, untilAt, terms } = sought
  return (
    (digits === undefined || numbersOf(tally.from, tally.to).includes(digits)) &&
    (agent === undefined || tally.agent === agent) &&
    (reason === undefined || tally.end?.reason === reason) &&
    (fromAt === undefined || openedAt >= fromAt) &&
    (untilAt === undefined || openedAt < untilAt) &&
    terms.every((term) => said.some((text) => text.includes(term)))
  )
}

function newestFirst(calls: readonly Found[]): readonly Found[] {
  return calls.toSorted(inOrder)
}

/** Negative: `a` comes first. */
function inOrder(a: Cursor, b: Cursor): number {
  if (a.openedAt !== b.openedAt) return b.openedAt - a.openedAt
  if (a.callId === b.callId) return 0
  return a.callId > b.callId ? -1 : 1
}
