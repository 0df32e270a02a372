import type { Clock } from '../base/clock.ts'
import type { KeptEvent } from '../call/archive.ts'
import { foldCall } from './call-detail.ts'
import { jsonPieces, type PieceWork, type Steps } from './pieces.ts'

export interface CallFoldsOptions {
  /** Oldest first. */
  readonly events: (callId: string) => Promise<readonly KeptEvent[]>
  readonly work: PieceWork
  readonly clock: Pick<Clock, 'now'>
}

/** A call as it was folded last. */
interface Folded {
  /** What it was folded from: as long as this is the same, it is. */
  readonly seen: string
  /** A `FoldedCall`. */
  readonly json: Buffer
}

interface Asked {
  readonly askedMs: number
  readonly folded: Promise<Folded>
  isDone: boolean
  /** Something has happened in it since. */
  touched: boolean
}

/** Of a call in which something happens the store is asked once a second, however many look at it [ms]. */
const LIVE_MS = 1000
/** Of one that is over: another house, on the same store, may have added its analysis [ms]. */
const OVER_MS = 10_000
/** Calls that are looked at at a time; of more, the one that was asked for longest ago is folded anew. */
const MAX_CALLS = 20

/**
 * Calls, folded for their page, for all who look at them.
 *
 * ```
 *   asked ── less than 1 s ago (10 s, when it is over and nothing came) ─▶ as it was
 *         └─ read ── the same events ─▶ as it was
 *                 └─ others ─▶ folded, piece by piece
 * ```
 */
export class CallFolds {
  readonly #options: CallFoldsOptions
  /** The one that was asked for longest ago comes first. */
  readonly #calls = new Map<string, Asked>()

  constructor(options: CallFoldsOptions) {
    this.#options = options
  }

  /** Something has happened in a call. */
  touch(callId: string): void {
    const asked = this.#calls.get(callId)
    if (asked !== undefined) asked.touched = true
  }

  /** The JSON of a `FoldedCall`. Rejects with what reading its events throws. */
  async of(callId: string, isLive: boolean): Promise<Buffer> {
    const before = this.#calls.get(callId)
    const nowMs = this.#options.clock.now()
    this.#calls.delete(callId)
    const asked = before !== undefined && isFresh(before, nowMs, isLive) ? before : this.#ask(callId, nowMs, before)
    const [oldest] = this.#calls.keys()
    if (oldest !== undefined && this.#calls.size >= MAX_CALLS) this.#calls.delete(oldest)
    this.#calls.set(callId, asked)
    try {
      return (await asked.folded).json
    } catch (error) {
      if (this.#calls.get(callId) === asked) this.#calls.delete(callId)
      throw error
    }
  }

  #ask(callId: string, askedMs: number, before: Asked | undefined): Asked {
    const folded = this.#fold(callId, before)
    const asked: Asked = { askedMs, folded, isDone: false, touched: false }
    const done = () => {
      asked.isDone = true
    }
    folded.then(done, done)
    return asked
  }

  async #fold(callId: string, asked: Asked | undefined): Promise<Folded> {
    const { events: read, work } = this.#options
    const events = await read(callId)
    const before = await asked?.folded.catch(() => undefined)
    const last = events.at(-1)
    const seen = JSON.stringify([events.length, last?.stream, last?.at, last?.event.type])
    if (before?.seen === seen) return before
    return { seen, json: Buffer.concat(await work.run(foldedJson(events))) }
  }
}

function isFresh({ askedMs, isDone, touched }: Asked, nowMs: number, isLive: boolean): boolean {
  return !isDone || nowMs - askedMs < (isLive || touched ? LIVE_MS : OVER_MS)
}

function* foldedJson(events: readonly KeptEvent[]): Steps<readonly Buffer[]> {
  return yield* jsonPieces(yield* foldCall(events))
}
