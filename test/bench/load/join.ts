import type { CallLog } from './messages.ts'

/** A stretch of time [ms]. */
export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

/** What a bridge added to one call, within the window [ms]. */
export interface Latencies {
  readonly uplink: readonly number[]
  /** When the frames of `uplink` were sent. */
  readonly uplinkSentAt: readonly number[]
  readonly downlink: readonly number[]
  readonly clear: readonly number[]
  /** Answers, and interruptions, of which the carrier never heard. */
  readonly missedAnswers: number
  readonly missedClears: number
  /** Caller's sound that the model never heard [ms]. */
  readonly lostMs: number
}

/** Joins what the two ends of one call saw. */
export function joinCall(carrier: CallLog, model: CallLog, window: Window): Latencies {
  const lostMs = (carrier.uplinkMs.at(-1) ?? 0) - (model.uplinkMs.at(-1) ?? 0)
  const answers = pairs(model.answersAt, carrier.answersAt, window)
  const clears = pairs(model.cutsAt, carrier.cutsAt, window)
  return {
    ...joinUplink(carrier, model, lostMs, window),
    downlink: answers.latencies,
    clear: clears.latencies,
    missedAnswers: answers.missed,
    missedClears: clears.missed,
    lostMs,
  }
}

/**
 * The frame that completed each append, by sound and not by number, so that any batch will do.
 *
 * ```
 *   sent    20  40  60  80 100 120      [ms of sound so far]
 *   heard           60          120     batch of 60: the third frame completes the first append
 * ```
 * What was lost was lost at the start, before the model was there: sockets lose nothing later.
 */
function joinUplink(
  carrier: CallLog,
  model: CallLog,
  lostMs: number,
  { fromMs, toMs }: Window,
): Pick<Latencies, 'uplink' | 'uplinkSentAt'> {
  const uplink: number[] = []
  const uplinkSentAt: number[] = []
  let frame = 0
  for (const [i, heardAt] of model.uplinkAt.entries()) {
    const neededMs = (model.uplinkMs[i] ?? 0) + lostMs
    // Half a sample of slack for sums of fractions.
    while (frame < carrier.uplinkMs.length && (carrier.uplinkMs[frame] ?? 0) < neededMs - 0.05) frame++
    const sentAt = carrier.uplinkAt[frame]
    if (sentAt === undefined || sentAt < fromMs || sentAt >= toMs) continue
    uplink.push(heardAt - sentAt)
    uplinkSentAt.push(sentAt)
  }
  return { uplink, uplinkSentAt }
}

/** Each cause in the window with the first effect before the next cause. */
function pairs(
  causes: Float64Array,
  effects: Float64Array,
  { fromMs, toMs }: Window,
): { readonly latencies: number[]; readonly missed: number } {
  const latencies: number[] = []
  let missed = 0
  let effect = 0
  for (const [i, cause] of causes.entries()) {
    while ((effects[effect] ?? Number.POSITIVE_INFINITY) < cause) effect++
    if (cause < fromMs || cause >= toMs) continue
    const at = effects[effect]
    if (at !== undefined && at < (causes[i + 1] ?? Number.POSITIVE_INFINITY)) latencies.push(at - cause)
    else missed++
  }
  return { latencies, missed }
}
