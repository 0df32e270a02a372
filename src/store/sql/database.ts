import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/**
 * What a failure means for what was to be written: `passing`: it waits, and is tried again; `ours`: the rows are at
 * fault, and would be again; `fatal`: the connection is of no use any more.
 */
export type Fault = 'passing' | 'ours' | 'fatal'

/** The database that all processes share, and the queries' way to it. */
export interface OpenDatabase extends AsyncDisposable {
  readonly db: Kysely<Schema>
  /** Whether several may write at once, so that rows are to be locked. */
  readonly locks: boolean
  /** Brings it to where it can be used; at once when it is there already. */
  readonly prepare: () => Promise<void>
  /** Runs all of it or nothing. */
  readonly atOnce: <T>(work: (db: Kysely<Schema>) => Promise<T>) => Promise<T>
  readonly faultOf: (error: unknown) => Fault
  /** What went wrong, in words without anybody's in them, and without a password. */
  readonly reasonOf: (error: unknown) => string
  /** Makes unreadable what was deleted. False: somebody reads it now. */
  readonly scrub: () => Promise<boolean>
}

/** Whether it comes from code of ours, and from no database: of its message JSON's has what was read in it. */
export function isMistake(error: unknown): error is TypeError | SyntaxError | RangeError {
  return error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError
}

/** A database that cannot be had; its message is for an operator. */
export class RefusedError extends Error {
  constructor(setting: 'DATA_DIR' | 'DATABASE_URL', message: string) {
    super(`${setting}: ${message}`)
    this.name = 'RefusedError'
  }
}
