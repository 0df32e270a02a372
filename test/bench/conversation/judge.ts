import { type AlignedFrame, align } from './align.ts'
import { figuresOf, type TurnFigures } from './call-events.ts'
import type { Cleared } from './phone.ts'
import type { Evidence } from './trial.ts'

const FRAME_MS = 20
/** Silence within an answer of more than this is a stop, when the carrier was cleared in it; else the line ran dry [ms]. */
const GAP_MS = 30
/** `BARGE_IN_CONFIRM_MS`, and a little [ms]. */
const LONGEST_HOLD_MS = 800
/** An answer that ends so much before its end was cut [samples]; the last frame is filled up. */
const END = 800

/** The phone fell silent in the middle of the answer. */
interface Stop {
  /** The end of the last frame that was heard [ms of the line's time]. */
  readonly atMs: number
  /** When it went on; `undefined`: never. */
  readonly resumedMs: number | undefined
  /** Sound that was lost; below 0: said again [ms]. */
  readonly jumpMs: number
}

/** What a trial came to, all of it read off the sound at the phone [ms]. */
export interface Verdict {
  readonly evidence: Evidence
  readonly stops: readonly Stop[]
  /** The answer was not heard to the end of the watch. */
  readonly ended: boolean
  /** From the case's onset to the first silence, and to the last. */
  readonly detectMs: number | undefined
  readonly yieldMs: number | undefined
  /** The caller spoke and the answer went on. */
  readonly overlapMs: number
  /** From the end of the question to the answer's first frame. */
  readonly responseMs: number | undefined
  /** From the end of the interrupting sentence to the first frame of what is said to it. */
  readonly nextResponseMs: number | undefined
  /** The line ran dry without having been cleared. */
  readonly dryMs: number
  readonly told: TurnFigures
}

/** Reads the sound. */
export function judge(evidence: Evidence): Verdict {
  const { it, moment, fromMs, toMs, clears, watchedMs, questionEndMs } = evidence
  const answer = align(evidence.played, evidence.answer)
  const gaps = gapsOf(answer)
  const cleared = (gap: Stop) => gap.resumedMs !== undefined && wasCleared(clears, gap.atMs, gap.resumedMs)
  const last = answer.at(-1)
  // What was said after it ended it; else it must have been silent for longer than a hold may last.
  const spokenAfter = (evidence.played.at(-1)?.atMs ?? 0) - (last?.atMs ?? 0) > 5 * FRAME_MS
  const silentLong = last !== undefined && last.atMs < watchedMs - LONGEST_HOLD_MS
  const cut = last !== undefined && last.place + END < evidence.answer.length && (spokenAfter || silentLong)
  const stops: Stop[] = gaps.filter(cleared)
  if (cut) stops.push({ atMs: last.atMs + FRAME_MS, resumedMs: undefined, jumpMs: 0 })
  const yields = stops.filter((stop) => stop.atMs >= fromMs - FRAME_MS)
  const first = yields[0]
  const ended = cut || (moment === 'before' && last === undefined)
  const firstMs = answer[0]?.atMs
  return {
    ...{ evidence, stops, ended },
    detectMs: first && Math.max(0, first.atMs - fromMs),
    yieldMs: ended && cut ? Math.max(0, last.atMs + FRAME_MS - fromMs) : undefined,
    overlapMs: it.interrupts ? answer.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length * FRAME_MS : 0,
    responseMs: moment === 'before' || firstMs === undefined ? undefined : firstMs - questionEndMs,
    nextResponseMs: it.interrupts && ended ? nextResponse(evidence, answer) : undefined,
    dryMs: gaps.filter((gap) => !cleared(gap)).reduce((sum, gap) => sum + (gap.resumedMs ?? 0) - gap.atMs, 0),
    told: figuresOf(evidence.events),
  }
}

function gapsOf(answer: readonly AlignedFrame[]): Stop[] {
  return answer.flatMap((frame, i) => {
    const before = answer[i - 1]
    if (before === undefined || frame.atMs - before.atMs - FRAME_MS <= GAP_MS) return []
    const jumpMs = (frame.place - before.place) / 8 - FRAME_MS
    return [{ atMs: before.atMs + FRAME_MS, resumedMs: frame.atMs, jumpMs }]
  })
}

/** `clear` came within the silence, or in the frame before it. */
function wasCleared(clears: readonly Cleared[], fromMs: number, toMs: number): boolean {
  return clears.some(({ atMs }) => atMs >= fromMs - 2 * FRAME_MS && atMs <= toMs)
}

/** The first frame after the caller's words that is not of the old answer. */
function nextResponse({ played, toMs }: Evidence, answer: readonly AlignedFrame[]): number | undefined {
  const own = new Set(answer.map(({ atMs }) => atMs))
  const next = played.find(({ atMs }) => atMs >= toMs && !own.has(atMs))
  return next && next.atMs - toMs
}
