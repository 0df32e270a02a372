import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'

const START_MS = 30_000
const STOP_MS = 15_000
const PASSWORD = 'open sesame'

/** A PostgreSQL of its own, on a socket in a directory of its own: both are gone afterwards. */
export interface PostgresServer extends AsyncDisposable {
  /** Of a database of that name, which is made; another one for each test. */
  readonly database: (name: string) => Promise<string>
  /** The same, as who has this password. */
  readonly urlOf: (name: string, password?: string) => string
  /** Nothing, when it runs. */
  readonly start: () => Promise<void>
  /** As a machine that is switched off, or as an operator who has patience. */
  readonly stop: (how: 'immediate' | 'fast') => Promise<void>
  /** Everything that the server has said. */
  readonly log: () => string
}

/**
 * Starts Debian's PostgreSQL, without care for power cuts.
 * @param more settings, as `name=value`; the last of one name counts.
 * @throws Error when there is none on this machine: `scripts/install-postgres.sh` brings one.
 */
export async function startPostgres(more: readonly string[] = []): Promise<PostgresServer> {
  const bin = binaries()
  const directory = mkdtempSync(join(tmpdir(), 'offhook-pg-'))
  const data = join(directory, 'data')
  const who = await unprivileged()
  if (who.uid !== undefined && who.gid !== undefined) chownSync(directory, who.uid, who.gid)
  chmodSync(directory, 0o700)
  const run = (command: string, args: readonly string[]) =>
    promisify(execFile)(join(bin, command), args, { ...who, cwd: directory, timeout: START_MS })
  const secret = join(directory, 'password')
  writeFileSync(secret, `${PASSWORD}\n`, { mode: 0o644 })
  await run('initdb', [
    '-D',
    data,
    '-U',
    'offhook',
    '-A',
    'scram-sha-256',
    '--pwfile',
    secret,
    '-N',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ])
  let server: ReturnType<typeof spawn> | undefined
  const log = join(directory, 'log')
  const urlOf = (name: string, password = PASSWORD) =>
    `postgres://offhook:${encodeURIComponent(password)}@localhost/${name}?host=${encodeURIComponent(directory)}`
  const runs = () => server !== undefined && server.exitCode === null && server.signalCode === null
  const start = async () => {
    if (runs()) return
    const quick = ['fsync=off', 'full_page_writes=off', 'listen_addresses=', `unix_socket_directories=${directory}`]
    const settings = [...quick, 'shared_buffers=16MB', 'max_connections=20', ...more].flatMap((setting) => [
      '-c',
      setting,
    ])
    server = spawn('sh', ['-c', `exec "$0" "$@" >> '${log}' 2>&1`, join(bin, 'postgres'), '-D', data, ...settings], {
      ...who,
      cwd: directory,
      stdio: 'ignore',
    })
    await answering(urlOf('postgres'), () => readFileSync(log, 'utf8'))
  }
  const stop = async (how: 'immediate' | 'fast') => {
    if (server === undefined || !runs()) return
    const exited = once(server, 'exit', { signal: AbortSignal.timeout(STOP_MS) })
    server.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await exited
  }
  await start()
  return {
    urlOf,
    start,
    stop,
    log: () => (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    async database(name) {
      await query(urlOf('postgres'), `create database ${name}`)
      return urlOf(name)
    },
    async [Symbol.asyncDispose]() {
      await stop('immediate')
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** What another process reads of a database. */
export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

/** The newest that is installed. */
function binaries(): string {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').sort((a, b) => versionIn(b) - versionIn(a))
  if (found[0] === undefined) throw new Error('expected a PostgreSQL: run scripts/install-postgres.sh')
  return join(found[0], '..')
}

function versionIn(path: string): number {
  return Number(path.split('/')[4])
}

/** PostgreSQL does not run as root: then as who Debian has made for it. */
async function unprivileged(): Promise<{ readonly uid?: number; readonly gid?: number }> {
  if (process.getuid?.() !== 0) return {}
  const id = async (flag: string) => Number((await promisify(execFile)('id', [flag, 'postgres'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

async function answering(url: string, log: () => string): Promise<void> {
  const untilMs = performance.now() + START_MS
  for (;;) {
    try {
      await query(url, 'select 1')
      return
    } catch (error) {
      if (performance.now() > untilMs) throw new Error(`PostgreSQL does not start: ${log()}`, { cause: error })
      await sleep(50)
    }
  }
}
