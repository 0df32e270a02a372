import { openSqlStore, type SqlStore, type SqlStoreOptions } from './store.ts'

export interface SqliteStoreOptions extends SqlStoreOptions {
  /** Where `offhook.db` is, or is made. Processes that share it share their calls. */
  readonly directory: string
  /** What the database may grow to [bytes]; at the bound it is as full as a full disk. */
  readonly maxBytes?: number
}

/**
 * Opens what is kept of calls in a directory: SQLite.
 * @throws Error that names DATA_DIR and says why the database cannot be had.
 */
export function openSqliteStore({ directory, maxBytes, ...options }: SqliteStoreOptions): Promise<SqlStore> {
  return openSqlStore({ type: 'sqlite', directory, maxBytes }, options)
}
