import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore, type SqliteStoreOptions } from '../../src/store/sql/sqlite.ts'
import type { SqlStore } from '../../src/store/sql/store.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { NOON } from './told.ts'

/** A directory of its own, which is gone afterwards. */
export interface Place extends Disposable {
  readonly directory: string
  readonly file: string
  /** Everything in it, whichever file it is in. */
  readonly bytes: () => Buffer
  /** Another process's connection to the database. */
  readonly connect: () => DatabaseSync
}

export function makePlace(): Place {
  const directory = mkdtempSync(join(tmpdir(), 'offhook-store-'))
  const file = join(directory, 'offhook.db')
  return {
    directory,
    file,
    bytes: () => Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name)))),
    connect: () => new DatabaseSync(file),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** A store in that place, and what it says to the log. */
export async function openIn(
  place: Place,
  options: Partial<SqliteStoreOptions> = {},
): Promise<{ readonly store: SqlStore; readonly records: ReturnType<typeof makeLogRecorder>['records'] }> {
  const { log, records } = makeLogRecorder()
  const store = await openSqliteStore({ directory: place.directory, log, now: () => NOON, ...options })
  return { store, records }
}

/** Waits until it is so: a thread tells what became of its work when it has. */
export async function until(isSo: () => boolean, limitMs = 5000): Promise<void> {
  const late = AbortSignal.timeout(limitMs)
  while (!isSo()) {
    if (late.aborted) throw new Error(`not so: ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
