import { availableParallelism, cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { choosePinning } from '../load/pinning.ts'
import { median, quantile } from '../load/statistics.ts'
import { table } from '../load/table.ts'
import { runTrial, type Shown } from './trial.ts'

/*
 * npm run bench:board -- [--calls 100,200] [--seconds 20] [--warmup 5] [--runs 3] [--listeners 5] [--priority=-15]
 *
 * What an open board costs the calls: the same load without anybody who watches, and with one Chromium and several more
 * streams of the board's news, in turn.
 *
 *   for each number of calls:   without  with   without  with   without  with      ratios within a round
 */
const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    calls: { ...text, default: '100,200' },
    seconds: { ...text, default: '20' },
    warmup: { ...text, default: '5' },
    runs: { ...text, default: '3' },
    listeners: { ...text, default: '5' },
    priority: { ...text, default: '0' },
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const pinning = choosePinning(1)
const [cpu] = cpus()
say(`${cpu?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}; ${pinning.said}`)
const rows: string[][] = []
for (const count of values.calls.split(',')) rows.push(...(await compare(whole(count))))
const head = 'calls|board|tick p50 ms|p99|worst|p99 of without|uplink p99 ms|lost ms|server|carrier, model|watchers'
process.stdout.write(`${table(head.split('|'), rows)}\n`)

/** @throws RangeError for what is no number. */
function whole(number: string): number {
  if (/^[1-9]\d{0,4}$/.test(number)) return Number(number)
  throw new RangeError(`expected a whole number from 1, got ${number}`)
}

async function compare(calls: number): Promise<string[][]> {
  const without: Shown[] = []
  const watched: Shown[] = []
  const trial = {
    calls,
    seconds: whole(values.seconds),
    warmupS: whole(values.warmup),
    pinning,
    priority: Number(values.priority),
  }
  const listeners = whole(values.listeners)
  for (let round = 1; round <= whole(values.runs); round++) {
    without.push(await tell(`${calls} calls, round ${round}, nobody watches`, runTrial(trial)))
    watched.push(await tell(`${calls} calls, round ${round}, watched`, runTrial({ ...trial, watched: { listeners } })))
  }
  const ratios = watched.map(({ ticks }, i) => p99(ticks) / p99(without[i]?.ticks ?? []))
  return [row(calls, 'closed', without, '1'), row(calls, `Chromium + ${listeners}`, watched, spread(ratios))]
}

async function tell(what: string, running: Promise<Shown>): Promise<Shown> {
  const shown = await running
  say(`${what}: tick p99 ${p99(shown.ticks).toFixed(2)} ms, server ${percent(shown.serverLoad)} of a core`)
  return shown
}

function row(calls: number, board: string, rounds: readonly Shown[], ratio: string): string[] {
  const of = (pick: (shown: Shown) => number) => rounds.map(pick)
  return [
    String(calls),
    board,
    spread(of(({ ticks }) => quantile(ticks, 0.5))),
    spread(of(({ ticks }) => p99(ticks))),
    spread(of(({ ticks }) => Math.max(...ticks))),
    ratio,
    spread(of(({ uplink }) => p99(uplink))),
    String(Math.max(...of(({ lostMs }) => lostMs))),
    ...[of((shown) => shown.serverLoad), of((shown) => shown.generatorLoad), of((shown) => shown.watcherLoad)].map(
      (loads) => percent(median(loads)),
    ),
  ]
}

function p99(values: readonly number[]): number {
  return quantile(values, 0.99)
}

/** `1.31 (1.29-1.36)` */
function spread(values: readonly number[]): string {
  return `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}-${Math.max(...values).toFixed(2)})`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** Progress goes to stderr, so that the table can be kept. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
