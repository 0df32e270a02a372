import type { Clock } from '../base/clock.ts'
import type { Operator } from './sessions.ts'

/** For so long a proxy's word of who somebody is holds for what stays open [ms]: nobody tells us when they sign out there. */
export const VOUCHED_MS = 15 * 60_000

/** Why somebody has to go: the sign-in is over, or the proxy has to say again who it is. */
export type LeaveReason = 'signed-out' | 'ask-again'

/**
 * Calls `leave` when what an operator has opened has to end; at once, when it has to already.
 * @param vouchedMs how long it may last when only a proxy says who the operator is [ms].
 * @returns what is to be called when it has ended: listeners of `{ signal }` on a session that lasts all day would stay.
 */
export function untilLeave(
  { over, byProxy }: Operator,
  clock: Clock,
  vouchedMs: number,
  leave: (why: LeaveReason) => void,
): () => void {
  const settled = new AbortController()
  const signOut = () => leave('signed-out')
  over.addEventListener('abort', signOut, { once: true })
  if (over.aborted) signOut()
  if (byProxy === true) clock.after(vouchedMs, () => leave('ask-again'), settled.signal)
  return () => {
    over.removeEventListener('abort', signOut)
    settled.abort()
  }
}
