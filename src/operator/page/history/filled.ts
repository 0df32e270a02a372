import type { PricedTotals, Trends } from '../../api.ts'

const STEP_MS = { hour: 3_600_000, day: 86_400_000 } as const
/** A chart of more is a wall. */
const MAX_STEPS = 400

/** A step of time with what happened in it; absent: nothing did. */
export interface Step {
  readonly at: number
  readonly point?: PricedTotals<Trends['points'][number]>
}

/** Puts the steps without calls back: a chart that leaves days out lies about time. Of too many, the latest. */
export function filled(points: Trends['points'], step: 'hour' | 'day'): readonly Step[] {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return []
  const byAt = new Map(points.map((point) => [point.at, point]))
  const count = Math.round((last.at - first.at) / STEP_MS[step]) + 1
  const from = Math.max(0, count - MAX_STEPS)
  return Array.from({ length: count - from }, (_, n) => {
    const at = first.at + (from + n) * STEP_MS[step]
    const point = byAt.get(at)
    return point === undefined ? { at } : { at, point }
  })
}
