/*
 * Many short calls through the whole server, and what it holds afterwards.
 *
 *   warm-up ─▶ settled ─▶ stock ─▶ calls … stock … calls … stock … ─▶ settled ─▶ stock: is it back?
 *
 * The server is a process of its own, between a simulated carrier and a simulated model over real sockets. A third of the
 * model's sessions fail, callers hang up, lose their line, or are hung up on. Exit code 1: something was left behind.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { table } from '../bench/load/table.ts'
import { readArgs, type SoakOptions, usage } from './args.ts'
import { makeCalls, type Outcome } from './calls.ts'
import { Inspector } from './inspector.ts'
import { API_KEY, startModel } from './model.ts'
import { type SoakedServer, startServer } from './server.ts'
import { growth, type Stock, stockTable, takeStock } from './stock.ts'

/** How long what calls leave behind for a while may stay [ms]: sockets that close, timers of a few seconds. */
const SETTLE_MS = 25_000
const BETWEEN_MS = 3000
/** Longer than the house remembers anything of a call by the clock. */
const LEAP_MS = 5 * 3_600_000
/** Then the loop's lag is what it is again. */
const AFTER_LEAP_MS = 10_500
/** Calls that make the house look at its clocks. */
const KNOCKS = 5

async function main(options: SoakOptions): Promise<boolean> {
  await using scope = new AsyncDisposableStack()
  const model = scope.use(await startModel(options.seed))
  const directory = await mkdtemp(join(tmpdir(), 'offhook-soak-'))
  scope.defer(() => rm(directory, { recursive: true, force: true }))
  const server = scope.use(
    await startServer(resolve(options.folder), {
      PORT: '0',
      DASHSCOPE_API_KEY: API_KEY,
      ANALYSIS: 'off',
      REALTIME_URL: model.url,
      VAD_SILENCE_MS: '200',
      DATA_DIR: directory,
      MAX_CALLS_PER_CALLER: '10000',
      CALLER_CALLS_PER_HOUR: '100000',
      MAX_LAG_MS: '10000',
    }),
  )
  return await soak(server, options)
}

async function soak(server: SoakedServer, options: SoakOptions): Promise<boolean> {
  const outcomes: Outcome[] = []
  const begun = performance.now()
  let made = 0
  const call = async (count: number) => {
    const { parallel, seed } = options
    const done = (outcome: Outcome) => outcomes.push(outcome)
    await makeCalls(made, made + count, { url: server.url, parallel, seed, done })
    made += count
  }
  const rest = async (before?: Stock) => {
    if (options.leap) await leap(server, () => call(KNOCKS))
    return settled(server, before)
  }
  const told = (what: string) => process.stderr.write(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${what}\n`)

  await call(options.warmUp)
  const before = await rest()
  const readings: [string, Stock][] = [[`before, ${made} calls`, before]]
  told(`warm after ${made} calls`)
  for (let leg = 1; leg <= options.legs; leg++) {
    await call(Math.ceil((options.calls * leg) / options.legs) - Math.ceil((options.calls * (leg - 1)) / options.legs))
    told(`${made} calls`)
    if (leg < options.legs) readings.push([`${made}`, await stockOf(server)])
  }
  const after = await rest(before)
  readings.push([`after, ${made} calls`, after])
  const problems = [...growth(before, after), ...misses(outcomes)]
  process.stdout.write(`${stockTable(readings)}\n\n${outcomeTable(outcomes)}\n\n`)
  for (const line of server.complaints()) process.stdout.write(`the server said ${line}\n`)
  for (const problem of problems) process.stdout.write(`WRONG: ${problem}\n`)
  const verdict = problems.length === 0 ? 'back to the baseline' : 'not back to the baseline'
  process.stdout.write(`${outcomes.length} calls in ${((performance.now() - begun) / 1000).toFixed(0)} s: ${verdict}\n`)
  return problems.length === 0
}

async function stockOf(server: SoakedServer): Promise<Stock> {
  using inspector = await Inspector.open(server.inspectorUrl)
  return await takeStock(server.pid, inspector)
}

/** The stock once nothing is going on any more: it is back where it was, or does not get any less. */
async function settled(server: SoakedServer, before?: Stock): Promise<Stock> {
  const until = performance.now() + SETTLE_MS
  let last = await stockOf(server)
  for (;;) {
    if (before !== undefined && growth(before, last).length === 0) return last
    await setTimeout(BETWEEN_MS)
    const stock = await stockOf(server)
    const isLess = stock.timers < last.timers || stock.sockets < last.sockets
    last = stock
    if (performance.now() > until || (before === undefined && !isLess)) return last
  }
}

/**
 * Hours go by on the server's clocks (not in its timers), and what it remembered of calls for a time is over. It finds
 * that out with the next calls.
 */
async function leap(server: SoakedServer, knock: () => Promise<void>): Promise<void> {
  using inspector = await Inspector.open(server.inspectorUrl)
  const leapOf = (clock: string) => `${clock}.now = ((now) => () => now() + ${LEAP_MS})(${clock}.now.bind(${clock}))`
  await inspector.run(leapOf('performance'))
  await inspector.run(leapOf('Date'))
  await setTimeout(AFTER_LEAP_MS)
  await knock()
}

/** A soak whose calls came to nothing shows nothing. */
function misses(outcomes: readonly Outcome[]): readonly string[] {
  const stuck = outcomes.filter(({ endedBy }) => endedBy === 'stuck').length
  const silent = outcomes.filter(({ heard }) => !heard).length
  return [
    ...(stuck > 0 ? [`${stuck} calls never ended`] : []),
    ...(silent > outcomes.length / 3 ? [`${silent} of ${outcomes.length} callers heard nothing`] : []),
  ]
}

function outcomeTable(outcomes: readonly Outcome[]): string {
  const ways = [...new Set(outcomes.map(({ way }) => way))].sort()
  return table(
    ['the caller', 'calls', 'heard something', 'ended by the caller', 'by the server', 'by the carrier'],
    ways.map((way) => {
      const mine = outcomes.filter((outcome) => outcome.way === way)
      const by = (who: string) => String(mine.filter(({ endedBy }) => endedBy === who).length)
      const heard = String(mine.filter((outcome) => outcome.heard).length)
      return [way, String(mine.length), heard, by('caller'), by('server'), by('carrier')]
    }),
  )
}

try {
  const options = readArgs(process.argv.slice(2))
  process.exitCode = (await main(options)) ? 0 : 1
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`)
  process.exitCode = 2
}
