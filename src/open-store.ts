import type { Clock } from './base/clock.ts'
import type { Logger } from './base/log.ts'
import type { CallArchive } from './call/archive.ts'
import type { CallShelf } from './call/shelf.ts'
import type { CallStore } from './call/store.ts'
import type { Config } from './config.ts'
import { openMemoryStore } from './store/memory/store.ts'
import { QUIET_MS, repairRecordings } from './store/recordings/repair.ts'
import { startRetention } from './store/retention.ts'
import { openShelf } from './store/shelf.ts'
import { openPostgresStore } from './store/sql/postgres.ts'
import { openSqliteStore } from './store/sql/sqlite.ts'

/** What keeping calls takes from the process. */
export interface StoreSurroundings {
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
}

/** How keeping goes: what waits, for how long [ms], what was given up since the start, and whether nothing can be written. */
interface StoreHealth {
  readonly waiting: number
  readonly lagMs: number
  readonly dropped: number
  readonly failing: boolean
}

/** Where calls are kept, and read. */
export interface Kept {
  readonly store: CallStore & CallArchive
  /** Where their recordings are; `undefined`: nothing is recorded. */
  readonly shelf: CallShelf | undefined
  readonly health: () => StoreHealth
  /** For a human. */
  readonly where: string
}

/**
 * Where calls are kept, for as long as RETENTION_DAYS says: in the PostgreSQL of DATABASE_URL, else in SQLite under
 * DATA_DIR, else in this process alone. Recordings are under DATA_DIR.
 * @param scope releases it, after everything that was opened later: what waits is written then.
 * @throws Error that names DATA_DIR, or DATABASE_URL, when nothing can be kept there.
 */
export async function openStore(
  config: Pick<Config, 'dataDir' | 'databaseUrl' | 'retentionDays'>,
  surroundings: StoreSurroundings,
  scope: AsyncDisposableStack,
): Promise<Kept> {
  const { dataDir, databaseUrl, retentionDays: days } = config
  const { now, log } = surroundings
  const shelf = dataDir === undefined ? undefined : openShelf({ directory: dataDir, log })
  if (dataDir !== undefined) repairAll(dataDir, surroundings, scope)
  if (dataDir === undefined && databaseUrl === undefined) {
    const health = { waiting: 0, lagMs: 0, dropped: 0, failing: false }
    const store = scope.use(openMemoryStore({ now }))
    scope.use(startRetention({ store, shelf, days, ...surroundings }))
    return { store, shelf, health: () => health, where: 'memory' }
  }
  const url = databaseUrl?.reveal()
  const opened =
    url === undefined
      ? openSqliteStore({ directory: dataDir ?? '.', ...surroundings })
      : openPostgresStore({ url, ...surroundings })
  const store = scope.use(await opened)
  scope.use(startRetention({ store, shelf, days, ...surroundings }))
  const where = url === undefined ? `SQLite, ${dataDir}/offhook.db` : `PostgreSQL at ${new URL(url).host}`
  return { store, shelf, health: () => store.health, where }
}

/** What a crash a moment ago has left looks like what another process writes now: so only when it is quiet. */
function repairAll(directory: string, { clock, now, log }: StoreSurroundings, scope: AsyncDisposableStack): void {
  const before = now()
  const ended = new AbortController()
  scope.defer(() => ended.abort())
  clock.after(2 * QUIET_MS, () => void repairRecordings({ directory, before, now: now(), log }), ended.signal)
}
