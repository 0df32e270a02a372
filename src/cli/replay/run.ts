import type { Flight } from '../../store/flights/read.ts'
import { compare, type Difference } from './compare.ts'
import { replay } from './engine.ts'
import { callOfFlight } from './from-flight.ts'
import { type Moment, momentsOf } from './moments.ts'
import type { RecordedCall } from './recorded-call.ts'

/** What came of a replay that was compared with what it is a replay of. */
export interface Verdict {
  readonly call: RecordedCall
  /** Everything that happens in the replay. */
  readonly moments: readonly Moment[]
  readonly differences: readonly Difference[]
  /** How long the recorded stream is, and how long its replay took [ms]. */
  readonly recordedMs: number
  readonly tookMs: number
  /** What of the record cannot be replayed, in words. */
  readonly limits: readonly string[]
}

/** So much before its end a record that was cut off is complete [ms]. */
const LOOSE_END_MS = 200
/** A house, or a line, that was as late as this is said to have been [ms]. */
const TOLD_LATE_MS = 100

/**
 * Replays one recorded stream and compares it with its record.
 * @param nowMs a clock of the real time, for how long it takes.
 */
export async function checkFlight(flight: Flight, nowMs: () => number): Promise<Verdict> {
  const call = callOfFlight(flight)
  const recordedMs = flight.lines.at(-1)?.atMs ?? 0
  const operatorMs = unknownOperatorMs(flight)
  const untilMs = Math.min(
    flight.whole ? Number.POSITIVE_INFINITY : recordedMs - LOOSE_END_MS,
    operatorMs === undefined ? Number.POSITIVE_INFINITY : operatorMs - LOOSE_END_MS,
  )
  const startedMs = nowMs()
  const { tapped } = await replay(call)
  const tookMs = nowMs() - startedMs
  const recorded = momentsOf(flight.lines, true)
  const moments = momentsOf(tapped[0] ?? [])
  const differences = compare(recorded, moments, untilMs)
  const upTo = `compared up to ${(untilMs / 1000).toFixed(1)} s`
  const lateMs = Math.round(Math.max(0, ...recorded.map(({ looseMs }) => looseMs)))
  const limits = [
    ...(flight.whole ? [] : [`the record was cut off before the end of the call: ${upTo}`]),
    ...(operatorMs === undefined
      ? []
      : [`an operator reached into the call, and their part was not kept then: ${upTo}`]),
    ...(lateMs <= TOLD_LATE_MS ? [] : [`nothing went over the wires for up to ${lateMs} ms: so late it may be there`]),
  ]
  return { call, moments, differences, recordedMs, tookMs, limits }
}

/** When an operator reached into a call in whose record their part is not: it is from before that was kept. */
function unknownOperatorMs({ lines }: Flight): number | undefined {
  if (lines.some(({ type }) => type === 'operator-command')) return undefined
  return lines.find((line) => line.type === 'happened' && line.event.type === 'operator')?.atMs
}
