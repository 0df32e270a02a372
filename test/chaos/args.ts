import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What a run is asked to be. */
export interface ChaosOptions {
  readonly seed: number
  readonly calls: number
  /** Parts of the names of faults; empty: all. */
  readonly only: readonly string[]
  readonly least: number
  readonly short: boolean
  /** Calls of one world under way at once, and worlds. */
  readonly atOnce: number
  readonly worlds: number
  readonly json: string | undefined
  /** The checkout whose server runs. */
  readonly folder: string
  readonly verbose: boolean
}

export const usage = `npm run chaos -- [--seed 1] [--calls 400] [--faults PART[,PART...]] [--short] [--json FILE]
    [--at-once 10] [--worlds 1] [--server FOLDER] [--verbose]
--short: every fault once; --faults "kill -9,line:" runs those whose names hold one of the parts`

/** Reads the command line. @throws RangeError or TypeError, in words for whoever typed it. */
export function readArgs(args: readonly string[]): ChaosOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { ...text, default: '1' },
      calls: text,
      faults: { ...text, default: '' },
      short: { type: 'boolean', default: false },
      json: text,
      'at-once': text,
      worlds: text,
      server: { ...text, default: resolve(import.meta.dirname, '../..') },
      verbose: { type: 'boolean', default: false },
    },
  })
  const { short } = values
  return {
    seed: whole('--seed', values.seed, 0, 1e9),
    calls: whole('--calls', values.calls ?? (short ? '1' : '400'), 1, 100_000),
    only: values.faults.split(',').filter((part) => part !== ''),
    short,
    least: short || values.calls !== undefined ? 1 : 10,
    atOnce: whole('--at-once', values['at-once'] ?? (short ? '20' : '10'), 1, 24),
    worlds: whole('--worlds', values.worlds ?? (short ? '8' : '1'), 1, 8),
    json: values.json,
    folder: resolve(values.server),
    verbose: values.verbose,
  }
}

function whole(name: string, text: string, from: number, to: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= from && value <= to) return value
  throw new RangeError(`${name}: expected a whole number from ${from} to ${to}, got ${text}`)
}
