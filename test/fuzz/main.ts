import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Finding, fuzz } from './run.ts'
import type { Input, Target } from './target.ts'
import { verdict } from './target.ts'
import { targets } from './targets.ts'

const OUT = 'out/fuzz'
/** No input may take longer [ms] than this and a microsecond a byte, in the best of three: else a peer can hold up all calls. */
const SLOW_MS = 100

/** So many of the slowest are looked at again. */
const CANDIDATES = 50

interface Timed {
  readonly input: Input
  readonly ms: number
}

/** `npm run fuzz`: exit 0 when no input did harm, 1 when one did. */
function main(): number {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
  if (!(inputs > 0) || !Number.isInteger(seed)) throw new RangeError('npm run fuzz -- [--inputs N] [--seed S]')
  print(`${inputs} inputs, seed ${seed}`)
  const findings = targets.flatMap(([target, share]) => runTarget(target, Math.ceil(inputs * share), seed))
  for (const finding of findings) print(report(finding))
  return findings.length === 0 ? 0 : 1
}

function runTarget(target: Target, inputs: number, seed: number): readonly Finding[] {
  const startMs = performance.now()
  let slow: Timed[] = []
  let bytes = 0
  const onInput = (input: Input, ms: number) => {
    bytes += input.length
    if (ms > (slow.at(-1)?.ms ?? 0) || slow.length < CANDIDATES) {
      slow = [...slow, { input, ms }].sort((a, b) => b.ms - a.ms).slice(0, CANDIDATES)
    }
  }
  const findings = [...fuzz(target, { inputs, seed, onInput })]
  // Most of them were only unlucky, with the collector or with the machine's other work.
  const again = slow.map(({ input }) => ({ input, ms: bestOfThree(target, input) })).sort((a, b) => b.ms - a.ms)
  for (const { input, ms } of again.filter(({ input, ms }) => ms > SLOW_MS + input.length / 1000)) {
    findings.push({ target: target.name, what: `it took ${ms.toFixed(0)} ms`, input })
  }
  const { input, ms } = again[0] ?? { input: '', ms: 0 }
  const seconds = (performance.now() - startMs) / 1000
  const heapMiB = process.memoryUsage().heapUsed / 2 ** 20
  print(
    `${target.name.padEnd(10)} ${String(inputs).padStart(8)} inputs  ${(bytes / 1e6).toFixed(0).padStart(5)} MB  ${seconds.toFixed(1).padStart(6)} s  ` +
      `slowest ${ms.toFixed(1)} ms (${input.length} bytes)  heap ${heapMiB.toFixed(0)} MiB  ${findings.length} findings`,
  )
  return findings
}

function bestOfThree(target: Target, input: Input): number {
  return Math.min(
    ...[1, 2, 3].map(() => {
      const before = performance.now()
      verdict(target, input)
      return performance.now() - before
    }),
  )
}

/** Writes it as a file that the corpus can take. */
function report({ target, what, input }: Finding): string {
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12)
  const path = join(OUT, target, `${name}${target === 'wav' ? '.wav' : '.txt'}`)
  mkdirSync(join(OUT, target), { recursive: true })
  writeFileSync(path, input)
  const shown = typeof input === 'string' ? JSON.stringify(input) : Buffer.from(input).toString('base64')
  return `\n${target}: ${what}\n  ${shown.slice(0, 400)}\n  ${path}: move it to test/fuzz/corpus/${target} when it is mended`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = main()
