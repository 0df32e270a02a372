import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { CallStore } from '../call/store.ts'

const DAY_MS = 86_400_000
const EVERY_MS = 3_600_000
/** After a failure: a database that was busy, a disk that was away. */
const AGAIN_MS = 60_000

export interface RetentionOptions {
  readonly store: Pick<CallStore, 'forget'>
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
  /** Deletes what is of calls that were opened before [ms since 1970]; returns of how many. */
  readonly forget: (beforeAt: number) => Promise<number>
}

/**
 * Forgets calls that are older than they may become.
 *
 * ```
 *   start ─▶ forget ── 1 h ─▶ forget ── 1 h ─▶ …            after a failure: 1 min
 * ```
 * Disposing waits for what it is about to forget.
 */
export function startRetention({ store, days, clock, now, log }: RetentionOptions): AsyncDisposable {
  // Whatever else is kept of calls, as recordings, joins here.
  const keepers: readonly Keeper[] = [{ what: 'calls', forget: (beforeAt) => store.forget(beforeAt) }]
  const ended = new AbortController()
  let round: Promise<void> = Promise.resolve()
  const go = () => {
    round = Promise.all(keepers.map((keeper) => forgetOld(keeper, now() - days * DAY_MS, log))).then((done) => {
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
async function forgetOld({ what, forget }: Keeper, beforeAt: number, log: Logger): Promise<boolean> {
  try {
    const count = await forget(beforeAt)
    if (count > 0) log.info({ what, count }, 'forgotten, for it was older than RETENTION_DAYS')
    return true
  } catch (error) {
    log.warn({ what, reason: error instanceof Error ? error.message : 'unknown' }, 'not forgotten yet, tried again')
    return false
  }
}
