import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'

const DAY_MS = 86_400_000
const EVERY_MS = 3_600_000
/** After a failure: a database that was busy, a disk that was away. */
const AGAIN_MS = 60_000

/** Deletes what is of calls that were opened before [ms since 1970], piece by piece until `signal` aborts; returns of how many. */
interface Forgetful {
  forget(beforeAt: number, signal: AbortSignal): Promise<number>
}

export interface RetentionOptions {
  readonly store: Forgetful
  /** Recordings and flight records, when any are made. */
  readonly shelf?: Forgetful | undefined
  /** Calls that were opened longer ago are forgotten. */
  readonly days: number
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
}

/** Something that keeps what people said, and must forget it in time. */
interface Keeper {
  readonly what: string
  readonly keeper: Forgetful
}

/**
 * Forgets calls that are older than they may become.
 *
 * ```
 *   start ─▶ forget ── 1 h ─▶ forget ── 1 h ─▶ …            after a failure: 1 min
 * ```
 * Disposing waits for the piece that is being forgotten; the others are the next start's.
 */
export function startRetention({ store, shelf, days, clock, now, log }: RetentionOptions): AsyncDisposable {
  const keepers: readonly Keeper[] = [
    { what: 'calls', keeper: store },
    ...(shelf === undefined ? [] : [{ what: 'recordings', keeper: shelf }]),
  ]
  const ended = new AbortController()
  let round: Promise<void> = Promise.resolve()
  const go = () => {
    const beforeAt = now() - days * DAY_MS
    round = Promise.all(keepers.map((keeper) => forgetOld(keeper, beforeAt, ended.signal, log))).then((done) => {
      clock.after(done.includes(false) ? AGAIN_MS : EVERY_MS, go, ended.signal)
    })
  }
  go()
  return {
    async [Symbol.asyncDispose]() {
      ended.abort()
      await round
    },
  }
}

/** False: it could not. */
async function forgetOld(
  { what, keeper }: Keeper,
  beforeAt: number,
  signal: AbortSignal,
  log: Logger,
): Promise<boolean> {
  try {
    const count = await keeper.forget(beforeAt, signal)
    if (count > 0) log.info({ what, count }, 'forgotten, for it was older than RETENTION_DAYS')
    return true
  } catch (error) {
    log.warn({ what, reason: error instanceof Error ? error.message : 'unknown' }, 'not forgotten yet, tried again')
    return false
  }
}
