import type { AudioFormat } from '../audio/format.ts'
import { makeTranscoder, type Transcoder } from '../audio/transcoder.ts'
import type { Loss, Reached } from './reach.ts'

/** One session of a provider's, in use. */
export interface SessionInUse extends Reached {
  /** From the leg's format to the session's, and back. */
  readonly uplink: Transcoder
  readonly downlink: Transcoder
  /** What it knows: of the items and the tool calls of another session it has never heard. */
  readonly items: Set<string>
  readonly toolCalls: Set<string>
  /** Answers that it has begun and not ended. */
  readonly responses: Set<string>
  /** Since when [ms of the clock]. */
  readonly sinceMs: number
  /** It has brought an answer to its end. */
  answered: boolean
}

/** What is still to be heard, or answered, is among the latest hundreds. */
const MAX_IDS = 500

/** @param format the leg's. */
export function putToUse(reached: Reached, format: AudioFormat, nowMs: number): SessionInUse {
  const { inputFormat, outputFormat } = reached.session
  return {
    ...reached,
    uplink: makeTranscoder(format, inputFormat),
    downlink: makeTranscoder(outputFormat, format),
    items: new Set(),
    toolCalls: new Set(),
    responses: new Set(),
    sinceMs: nowMs,
    answered: false,
  }
}

/** A session that has lived so long did some good, even if nobody has spoken with it [ms]. */
const STEADY_MS = 30_000

/** What is to be known of a session that is lost. */
export function lossOf({ provider, answered, sinceMs }: SessionInUse, error: Error, nowMs: number): Loss {
  return { provider, error, barren: !answered && nowMs - sinceMs < STEADY_MS }
}

/** Adds an id, and forgets the oldest when there are too many. */
export function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  if (ids.size > MAX_IDS) for (const oldest of ids) if (ids.delete(oldest)) break
}
