import { existsSync } from 'node:fs'
import { makeLog } from './base/log.ts'
import { readConfig } from './config.ts'
import { startOffhook } from './offhook.ts'
import { withoutSettings } from './settings.ts'
import { welcome } from './welcome.ts'

/**
 * `npm start`: environment -> configuration -> calls answered, until SIGTERM or SIGINT.
 *
 * ```
 *   start ─▶ listening ── signal ─▶ draining (no new calls, live ones go on) ─▶ exit 0
 *             └─ SIGHUP: AGENTS_FILE read again └── second signal ─▶ exit 1, now
 * ```
 */
async function main(): Promise<void> {
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile()
  const config = readConfig(process.env)
  const log = makeLog(config.logLevel)
  process.on('uncaughtException', (error) => {
    log.fatal({ error: error.message, stack: error.stack }, 'uncaught error')
    process.exit(1)
  })
  const env = withoutSettings(process.env)
  const offhook = await startOffhook(config, { log, env, workerEnv: env })
  process.stdout.write(welcome(config, offhook))

  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal, liveCalls: offhook.liveCalls, drainS: config.drainS }, 'draining')
    await offhook.drain(config.drainS * 1000)
    await offhook[Symbol.asyncDispose]()
    log.info('stopped')
  }
  let reloaded = Promise.resolve()
  // One after another: what was read last is what counts.
  if (config.agentsFile !== undefined) {
    process.on('SIGHUP', () => {
      const failed = (error: Error) => log.error({ error: error.message, stack: error.stack }, 'agents not reloaded')
      reloaded = reloaded.then(() => offhook.reloadAgents()).catch(failed)
    })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

try {
  await main()
} catch (error) {
  // What an operator can mend is said in a line; a stack helps only with our own mistakes.
  const ours = !(error instanceof Error) || error instanceof TypeError
  process.stderr.write(`${ours ? String(error instanceof Error ? error.stack : error) : error.message}\n`)
  process.exit(1)
}
