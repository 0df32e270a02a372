import type { Clock } from '../base/clock.ts'
import type { CallArchive, CallSummary } from '../call/archive.ts'
import { LOOK_BACK_MS } from './lease.ts'
import { pause } from './pause.ts'

/** A call that ended within the last hour may have been opened so long before [ms]. */
const LONGEST_CALL_MS = 4 * 3_600_000
const PAGE = 500
const MAX_PAGES = 4
const TRIES_MS = [0, 10_000, 60_000]

/**
 * Calls that may have been left undone by a process before this one: those that ended within the last hour, and those
 * that nobody has ended; oldest first, at most 2000 and then the newest of them.
 * @throws Error when the archive does not answer.
 */
export async function callsToLookAt(archive: CallArchive, nowAt: number): Promise<readonly string[]> {
  const sinceAt = nowAt - LOOK_BACK_MS
  const found: CallSummary[] = []
  let next: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const { calls, next: following } = await archive.search({ fromAt: sinceAt - LONGEST_CALL_MS }, PAGE, next)
    found.push(...calls)
    next = following
    if (next === undefined) break
  }
  return found
    .filter(({ endedAt }) => endedAt === undefined || endedAt >= sinceAt)
    .map(({ callId }) => callId)
    .reverse()
}

/** Tries to read a few times, each later than the one before; `undefined`: none of it worked, or it was aborted. */
export async function readPatiently<T>(
  read: () => Promise<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | undefined> {
  for (const waitMs of TRIES_MS) {
    if (waitMs > 0 && !(await pause(clock, waitMs, signal))) return undefined
    try {
      return await read()
    } catch {
      // The store says by itself that it does not answer.
    }
  }
  return undefined
}
