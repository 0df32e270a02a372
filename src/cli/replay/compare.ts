import type { Moment } from './moments.ts'

/** What may differ before it is told. Measured on real calls: see docs/measurements.md. */
interface Tolerance {
  /** When something happens, and how long it took [ms]. */
  readonly timeMs: number
  /** How much was heard [ms]. */
  readonly heardMs: number
}

/** A house's beat is 20 ms, and timers of a real one are late. */
const tolerance: Tolerance = { timeMs: 60, heardMs: 40 }

/** What differs between a record and its replay, and when. */
export interface Difference {
  readonly atMs: number
  readonly text: string
}

/** Two of the same are the same one when they are no further apart than this [ms]. */
const SAME_MS = 1500
/** Of a hundred marks twenty may be more or less, and two of a few. */
const MARKS_SHARE = 0.2

/**
 * Compares what happened with what happened then, in order of time; nothing differs: none.
 *
 * ```
 *   recorded   a ── b ────── c                   b: 240 ms later      c: does not happen
 *   replayed   a ────── b ───────── d            d: happens now
 * ```
 * @param untilMs what was recorded later than this is incomplete.
 */
export function compare(
  recorded: readonly Moment[],
  replayed: readonly Moment[],
  untilMs = Number.POSITIVE_INFINITY,
  allowed = tolerance,
): readonly Difference[] {
  const left = byKey(replayed)
  const differences: Difference[] = []
  for (const was of recorded) {
    const candidates = left.get(was.key) ?? []
    const nearest = nearestTo(was, candidates)
    if (nearest === undefined) differences.push({ atMs: was.atMs, text: `${was.label}: does not happen any more` })
    else {
      candidates.splice(candidates.indexOf(nearest), 1)
      differences.push(...differencesOf(was, nearest, allowed))
    }
  }
  for (const is of [...left.values()].flat()) {
    differences.push({ atMs: is.atMs, text: `${is.label}: did not happen when it was recorded` })
  }
  return differences.filter(({ atMs }) => atMs < untilMs).sort((a, b) => a.atMs - b.atMs)
}

function byKey(moments: readonly Moment[]): Map<string, Moment[]> {
  const map = new Map<string, Moment[]>()
  for (const moment of moments) {
    const same = map.get(moment.key)
    if (same === undefined) map.set(moment.key, [moment])
    else same.push(moment)
  }
  return map
}

/** Of several that are as near the first: they are in order. */
function nearestTo({ atMs }: Moment, candidates: readonly Moment[]): Moment | undefined {
  let nearest: Moment | undefined
  for (const candidate of candidates) {
    const apartMs = Math.abs(candidate.atMs - atMs)
    if (apartMs <= SAME_MS && (nearest === undefined || apartMs < Math.abs(nearest.atMs - atMs))) nearest = candidate
  }
  return nearest
}

function differencesOf(was: Moment, is: Moment, { timeMs, heardMs }: Tolerance): readonly Difference[] {
  const texts: string[] = []
  const lateMs = Math.round(is.atMs - was.atMs)
  if (Math.abs(lateMs) > timeMs + was.looseMs) texts.push(`${Math.abs(lateMs)} ms ${lateMs > 0 ? 'later' : 'earlier'}`)
  for (const [field, value] of Object.entries(was.exact)) {
    if (value !== is.exact[field]) texts.push(`${field} was ${shown(value)}, is ${shown(is.exact[field])}`)
  }
  for (const field of new Set([...Object.keys(was.measured), ...Object.keys(is.measured)])) {
    const then = was.measured[field]
    const now = is.measured[field]
    const most =
      field === 'count' ? 2 + MARKS_SHARE * (then ?? 0) : (field === 'heardMs' ? heardMs : timeMs) + was.looseMs
    if (then === undefined || now === undefined || Math.abs(then - now) > most) {
      texts.push(`${field} was ${measure(then)}, is ${measure(now)}`)
    }
  }
  return texts.length === 0 ? [] : [{ atMs: was.atMs, text: `${was.label}: ${texts.join('; ')}` }]
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

function measure(value: number | undefined): string {
  return value === undefined ? 'nothing' : `${Math.round(value)}`
}
