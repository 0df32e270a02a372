import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { jsonOf, lineOf, summaryOf, USAGE } from './doctor/report.ts'

/** `npm run doctor`: exit 0 when nothing failed, 1 when something did, 2 when it was not asked for rightly. */
async function main(): Promise<number> {
  const options = readArguments()
  if (options === undefined) {
    process.stderr.write(USAGE)
    return 2
  }
  if (options.help === true) {
    process.stdout.write(USAGE)
    return 0
  }
  if (process.env['NODE_ENV'] !== 'production' && existsSync('.env')) process.loadEnvFile()
  // Timers of ours let the process end; while a check waits there may be nothing else.
  const awake = setInterval(() => undefined, 60_000)
  const isJson = options.json === true
  try {
    // The whole server comes with it: not for who only wants to know how this is used.
    const { examine } = await import('./doctor/examine.ts')
    const told = await examine({
      env: process.env,
      tell: (one) => {
        if (!isJson) process.stdout.write(`${lineOf(one)}\n`)
      },
    })
    process.stdout.write(isJson ? jsonOf(told) : `\n${summaryOf(told)}\n`)
    return told.some(({ level }) => level === 'fail') ? 1 : 0
  } finally {
    // Also when the server's own files cannot be read: else nobody would ever hear of it.
    clearInterval(awake)
  }
}

function readArguments(): { readonly json?: boolean; readonly help?: boolean } | undefined {
  try {
    return parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } }).values
  } catch {
    return undefined
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
