import { accessSync, chmodSync, closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Kysely, type SqliteDatabase, SqliteDialect, sql } from 'kysely'
import { type Fault, isMistake, type OpenDatabase, RefusedError } from './database.ts'
import { migrations, type Schema, sqliteFlavour } from './schema.ts'

/** How long another process may hold the database while it is opened, and later while something is written [ms]. */
const OPEN_PATIENCE_MS = 5000
const BUSY_MS = 200

/** 'Offh', by which a database is known to be ours. */
const APPLICATION_ID = 0x4f666668

/** Primary result codes of SQLite: BUSY, LOCKED, NOMEM and FULL pass by themselves. */
const passing = new Set([5, 6, 7, 13])
/** ERROR, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE: the rows are at fault, and would be again. */
const ours = new Set([1, 18, 19, 20, 21, 25])

/**
 * Opens `offhook.db` in a directory, or makes it, and brings its schema up to date.
 * @param maxBytes what it may grow to.
 * @throws Error that names DATA_DIR and says what an operator can do.
 */
export function openSqlite(directory: string, maxBytes: number | undefined): OpenDatabase {
  const file = join(directory, 'offhook.db')
  prepareFile(directory, file)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: OPEN_PATIENCE_MS, enableForeignKeyConstraints: false })
    migrate(database, file)
    settle(database, file, maxBytes)
  } catch (error) {
    if (database?.isOpen) database.close()
    if (error instanceof RefusedError) throw error
    throw refused(`cannot open ${file}: ${messageOf(error)}`)
  }
  const open = database
  const db = queriesOf(open)
  return {
    db,
    locks: false,
    async prepare() {},
    async atOnce(work) {
      open.exec('BEGIN IMMEDIATE')
      try {
        const result = await work(db)
        open.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk has rolled it back already.
        if (open.isTransaction) open.exec('ROLLBACK')
        throw error
      }
    },
    faultOf,
    reasonOf: messageOf,
    scrub: () => scrub(db),
    async [Symbol.asyncDispose]() {
      open.close()
    },
  }
}

function refused(message: string): RefusedError {
  return new RefusedError('DATA_DIR', message)
}

function faultOf(error: unknown): Fault {
  if (isMistake(error)) return 'ours'
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  if (passing.has(code)) return 'passing'
  return ours.has(code) ? 'ours' : 'fatal'
}

/** Empties the write-ahead log, where what was deleted may still be read. */
async function scrub(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db)
  return rows[0]?.busy === 0
}

/** What went wrong, in words without anybody's in them: SQLite names tables and columns only. */
function messageOf(error: unknown): string {
  if (isMistake(error)) return error.name
  return error instanceof Error ? error.message : String(error)
}

/** For its owner alone; SQLite gives its other files the permissions of this one. */
function prepareFile(directory: string, file: string): void {
  try {
    makeFolder(directory)
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  } catch (error) {
    throw refused(`${directory} cannot be written to (${messageOf(error)})`)
  }
}

function migrate(database: DatabaseSync, file: string): void {
  const wanted = migrations.length
  // Reads the file for the first time: it may be none of SQLite's.
  if (pragma(database, 'user_version') === wanted && pragma(database, 'application_id') === APPLICATION_ID) return
  if (pragma(database, 'journal_mode = wal') !== 'wal') {
    throw refused(`${file} cannot be shared by processes here (no write-ahead log): use a local disk`)
  }
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been quicker.
    const version = Number(pragma(database, 'user_version'))
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() ?? {}
    if (pragma(database, 'application_id') !== APPLICATION_ID && (version !== 0 || tables !== 0)) {
      throw refused(`${file} is the database of something else`)
    }
    if (version > wanted) {
      throw refused(`${file} was written by a newer version (its schema is ${version}, ours ${wanted})`)
    }
    const compiler = queriesOf(database)
    for (const step of migrations.slice(version))
      for (const statement of step(compiler, sqliteFlavour)) database.exec(statement)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${wanted}; COMMIT`)
  } finally {
    if (database.isTransaction) database.exec('ROLLBACK')
  }
}

/** NORMAL: a commit outlives the process, and the last of them perhaps not a power cut; it never waits for the disk. */
function settle(database: DatabaseSync, file: string, maxBytes: number | undefined): void {
  if (pragma(database, 'journal_mode = wal') !== 'wal') throw refused(`${file} has no write-ahead log`)
  database.exec(`PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = ${BUSY_MS}`)
  if (maxBytes === undefined) return
  const pages = Math.floor(maxBytes / Number(pragma(database, 'page_size')))
  database.exec(`PRAGMA max_page_count = ${pages}`)
}

function pragma(database: DatabaseSync, what: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${what}`).get() ?? {})[0]
}

function queriesOf(database: DatabaseSync): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: forKysely(database) }) })
}

/** Node's own SQLite as Kysely wants to see one. Its parameters are numbers, strings and NULL: the schema has no others. */
function forKysely(database: DatabaseSync): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = database.prepare(text)
      const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...values(parameters)),
        run: (parameters) => statement.run(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      }
    },
  }
}

/** With those above it. Not `recursive`: where nothing can be made, as below /proc, that never returns (Node 24). */
function makeFolder(directory: string): void {
  if (existsSync(directory)) return
  makeFolder(dirname(resolve(directory)))
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another process was quicker.
    if (!existsSync(directory)) throw error
  }
}
