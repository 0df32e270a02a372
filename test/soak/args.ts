import { parseArgs } from 'node:util'

/** What the soak is asked to do. */
export interface SoakOptions {
  /** After the warm-up. */
  readonly calls: number
  readonly warmUp: number
  /** Calls at once. */
  readonly parallel: number
  readonly seed: number
  /**
   * Lets hours go by before each reading, so that what is rightly remembered for a while is forgotten. It costs ten
   * seconds each time.
   */
  readonly leap: boolean
  /** How often stock is taken, the last time included. */
  readonly legs: number
  /** The checkout whose server is soaked. */
  readonly folder: string
}

export const usage = 'npm run soak -- [--short] [--calls 10000] [--warm-up 500] [--parallel 60] [--seed 1] [--folder .]'

/** Reads the command line. @throws RangeError or TypeError, in words for whoever typed it. */
export function readArgs(args: readonly string[]): SoakOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      calls: text,
      'warm-up': text,
      parallel: text,
      seed: { ...text, default: '1' },
      folder: { ...text, default: '.' },
      short: { type: 'boolean', default: false },
    },
  })
  const { short } = values
  return {
    calls: whole('--calls', values.calls ?? (short ? '96' : '10000')),
    warmUp: whole('--warm-up', values['warm-up'] ?? (short ? '48' : '500')),
    parallel: whole('--parallel', values.parallel ?? (short ? '32' : '60')),
    seed: whole('--seed', values.seed),
    leap: !short,
    legs: short ? 1 : 4,
    folder: values.folder,
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new RangeError(`${name}: expected a whole number above 0, got ${text}`)
  return Number(text)
}
