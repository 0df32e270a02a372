import type { Clock } from './base/clock.ts'
import type { Logger } from './base/log.ts'
import type { CallStore } from './call/store.ts'
import type { Config } from './config.ts'
import { openMemoryStore } from './store/memory/store.ts'
import { startRetention } from './store/retention.ts'
import { openSqliteStore } from './store/sqlite/store.ts'

/** What keeping calls takes from the process. */
export interface StoreSurroundings {
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
}

/** Where calls are kept, and how that goes: what waits, for how long [ms], and what was given up since the start. */
interface Archive {
  readonly store: CallStore
  readonly health: () => { readonly waiting: number; readonly lagMs: number; readonly dropped: number }
}

/**
 * Where calls are kept: under DATA_DIR, for as long as RETENTION_DAYS says; without it in this process alone, which
 * forgets them by itself.
 * @param scope releases it, after everything that was opened later: what waits is written then.
 * @throws Error that names DATA_DIR when nothing can be kept there.
 */
export async function openStore(
  { dataDir, retentionDays: days }: Config,
  { clock, now, log }: StoreSurroundings,
  scope: AsyncDisposableStack,
): Promise<Archive> {
  if (dataDir === undefined) {
    return { store: scope.use(openMemoryStore({ now })), health: () => ({ waiting: 0, lagMs: 0, dropped: 0 }) }
  }
  const store = scope.use(await openSqliteStore({ directory: dataDir, clock, now, log }))
  scope.use(startRetention({ store, days, clock, now, log }))
  return { store, health: () => store.health }
}
