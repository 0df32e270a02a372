import { median } from '../bench/load/statistics.ts'
import { table } from '../bench/load/table.ts'
import type { CallFacts } from './caller.ts'
import { type Verdict, verdictOf } from './verdict.ts'
import type { Leaks } from './world.ts'

/** A caller who waits hears something within so long [ms]. */
const DEAD_AIR_BOUND_MS = 1500

/** What a run came to. */
export interface Outcome {
  readonly seed: number
  readonly facts: readonly CallFacts[]
  readonly leaks: readonly { readonly world: string; readonly leaks: Leaks }[]
  /** SIGTERMs: how long until `/readyz` said so [ms], and the exit code. */
  readonly stops: readonly { readonly unreadyMs: number; readonly code: number | null }[]
  readonly seconds: number
}

interface Row {
  readonly fault: string
  readonly how: string
  readonly calls: number
  readonly survived: number
  readonly byDesign: number
  readonly dropped: number
  readonly notStruck: number
  readonly deadAirMedianMs: number
  readonly deadAirMs: number
  /** Calls in which the line was dead for longer than the bound. */
  readonly overBound: number
  readonly staleMs: number
  readonly why: readonly string[]
}

/** The rows of the table, in the order of the faults. */
export function rowsOf(facts: readonly CallFacts[]): readonly Row[] {
  const byFault = Map.groupBy(facts, ({ plan }) => plan.fault)
  return [...byFault].map(([fault, calls]) => {
    const verdicts = calls.map((call) => verdictOf(call))
    const count = (type: Verdict['type']) => verdicts.filter((verdict) => verdict.type === type).length
    const deadAir = calls.map(({ deadAirMs }) => deadAirMs)
    return {
      ...{ fault: fault.name, how: fault.how, calls: calls.length },
      ...{ survived: count('survived'), byDesign: count('by-design') },
      ...{ dropped: count('dropped'), notStruck: count('not-struck') },
      deadAirMedianMs: Math.round(median(deadAir)),
      deadAirMs: Math.max(...deadAir),
      overBound: deadAir.filter((ms) => ms > DEAD_AIR_BOUND_MS).length,
      staleMs: Math.max(...calls.map(({ staleMs }) => staleMs)),
      why: reasons(verdicts),
    }
  })
}

function reasons(verdicts: readonly Verdict[]): readonly string[] {
  const whys = verdicts.flatMap((verdict) => ('why' in verdict ? [verdict.why] : []))
  return [...Map.groupBy(whys, (why) => why)].map(([why, all]) => `${all.length} ${why}`)
}

/** What is wrong with a run: a line each; empty: nothing is. */
export function faultsFound({ facts, leaks, stops }: Outcome): readonly string[] {
  const rows = rowsOf(facts)
  return [
    ...rows.filter(({ dropped }) => dropped > 0).map(({ fault, dropped }) => `${fault}: ${dropped} dropped`),
    ...rows.filter(({ staleMs }) => staleMs > 0).map(({ fault, staleMs }) => `${fault}: stale sound, ${staleMs} ms`),
    ...leaks.flatMap(({ world, leaks: held }) =>
      Object.entries(held)
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${world}: ${count} ${what} left over`),
    ),
    ...stops.filter(({ code }) => code !== 0).map(({ code }) => `exit code ${code} after SIGTERM`),
  ]
}

/** The whole report in Markdown. */
export function reportOf(outcome: Outcome): string {
  const rows = rowsOf(outcome.facts)
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0)
  const worst = (of: (row: Row) => number) => Math.max(0, ...rows.map(of))
  const head = [
    ...['fault', 'calls', 'survived', 'by design', 'dropped', 'not struck'],
    ...['dead air, median [ms]', 'longest', `over ${DEAD_AIR_BOUND_MS}`, 'stale [ms]', 'where and why'],
  ]
  const lines = rows.map((row) =>
    [
      ...[row.fault, row.calls, row.survived, row.byDesign, row.dropped, row.notStruck],
      ...[row.deadAirMedianMs, row.deadAirMs, row.overBound, row.staleMs, row.why.join('; ')],
    ].map(String),
  )
  const sums = [
    ...['all', sum(({ calls }) => calls), sum(({ survived }) => survived), sum(({ byDesign }) => byDesign)],
    ...[sum(({ dropped }) => dropped), sum(({ notStruck }) => notStruck)],
    ...[
      '',
      worst(({ deadAirMs }) => deadAirMs),
      sum(({ overBound }) => overBound),
      worst(({ staleMs }) => staleMs),
      '',
    ],
  ].map(String)
  const leakHead = ['left over in world', 'sockets', 'timers', 'model sessions', 'connections']
  const leakRows = outcome.leaks.map(({ world, leaks }) =>
    [world, leaks.sockets, leaks.timers, leaks.sessions, leaks.connections].map(String),
  )
  return [
    table(head, [...lines, sums]),
    table(leakHead, leakRows),
    ...outcome.stops.map(
      ({ unreadyMs, code }) => `SIGTERM: /readyz was 503 after ${Math.round(unreadyMs)} ms; exit code ${code}`,
    ),
    `seed ${outcome.seed}, ${outcome.facts.length} calls, ${Math.round(outcome.seconds)} s`,
  ].join('\n\n')
}
