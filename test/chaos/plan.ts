import { makeRandom } from '../../src/simulators/carrier/faults.ts'
import { type ChaosFault, faults, type Moment } from './faults.ts'

/** One call as it is to be, decided before anything runs: the same seed, the same calls. */
export interface CallPlan {
  readonly id: number
  readonly fault: ChaosFault
  /** `undefined`: the fault is the world's. */
  readonly moment: Moment | undefined
  /** The turn that the fault strikes in: 1 or 2, of three. */
  readonly turn: number
  readonly turns: number
  /** The turn whose answer the caller talks over; 0: none. */
  readonly bargesIn: number
  /** What the caller says in each turn, by its number. */
  readonly words: readonly number[]
  /** From the moment's beginning to the strike [ms]. */
  readonly delayMs: number
  /** Of the carrier's simulator. */
  readonly seed: number
}

export interface PlanOptions {
  readonly seed: number
  /** At least; every fault strikes equally often. */
  readonly calls: number
  /** Each fault at least so often. */
  readonly least: number
  /** Parts of names; empty: all. */
  readonly only: readonly string[]
  /** Without those that take longer than a short run may. */
  readonly short: boolean
}

/** The longest delay of a strike behind the beginning of its moment [ms]. */
const DELAYS: Readonly<Record<Moment, number>> = {
  ...{ greeting: 0, caller: 600, waiting: 300, agent: 900, silence: 600, tool: 800 },
}

/** All calls of a run, fault by fault. */
export function planCalls({ seed, calls, least, only, short }: PlanOptions): readonly CallPlan[] {
  const isChosen = (name: string) => only.length === 0 || only.some((part) => name.includes(part))
  const chosen = faults.filter(({ name, slow }) => isChosen(name) && !(short && slow === 'too-long'))
  const each = Math.max(least, Math.ceil(calls / Math.max(1, chosen.length)))
  const all = chosen.flatMap((fault) => {
    // Each fault has numbers of its own: with other faults left out, its calls stay as they are.
    const random = makeRandom(seed * 1000 + faults.indexOf(fault))
    const first = Math.floor(random() * 6)
    return Array.from({ length: each * (fault.times ?? 1) }, (_, nth) => callOf(fault, first + nth, random))
  })
  return all.map((plan, id) => ({ ...plan, id }))
}

function callOf(fault: ChaosFault, nth: number, random: () => number): Omit<CallPlan, 'id'> {
  const between = (from: number, to: number) => Math.round(from + random() * (to - from))
  const moment = fault.moments[nth % Math.max(1, fault.moments.length)]
  const turn = between(1, 2)
  const turns = fault.turns ?? (moment === undefined ? 4 : 3)
  // Where the strike and the caller's voice would meet in one answer, nobody could say who of them ended it.
  const bargesIn = random() < 0.5 && turns > 1 ? (moment === undefined ? between(1, 2) : 3 - turn) : 0
  return {
    ...{ fault, moment, turn, turns, bargesIn },
    words: Array.from({ length: turns }, () => between(0, 1000)),
    delayMs: moment === undefined ? 0 : between(0, DELAYS[moment]),
    seed: between(1, 1e9),
  }
}
