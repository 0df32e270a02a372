import { parseArgs } from 'node:util'
import { type CaseKind, cases } from './cases.ts'
import type { EarKind } from './model.ts'
import type { Moment } from './trial.ts'

/** What the bench is asked to do. */
export interface BenchOptions {
  /** Values of `BARGE_IN`. */
  readonly modes: readonly string[]
  /** `undefined`: all. */
  readonly kinds: readonly CaseKind[] | undefined
  readonly moments: readonly Moment[]
  readonly ear: EarKind
  readonly reportMs: number
  readonly lanes: number
  /** The model's server stops answers by itself, although it could be asked not to. */
  readonly modelInterrupts: boolean
  /** Every case, or the few of the core. */
  readonly all: boolean
  /** A third of the cases. */
  readonly quick: boolean
  /** Of the model's sound, against real time. */
  readonly pace: number
  readonly saveTo: string | undefined
  /** Nothing but the delay of `clear`. */
  readonly clearOnly: boolean
}

export const usage = `npm run bench:conversation -- [--mode local+model,model] [--only sentence,cough] [--moment generating,tail,before]
    [--ear careful|quick] [--report-ms 900] [--pace 4] [--lanes 12] [--model-interrupts] [--quick] [--all] [--save FOLDER] [--clear-only]
--ear quick: the simulated model takes whatever is loud for 60 ms for speech; careful: nothing but sentences`

const MOMENTS: readonly Moment[] = ['generating', 'tail', 'before']

/** Reads the command line. @throws RangeError or TypeError, in words for whoever typed it. */
export function readArgs(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { ...text, default: 'local+model,model' },
      only: text,
      moment: { ...text, default: MOMENTS.join(',') },
      ear: { ...text, default: 'careful' },
      'report-ms': { ...text, default: '900' },
      pace: { ...text, default: '4' },
      lanes: { ...text, default: '12' },
      save: text,
      ...{ quick: flag, all: flag, 'clear-only': flag, 'model-interrupts': flag },
    },
  })
  const kinds = [...new Set(cases.map(({ kind }) => kind))]
  return {
    modes: values.mode.split(',').map((mode) => oneOf('--mode', mode, ['local+model', 'model', 'off'])),
    kinds: values.only?.split(',').map((kind) => oneOf('--only', kind, kinds)),
    moments: values.moment.split(',').map((moment) => oneOf('--moment', moment, MOMENTS)),
    ear: oneOf('--ear', values.ear, ['careful', 'quick']),
    reportMs: number('--report-ms', values['report-ms'], 60, 5000),
    pace: number('--pace', values.pace, 1, 1000),
    lanes: number('--lanes', values.lanes, 1, 200),
    modelInterrupts: values['model-interrupts'],
    saveTo: values.save,
    ...{ quick: values.quick, all: values.all, clearOnly: values['clear-only'] },
  }
}

function oneOf<T extends string>(name: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text)
  if (found === undefined) throw new RangeError(`${name}: expected some of ${allowed.join(', ')}, got ${text}`)
  return found
}

function number(name: string, text: string, from: number, to: number): number {
  const value = Number(text)
  if (value >= from && value <= to) return value
  throw new RangeError(`${name}: expected a number from ${from} to ${to}, got ${text}`)
}
