import type { CallFacts } from './caller.ts'
import { FALLBACK_NUMBER } from './world.ts'

/** What a call came to, by what its fault should have led to. */
export type Verdict =
  /** The caller was answered. */
  | { readonly type: 'survived' }
  /** They were not, and that is how it is meant: why. */
  | { readonly type: 'by-design'; readonly why: string }
  | { readonly type: 'dropped'; readonly why: string }
  /** The fault did not come to strike. */
  | { readonly type: 'not-struck' }

const APOLOGY = /something went wrong/i
const BUSY = /lines are busy/i

/** Judges one call. */
export function verdictOf(facts: CallFacts): Verdict {
  const { plan, answered, sessions, lastBy } = facts
  const { fault } = plan
  const wanted = byDesign(facts)
  if (wanted !== undefined && facts.streams < (fault.leastStreams ?? 0)) {
    return { type: 'dropped', why: `${wanted}, after ${facts.streams} streams` }
  }
  if (wanted !== undefined) return { type: 'by-design', why: wanted }
  if (!answered) return { type: 'dropped', why: whyNot(facts) }
  switch (fault.expected) {
    case 'goes-on':
      return isStruck(facts) ? { type: 'survived' } : { type: 'not-struck' }
    case 'taken-over':
      return lastBy === 'openai' ? { type: 'survived' } : { type: 'dropped', why: `answered by ${lastBy}` }
    case 'renewed':
      // The model closes what is too old with 1007.
      return sessions === 2 && facts.firstClosed !== 1007
        ? { type: 'survived' }
        : { type: 'dropped', why: `not renewed: ${sessions} sessions, the first closed with ${facts.firstClosed}` }
    case 'unchanged':
      return sessions === 1 ? { type: 'survived' } : { type: 'dropped', why: `${sessions} sessions` }
    default:
      return { type: 'dropped', why: `went on, ${fault.expected} expected` }
  }
}

/** A process that dies takes only its own calls with it; who had hung up before was not there. */
function isStruck({ plan, struckMs, streams }: CallFacts): boolean {
  if (plan.fault.kind === 'full') return true
  return struckMs !== undefined && (plan.fault.kind !== 'process' || streams > 1)
}

/** How the caller was let go of as it is meant; `undefined`: they were not. */
function byDesign({ plan, dialled, said }: CallFacts): string | undefined {
  switch (plan.fault.expected) {
    case 'dialled':
      return dialled.some(({ number }) => number === FALLBACK_NUMBER) ? 'put through to FALLBACK_NUMBER' : undefined
    case 'apology':
      return said.some((text) => APOLOGY.test(text)) ? 'heard the apology' : undefined
    case 'busy':
      return said.some((text) => BUSY.test(text)) ? 'heard that all lines are busy' : undefined
    default:
      return undefined
  }
}

function whyNot({ said, dialled, code, cutOff }: CallFacts): string {
  const [number] = dialled
  if (number !== undefined) return `dialled ${number.number}: ${number.status}`
  if (said.length > 0) return `heard “${said.join(' ').slice(0, 40)}…”`
  if (cutOff) return code === undefined ? 'the call was ended' : `the call was ended, ${code}`
  return 'no answer'
}
