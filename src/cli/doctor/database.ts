import type { Secret } from '../../base/secret.ts'
import { reasonOf } from './ask.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

const CONNECT_MS = 5000
/** An event waits for a commit; so slow, that every one does. */
const SLOW_MS = 100

/** By SQLSTATE, and by what the system says: what to do about it. */
const advice: Readonly<Record<string, string>> = {
  '28P01': 'the password in DATABASE_URL is wrong',
  '28000': 'that user may not come in from here: look at pg_hba.conf',
  '3D000': 'make that database: createdb',
  '53300': 'the database takes no more connections',
}

/** Whether the PostgreSQL of DATABASE_URL answers, and lets us keep things in it. Nothing is written. */
export const databaseCheck: Check = {
  name: 'database',
  async run({ config: { databaseUrl, dataDir } }) {
    if (databaseUrl !== undefined) return await look(databaseUrl)
    if (dataDir === undefined) return ok('no DATABASE_URL, and DATA_DIR is none: nothing is kept')
    return ok(`no DATABASE_URL: calls are kept in SQLite, ${dataDir}/offhook.db`)
  },
}

async function look(databaseUrl: Secret): Promise<Finding> {
  const { default: pg } = await import('pg')
  const client = new pg.Client({
    connectionString: databaseUrl.reveal(),
    ...{ connectionTimeoutMillis: CONNECT_MS, query_timeout: CONNECT_MS },
  })
  // A connection that breaks later must not end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const began = performance.now()
    const { rows } = await client.query(
      "select has_database_privilege(current_database(), 'CREATE') or has_schema_privilege('public', 'CREATE') as may",
    )
    const tookMs = performance.now() - began
    if (rows[0]?.may !== true) {
      return fail(
        'the database answers, but may not be written',
        'grant create on its schema to the user of DATABASE_URL',
      )
    }
    const what = `the database answers in ${Math.round(tookMs)} ms`
    return tookMs > SLOW_MS ? warn(what, 'is it far from here?') : ok(what)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return fail(
      `the database does not let us in: ${whyOf(error, code)}`,
      advice[code] ?? 'correct DATABASE_URL, or start it',
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Messages of the server name users and databases, never passwords; other errors are put in words of ours. */
function whyOf(error: unknown, code: string): string {
  return /^[0-9A-Z]{5}$/.test(code) && error instanceof Error ? error.message : reasonOf(error)
}
