import { existsSync } from 'node:fs'
import { setTimeout as setTimeoutAsync } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Logger, makeLog } from './base/log.ts'
import { type Config, readConfig } from './config.ts'
import { type Offhook, startOffhook } from './offhook.ts'
import { withoutSettings } from './settings.ts'
import { welcome } from './welcome.ts'

/** For what has to be closed when no call is left [ms]; it takes one or two seconds at most. */
const CLOSING_MS = 20_000
/** For a balancer to notice that we take no more calls [ms]: some ask every second, some every few. */
const NOTICED_MS = 5000
/** For the last record of a process that has crashed, when nobody reads its log [ms]. */
const LAST_WORD_MS = 1000

/**
 * `npm start`: environment -> configuration -> calls answered, until SIGTERM or SIGINT.
 *
 * ```
 *   start ─▶ listening ── signal ─▶ draining ─▶ exit 0
 *             │                        │  /readyz 503, for 5 s at least; new callers get the overflow plan, live calls go on;
 *             │                        │  after DRAIN_S they are handed to whoever answers /twilio/next then
 *             │                        └── second signal ─▶ exit 1, now
 *             ├─ SIGHUP: AGENTS_FILE read again
 *             └─ an error that nobody expected: said once ─▶ exit 1
 * ```
 */
async function main(): Promise<void> {
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile()
  const config = readConfig(process.env)
  const log = makeLog(config.logLevel)
  process.on('uncaughtException', (error) => crash(log, error))
  process.on('unhandledRejection', (reason) => crash(log, reason))
  const signalled = watchSignals()
  const env = withoutSettings(process.env)
  const starting = startOffhook(config, { log, env, workerEnv: env })
  watchHangUps(config, starting, log)
  const offhook = await starting
  process.stdout.write(welcome(config, offhook))
  const signal = await signalled
  log.info({ signal, liveCalls: offhook.liveCalls, drainS: config.drainS }, 'draining')
  // Who balances us asks /readyz from time to time, and is to find it closed before the port is.
  const noticedMs = signal === 'SIGTERM' ? Math.min(config.drainS * 1000, NOTICED_MS) : 0
  await stop(offhook, config.drainS * 1000, noticedMs, log)
}

/** The first signal to end, also one that comes while we are still starting. The second ends the process at once. */
function watchSignals(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    resolve(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return promise
}

/** A terminal that was closed sends it too: it never ends us, also while we are still starting. */
function watchHangUps({ agentsFile }: Config, starting: Promise<Offhook>, log: Logger): void {
  let reloaded = Promise.resolve()
  process.on('SIGHUP', () => {
    if (agentsFile === undefined) {
      log.warn('SIGHUP: there is no AGENTS_FILE that could be read again')
      return
    }
    const failed = (error: Error) => log.error({ error: error.message, stack: error.stack }, 'agents not reloaded')
    // One after another: what was read last is what counts.
    reloaded = reloaded.then(async () => (await starting).reloadAgents()).catch(failed)
  })
}

/** Waits for the calls, then closes; the process ends by itself when nothing is left to do, or else a moment later. */
async function stop(offhook: Offhook, drainMs: number, noticedMs: number, log: Logger): Promise<void> {
  await Promise.all([offhook.drain(drainMs), noticedMs > 0 ? setTimeoutAsync(noticedMs) : undefined])
  // Neither keeps a process that is done from ending.
  const late = () => {
    log.fatal('not closed in time')
    process.exit(1)
  }
  const closing = setTimeout(late, CLOSING_MS).unref()
  await offhook[Symbol.asyncDispose]()
  clearTimeout(closing)
  log.info('stopped')
  setTimeout(() => process.exit(0), CLOSING_MS).unref()
}

/** Ends the process, which is in a state that nobody knows. */
function crash(log: Logger, reason: unknown): void {
  // The log is written before this returns: a reader that has stopped reading would hold us for ever.
  new Worker(`setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${LAST_WORD_MS})`, { eval: true, execArgv: [] })
  try {
    const { message, stack } = reason instanceof Error ? reason : new Error(String(reason))
    log.fatal({ error: message, stack }, 'uncaught error')
  } finally {
    process.exit(1)
  }
}

try {
  await main()
} catch (error) {
  // What an operator can mend is said in a line; a stack helps only with our own mistakes.
  const ours = !(error instanceof Error) || error instanceof TypeError
  process.stderr.write(`${ours ? String(error instanceof Error ? error.stack : error) : error.message}\n`)
  process.exit(1)
}
