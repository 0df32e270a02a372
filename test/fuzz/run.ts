import { Random } from './random.ts'
import { type Input, minimised, type Target, verdict } from './target.ts'

/** An input that did harm, as small as it could be made. */
export interface Finding {
  readonly target: string
  readonly what: string
  readonly input: Input
}

export interface FuzzOptions {
  readonly inputs: number
  readonly seed: number
  /** Inputs whose harm is of one kind are reported once; this many kinds end the run of a target. */
  readonly maxFindings?: number
  /** What an input took [ms], in the order in which they are made: for who wants to know the slowest. */
  readonly onInput?: (input: Input, ms: number) => void
}

/** Gives a target its corpus and then `inputs` made ones: the same ones for the same seed. */
export function fuzz(target: Target, { inputs, seed, maxFindings = 5, onInput }: FuzzOptions): readonly Finding[] {
  const findings = new Map<string, Finding>()
  const examine = (input: Input) => {
    const before = performance.now()
    const what = verdict(target, input)
    onInput?.(input, performance.now() - before)
    if (what === undefined || findings.has(what)) return
    findings.set(what, { target: target.name, what, input: minimised(target, input) })
  }
  for (const input of target.corpus) examine(input)
  for (let i = 0; i < inputs && findings.size < maxFindings; i++) examine(target.make(new Random(seed, i)))
  return [...findings.values()]
}
