import { availableParallelism, cpus } from 'node:os'
import { type LoadOptions, readArgs, usage } from './args.ts'
import { measure } from './measure.ts'
import { choosePinning } from './pinning.ts'
import { isSound, report, type Series } from './report.ts'

/**
 * `npm run bench:load`: what a bridge costs and adds, between a carrier and a model in other processes.
 *
 * ```
 *   for each number of calls:  round 1: A B C   round 2: A B C   round 3: A B C      ratios within a round
 * ```
 * Ends with 1 when a bridge failed or Offhook lost sound of a caller, with 2 when it was not understood.
 */
async function main(options: LoadOptions): Promise<boolean> {
  const pinning = choosePinning(options.workers ?? 1)
  const [cpu] = cpus()
  say(`${cpu?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}; ${pinning.said}`)
  say(`node test/bench/load/main.ts ${process.argv.slice(2).join(' ')}`)
  const all: Series[] = []
  for (const calls of options.calls) all.push(...(await rounds(calls, options, pinning)))
  process.stdout.write(`${report(all)}\n`)
  return isSound(all)
}

async function rounds(
  calls: number,
  options: LoadOptions,
  pinning: ReturnType<typeof choosePinning>,
): Promise<Series[]> {
  const { contenders, runs, ...trial } = options
  const series = contenders.map(({ label }) => ({ label, calls, rounds: [] as Series['rounds'][number][] }))
  for (let round = 1; round <= runs; round++) {
    for (const [i, contender] of contenders.entries()) {
      const result = await measure({ ...trial, contender, calls, pinning }).catch((error: Error) => error.message)
      series[i]?.rounds.push(result)
      const cpu =
        typeof result === 'string' ? `FAILED: ${result}` : `${result.cpuMs.toFixed(2)} ms of CPU a call-second`
      say(`${calls} calls, round ${round}: ${contender.label}: ${cpu}`)
    }
  }
  return series
}

/** Progress goes to stderr, so that the tables can be kept. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

let options: LoadOptions
try {
  options = readArgs(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n`)
  process.exit(2)
}
process.exitCode = (await main(options)) ? 0 : 1
