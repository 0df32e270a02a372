import { openSqlStore, type SqlStore, type SqlStoreOptions } from './store.ts'

export interface PostgresStoreOptions extends SqlStoreOptions {
  /** `postgres://user:password@host:5432/database`. Processes that share it share their calls. */
  readonly url: string
}

/**
 * Opens what is kept of calls in a PostgreSQL, in its schema `offhook`. One that cannot be reached is waited for
 * meanwhile: calls are taken all the same.
 * @throws Error that names DATABASE_URL, without the password, when it refuses us.
 */
export function openPostgresStore({ url, ...options }: PostgresStoreOptions): Promise<SqlStore> {
  return openSqlStore({ type: 'postgres', url }, options)
}
