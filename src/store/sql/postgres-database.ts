import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, sql, type Transaction } from 'kysely'
import { Pool, types } from 'pg'
import { type Fault, isMistake, type OpenDatabase, RefusedError } from './database.ts'
import { migrations, postgresFlavour, type Schema } from './schema.ts'

const CONNECT_MS = 3000
/** What is not answered by then is asked again over a new connection [ms]. */
const QUERY_MS = 5000
/**
 * What the server gives up by itself [ms]. After a partition it still has a session of ours, which nobody will ever end, and
 * the rows of that session's calls are locked until it goes. Told as statements: poolers refuse them as startup parameters.
 */
const SESSION = `set lock_timeout = 3000; set statement_timeout = 4500; set idle_in_transaction_session_timeout = 4500`

/** Ours among the tables of others. */
const SCHEMA = 'offhook'
/** 'Offh': one process brings the schema up to date at a time. */
const LOCK = 0x4f666668

/** SQLSTATE of what an operator has to see to: password, role, database, privileges. */
const refusals = /^(28|3D|42501)/
/** A value, a constraint, a statement, a limit: the rows are at fault, and would be again. */
const ours = /^(22|23|42|54)/
/** Another database than before, where our tables are not: a copy, an older day. */
const gone = new Set(['42P01', '3F000', '42703'])

/**
 * The PostgreSQL at an address. One connection, which is made anew when it is lost.
 *
 * ```
 *   open ─▶ there ─▶ schema up to date             away ─▶ opened all the same; `prepare` does it later
 *        └─ refuses us ─▶ RefusedError
 * ```
 * @throws RefusedError that names DATABASE_URL and says what an operator can do.
 */
export async function openPostgres(url: string): Promise<OpenDatabase> {
  const { password } = parsed(url)
  const pool = makePool(url)
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: withoutSilent(pool) }) })
  let prepared = false
  const reasonOf = (error: unknown) => withoutPassword(messageOf(error), password)
  const prepare = async () => {
    if (!prepared) await migrate(db)
    prepared = true
  }
  const opened: OpenDatabase = {
    db: db.withSchema(SCHEMA),
    locks: true,
    prepare,
    atOnce: (work) => db.transaction().execute((transaction) => work(transaction.withSchema(SCHEMA))),
    faultOf(error) {
      if (!gone.has(codeOf(error))) return faultOf(error)
      prepared = false
      return 'passing'
    },
    reasonOf,
    // What was deleted is PostgreSQL's to vacuum.
    scrub: async () => true,
    // The pool may not have been used yet: then Kysely knows nothing of it.
    [Symbol.asyncDispose]: () => pool.end(),
  }
  try {
    await prepare()
  } catch (error) {
    const refused = error instanceof RefusedError || refusals.test(codeOf(error))
    if (!refused) return opened
    await pool.end()
    if (error instanceof RefusedError) throw error
    throw new RefusedError(
      'DATABASE_URL',
      `PostgreSQL refuses us (${reasonOf(error)}): see to user, password and database`,
    )
  }
  return opened
}

function parsed(url: string): { readonly password: string } {
  const problem = new RefusedError('DATABASE_URL', 'expected postgres://user:password@host:5432/database')
  try {
    const { protocol, password } = new URL(url)
    if (protocol === 'postgres:' || protocol === 'postgresql:') return { password: decodeURIComponent(password) }
  } catch {
    // The error has the address in it.
  }
  throw problem
}

function makePool(connectionString: string): Pool {
  const pool = new Pool({
    connectionString,
    max: 1,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    idleTimeoutMillis: 0,
    keepAlive: true,
    application_name: 'offhook',
    onConnect: (client) => client.query(SESSION),
    // Times and counts are whole numbers that a double holds.
    types: {
      getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
    },
  })
  // A connection that breaks while nobody uses it: the next one who does gets another.
  pool.on('error', () => {})
  return pool
}

/**
 * The pool as Kysely sees it. pg gives back a connection whose query has timed out, and what is asked of it next waits behind
 * that query for ever: so one that fails with anything but PostgreSQL's own word is closed, and is asked nothing more.
 */
function withoutSilent(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect()
      let broken: unknown
      // Between two statements nobody else would hear that it breaks, and that would end the thread.
      const lost = (error: unknown) => {
        broken = error
      }
      client.on('error', lost)
      const query = async (text: unknown, parameters?: unknown) => {
        if (broken !== undefined) throw broken
        if (typeof text !== 'string') throw new TypeError('expected a statement')
        try {
          return await client.query(text, parameters as unknown[])
        } catch (error) {
          if (codeOf(error) === '') broken = error
          throw error
        }
      }
      return {
        // It asks for cursors only where it was given some.
        query: query as unknown as PostgresPoolClient['query'],
        release: () => {
          client.release(broken !== undefined)
          client.off('error', lost)
        },
      }
    },
  }
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(transaction)
    const version = await versionOf(transaction)
    const wanted = migrations.length
    if (version > wanted) {
      const found = `its schema is ${version}, ours ${wanted}`
      throw new RefusedError('DATABASE_URL', `the database was written by a newer version (${found})`)
    }
    const statements = migrations
      .slice(version)
      .flatMap((step) => step(transaction.withSchema(SCHEMA), postgresFlavour))
    for (const statement of statements) await sql.raw(statement).execute(transaction)
    if (statements.length > 0) await sql`update offhook.version set version = ${sql.lit(wanted)}`.execute(transaction)
  })
}

/** 0: nothing is there yet; then the place for it is made. */
async function versionOf(transaction: Transaction<Schema>): Promise<number> {
  const { rows } = await sql<{ schema: boolean; version: boolean }>`
    select to_regnamespace('offhook') is not null as schema, to_regclass('offhook.version') is not null as version
  `.execute(transaction)
  // To make one takes a privilege that nobody needs where it is there already.
  if (!rows[0]?.schema) await sql`create schema offhook`.execute(transaction)
  if (!rows[0]?.version) {
    await sql`create table offhook.version (version integer not null)`.execute(transaction)
    await sql`insert into offhook.version values (0)`.execute(transaction)
  }
  const versions = await sql<{ version: number }>`select version from offhook.version`.execute(transaction)
  return versions.rows[0]?.version ?? 0
}

function faultOf(error: unknown): Fault {
  // What neither PostgreSQL nor the network says is our own mistake, and would be made again.
  if (isMistake(error)) return 'ours'
  const code = codeOf(error)
  return ours.test(code) && !refusals.test(code) ? 'ours' : 'passing'
}

/** SQLSTATE; empty: PostgreSQL did not say anything. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^[0-9A-Z]{5}$/.test(code) ? code : ''
}

/** Of values that it cannot take PostgreSQL says which: that is not for a log. */
function messageOf(error: unknown): string {
  if (isMistake(error)) return error.name
  const code = codeOf(error)
  if (/^2[23]/.test(code)) return `SQLSTATE ${code}`
  // Of several addresses each may have failed in its own way.
  const [first] = error instanceof AggregateError ? error.errors : [error]
  return first instanceof Error ? first.message : String(first)
}

function withoutPassword(message: string, password: string): string {
  return password === '' ? message : message.replaceAll(password, '…')
}
