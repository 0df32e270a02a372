import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeLog } from '../base/log.ts'
import { readFlight } from '../store/flights/read.ts'
import { openShelf } from '../store/shelf.ts'
import { UsageError } from './options.ts'
import { checkFolder } from './replay/check-folder.ts'
import { type ReplayOptions, readOptions, USAGE } from './replay/options.ts'
import { redacted } from './replay/redact.ts'
import { checkFlight, type Verdict } from './replay/run.ts'
import { saveCall } from './replay/save.ts'

const nowMs = () => performance.now()
const print = (line: string) => process.stdout.write(`${line}\n`)

/** `npm run replay`: exit 0 when the call goes as it went, 1 when it does not, 2 when it was not asked for rightly. */
async function main(): Promise<number> {
  if (existsSync('.env')) process.loadEnvFile()
  const options = readOptions(process.argv.slice(2), process.env['DATA_DIR'] || 'data')
  if (options === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const { save, into } = options
  if (save !== undefined && existsSync(join(into, save))) {
    throw new RangeError(`--save: there is a recorded call of the name ${save} already`)
  }
  const streams = await streamsOf(options)
  const verdicts: Verdict[] = []
  for (const [i, check] of streams.entries()) {
    const verdict = await check()
    verdicts.push(verdict)
    if (streams.length > 1) print(`stream ${i + 1}`)
    printVerdict(verdict, options)
    if (save !== undefined) await saveAs(i === 0 ? save : `${save}-${i + 1}`, verdict, options)
  }
  return verdicts.every(({ differences }) => differences.length === 0) ? 0 : 1
}

/** What is to be replayed, a stream at a time. */
async function streamsOf({ call, data }: ReplayOptions): Promise<readonly (() => Promise<Verdict>)[]> {
  const flightAt = (path: string) => async () => checkFlight(await readFlight(path), nowMs)
  if (call.endsWith('.flight') && existsSync(call)) return [flightAt(call)]
  if (existsSync(join(call, 'call.json'))) return [() => checkFolder(call, nowMs)]
  const shelf = openShelf({ directory: data, log: makeLog('silent') })
  const flights = (await shelf.list(call)).filter(({ kind }) => kind === 'flight')
  const paths = await Promise.all(flights.map(({ name }) => shelf.pathOf(call, name)))
  const found = paths.filter((path) => path !== undefined)
  if (found.length > 0) return found.map(flightAt)
  // The arguments are right: the usage behind the reason would only push it off the screen.
  throw new RangeError(`there is no flight record of ${JSON.stringify(call)} in ${data}; FLIGHT_RECORDER=on keeps them`)
}

function printVerdict({ moments, differences, recordedMs, tookMs, limits }: Verdict, { verbose }: ReplayOptions): void {
  const at = (atMs: number) => `${(atMs / 1000).toFixed(2).padStart(8)} s`
  for (const { atMs, label } of verbose ? moments : []) print(`${at(atMs)}  ${label}`)
  for (const limit of limits) print(`note: ${limit}`)
  for (const { atMs, text } of differences) print(`${at(atMs)}  ${text}`)
  const seconds = `${(recordedMs / 1000).toFixed(1)} s replayed in ${(tookMs / 1000).toFixed(2)} s`
  const speed = `${seconds}: ${Math.round(recordedMs / tookMs)} times as fast as it was`
  print(`${differences.length === 0 ? 'goes as it went' : `${differences.length} differences`} (${speed})`)
}

async function saveAs(name: string, { call, differences }: Verdict, { into, redact }: ReplayOptions): Promise<void> {
  if (differences.length > 0)
    print('warning: what is saved as expected is how it goes today, and that is not how it went')
  await saveCall(redact ? redacted(call) : call, join(into, name))
  print(`saved: ${join(into, name)}`)
  print(
    redact
      ? "note: the caller's voice is still in its caller.wav; its words and numbers are replaced"
      : 'note: everything that was said, and all numbers, are in it; --redact replaces them',
  )
}

try {
  process.exitCode = await main()
} catch (error) {
  const known = error instanceof UsageError || error instanceof RangeError
  process.stderr.write(`${error instanceof Error ? (known ? error.message : error.stack) : error}\n`)
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`)
  process.exitCode = known ? 2 : 1
}
