import { quantile } from '../load/statistics.ts'
import { table } from '../load/table.ts'
import type { TurnFigures } from './call-events.ts'
import type { Verdict } from './judge.ts'

/** Verdicts of one setting of the server. */
export interface Column {
  readonly mode: string
  readonly verdicts: readonly Verdict[]
}

const HEAD = [
  'what comes from the caller',
  'BARGE_IN',
  'trials',
  'silent after p50',
  'p95',
  'for good after p50',
  'p95',
  'missed',
  'false holds',
  'false interruptions',
  'resumed',
  'lost or said again, worst ms',
]

/** Table A: one row a kind and mode. */
export function tableOfKinds(columns: readonly Column[]): string {
  const kinds = [...new Set(columns.flatMap(({ verdicts }) => verdicts.map((one) => one.evidence.it.kind)))]
  const rows = kinds.flatMap((kind) =>
    columns.map((column) => barge(kind, column, (one) => one.evidence.it.kind === kind)),
  )
  const total = (words: string, interrupts: boolean) =>
    columns.map((column) => barge(words, column, (one) => one.evidence.it.interrupts === interrupts))
  return table(HEAD, [...rows, ...total('all that must interrupt', true), ...total('all that must not', false)])
}

/** Table A by moment: what must interrupt and what must not. */
export function tableOfMoments(columns: readonly Column[]): string {
  const rows = (['generating', 'tail', 'before'] as const).flatMap((moment) =>
    [true, false].flatMap((interrupts) =>
      columns.map((column) =>
        barge(`${moment}: ${interrupts ? 'must' : 'must not'} interrupt`, column, ({ evidence }) => {
          return evidence.moment === moment && evidence.it.interrupts === interrupts
        }),
      ),
    ),
  )
  return table(HEAD, rows)
}

function barge(words: string, { mode, verdicts }: Column, picks: (verdict: Verdict) => boolean): string[] {
  const picked = verdicts.filter(picks)
  const must = picked.filter(({ evidence }) => evidence.it.interrupts)
  const mustNot = picked.filter(({ evidence }) => !evidence.it.interrupts)
  const detect = must.flatMap(({ detectMs }) => detectMs ?? [])
  const yields = must.flatMap(({ yieldMs }) => yieldMs ?? [])
  const resumed = picked.flatMap(({ stops }) => stops.filter(({ resumedMs }) => resumedMs !== undefined))
  const worst = resumed.reduce((most, { jumpMs }) => (Math.abs(jumpMs) > Math.abs(most) ? jumpMs : most), 0)
  return [
    ...[words, mode, String(picked.length), ...spread(detect), ...spread(yields)],
    must.length === 0 ? '' : String(must.filter(({ ended }) => !ended).length),
    ...[String(picked.reduce((sum, one) => sum + falseHolds(one), 0))],
    mustNot.length === 0 ? '' : String(mustNot.filter(({ ended }) => ended).length),
    ...[String(resumed.length), resumed.length === 0 ? '' : ms(worst)],
  ]
}

/** Silences for nothing; for a sentence those before it. */
function falseHolds({ evidence, stops }: Verdict): number {
  if (!evidence.it.interrupts) return stops.length
  return stops.filter(({ atMs }) => atMs < evidence.fromMs - 20).length
}

/** The figures of table B that come from turns. */
export function tableOfTurns(columns: readonly Column[]): string {
  const head = ['', 'BARGE_IN', 'measured', 'p50 ms', 'p95 ms', "by the call's events: p50", 'p95', 'number']
  const rows = columns.flatMap(({ mode, verdicts }) => {
    const row = (
      words: string,
      pick: (one: Verdict) => number | undefined,
      own: (told: TurnFigures) => readonly number[],
    ) => {
      const picked = verdicts.filter((one) => pick(one) !== undefined)
      const told = picked.flatMap((one) => own(one.told))
      const values = picked.flatMap((one) => pick(one) ?? [])
      return [words, mode, String(values.length), ...spread(values), ...spread(told), String(told.length)]
    }
    const speaks = (one: Verdict) => one.evidence.it.interrupts && one.evidence.moment !== 'before'
    return [
      row(
        'question to answer',
        (one) => one.responseMs,
        ({ responsesMs }) => responsesMs.slice(0, 1),
      ),
      row(
        'interruption to next answer',
        (one) => one.nextResponseMs,
        ({ responsesMs }) => responsesMs.slice(-1),
      ),
      row(
        'onset of the caller to silence',
        (one) => (speaks(one) ? one.detectMs : undefined),
        ({ yieldsMs }) => yieldsMs.slice(0, 1),
      ),
      row(
        'both speak',
        (one) => (speaks(one) ? one.overlapMs : undefined),
        ({ overlapMs }) => (overlapMs === undefined ? [] : [overlapMs]),
      ),
    ]
  })
  return table(head, rows)
}

/** Median and 95th percentile in whole milliseconds. */
function spread(values: readonly number[]): [string, string] {
  return values.length === 0 ? ['', ''] : [ms(quantile(values, 0.5)), ms(quantile(values, 0.95))]
}

function ms(value: number): string {
  return value.toFixed(0)
}

/** One line of a trial that did not go as it must, for who looks into it. */
export function complaintOf(mode: string, verdict: Verdict): string | undefined {
  const { evidence, stops, ended, detectMs } = verdict
  const { it, moment } = evidence
  const wrong = it.interrupts ? !ended : stops.length > 0 || ended
  if (!wrong) return undefined
  const what = it.interrupts ? 'missed' : ended ? 'ended the answer' : 'held the answer'
  const at = stops.map((stop) => `${stop.atMs - evidence.fromMs}`).join(', ')
  return `${mode}  ${moment}  ${it.name}: ${what}${at === '' ? '' : `, silent at ${at} ms`}${detectMs === undefined ? '' : ''}`
}
