import { parseArgs } from 'node:util'
import { type BridgeName, bridgeNames } from './bridges.ts'

/** One column of the tables: a bridge and how it is set. */
export interface Contender {
  readonly name: BridgeName
  /** As it was written, `offhook:60`. */
  readonly label: string
  /** Length of the pieces that the caller's sound is sent on in [ms]; only Offhook can be told. */
  readonly batchMs: number
}

/** What the bench is asked to do. */
export interface LoadOptions {
  readonly calls: readonly number[]
  readonly seconds: number
  readonly warmupS: number
  readonly runs: number
  readonly contenders: readonly Contender[]
  readonly deltaMs: number
  readonly workers: number | undefined
  /** Where the checkout lies that the bridge `baseline` is. */
  readonly baseline: string | undefined
  /** Nice value of all that is measured and measures, -20 to 19; below 0 it takes root. */
  readonly priority: number
  /** Given to Node before each bridge's program, such as `--cpu-prof`. */
  readonly nodeArgs: readonly string[]
}

export const usage = `npm run bench:load -- --calls N[,N...] --seconds S [--warmup 5] [--runs 3]
    [--bridges ${bridgeNames.join(',')}] [--batch-ms 20] [--delta-ms 20] [--workers n]
    [--baseline FOLDER] [--priority=-15] [--node-args="--cpu-prof --cpu-prof-dir=FOLDER"]
A bridge may name its batch: --bridges relay,offhook,offhook:60; "baseline" is Offhook of another checkout, in FOLDER`

const BATCHES = [20, 40, 60, 100]

/** Reads the command line. @throws RangeError or TypeError, in words for whoever typed it. */
export function readArgs(args: readonly string[]): LoadOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      calls: { ...text, default: '20' },
      seconds: { ...text, default: '10' },
      warmup: { ...text, default: '5' },
      runs: { ...text, default: '3' },
      bridges: { ...text, default: 'relay,offhook' },
      'batch-ms': { ...text, default: '20' },
      'delta-ms': { ...text, default: '20' },
      workers: text,
      baseline: text,
      priority: { ...text, default: '0' },
      'node-args': { ...text, default: '' },
    },
  })
  if (values.bridges.includes('baseline') && values.baseline === undefined) {
    throw new RangeError('--baseline: expected the folder of another checkout, got none')
  }
  const batchMs = oneOf('--batch-ms', values['batch-ms'], BATCHES)
  return {
    calls: values.calls.split(',').map((count) => whole('--calls', count, 1, 2000)),
    seconds: whole('--seconds', values.seconds, 1, 3600),
    warmupS: whole('--warmup', values.warmup, 0, 600),
    runs: whole('--runs', values.runs, 1, 100),
    contenders: values.bridges.split(',').map((label) => contender(label, batchMs)),
    deltaMs: oneOf('--delta-ms', values['delta-ms'], BATCHES),
    workers: values.workers === undefined ? undefined : whole('--workers', values.workers, 1, 64),
    baseline: values.baseline,
    priority: niceValue(values.priority),
    nodeArgs: values['node-args'].split(' ').filter((arg) => arg !== ''),
  }
}

function contender(label: string, batchMs: number): Contender {
  const [given = '', batch] = label.split(':')
  const name = bridgeNames.find((known) => known === given)
  if (name === undefined) throw new RangeError(`--bridges: expected some of ${bridgeNames.join(', ')}, got ${label}`)
  return { name, label, batchMs: batch === undefined ? batchMs : oneOf('--bridges', batch, BATCHES) }
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= from && value <= to) return value
  throw new RangeError(`${name}: expected a whole number from ${from} to ${to}, got ${text}`)
}

function niceValue(text: string): number {
  if (/^-?\d+$/.test(text) && Math.abs(Number(text) + 0.5) < 20) return Number(text)
  throw new RangeError(`--priority: expected a nice value from -20 to 19, got ${text}`)
}

function oneOf(name: string, text: string, allowed: readonly number[]): number {
  if (allowed.includes(Number(text))) return Number(text)
  throw new RangeError(`${name}: expected one of ${allowed.join(', ')}, got ${text}`)
}
