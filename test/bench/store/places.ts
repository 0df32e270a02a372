import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeLog } from '../../../src/base/log.ts'
import { openPostgresStore } from '../../../src/store/sql/postgres.ts'
import { openSqliteStore } from '../../../src/store/sql/sqlite.ts'
import type { SqlStore } from '../../../src/store/sql/store.ts'
import { query, startPostgres } from '../../postgres/server.ts'

/** A database that stores are opened in. */
export interface Place {
  readonly name: string
  /** Empty, each time. */
  readonly open: (scope: AsyncDisposableStack) => Promise<SqlStore>
}

const log = makeLog('silent')

/** A directory that is gone with the scope. */
export function makeDirectory(scope: AsyncDisposableStack): string {
  const directory = mkdtempSync(join(tmpdir(), 'offhook-bench-'))
  scope.defer(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export const sqlite: Place = {
  name: 'SQLite',
  open: async (scope) => scope.use(await openSqliteStore({ directory: makeDirectory(scope), log })),
}

/**
 * PostgreSQL, with all its care for power cuts when it is ours.
 * @param url of a database whose schema `offhook` may be emptied; `undefined`: of a server of our own.
 */
export async function postgresAt(url: string | undefined, scope: AsyncDisposableStack): Promise<Place> {
  const careful = ['fsync=on', 'full_page_writes=on', 'shared_buffers=128MB']
  const server = url === undefined ? scope.use(await startPostgres(careful)) : undefined
  let databases = 0
  return {
    name: 'PostgreSQL',
    async open(scope) {
      const place = url ?? (await server?.database(`bench${++databases}`)) ?? ''
      if (url !== undefined) await query(url, 'drop schema if exists offhook cascade')
      return scope.use(await openPostgresStore({ url: place, log }))
    },
  }
}
