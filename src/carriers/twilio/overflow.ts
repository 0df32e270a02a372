import type { Refusal } from '../../call/admission.ts'

/** What callers get who cannot be taken now. */
export interface OverflowPlan {
  readonly plan: 'queue' | 'dial' | 'say'
  /** How long a caller is held [s]. */
  readonly queueMaxS: number
}

/** What becomes of a caller who cannot be taken now. */
export type Overflow =
  | { readonly type: 'words' }
  /** The fallback number; the words when nobody is there. */
  | { readonly type: 'fall-back' }
  /** Hears that we know it, and asks again; will have waited `waitedS` then. */
  | { readonly type: 'hold'; readonly waitedS: number }

/** Between two knocks of a caller who is held [s]: the sentence takes four of them, and one is the pause behind it. */
const KNOCK_S = 5

/** Whom waiting cannot help: it is how often, or how many at a time, they call; or we will not be there. */
const notHelped: readonly Refusal[] = ['caller-too-often', 'caller-busy', 'number-too-often', 'draining', 'model-down']
/** Who would ring the people at the fallback number as often as they please. */
const notDialled: readonly Refusal[] = ['caller-too-often', 'caller-busy']

/**
 * The overflow plan: never a bare failure.
 *
 * ```
 *   say     busy words
 *   dial    fallback number ── nobody there ─▶ busy words
 *   queue   hold ─▶ 5 s ─▶ asks again: admitted | hold … queueMaxS ─▶ dial, where there is a number, else say
 *           whom waiting cannot help ───────────────────────────────▶ the same, at once; who calls too often: say
 * ```
 * A silent line sounds dead after two seconds, so the sentence is said at each knock. Filling the time with shorter pauses
 * instead would be silence all the same, and more signed webhooks: as it is, ten who wait are two requests a second.
 * @param waitedS how long this caller has been held so far.
 */
export function overflow(
  { plan, queueMaxS }: OverflowPlan,
  { refusal, hasFallback, waitedS }: { refusal: Refusal; hasFallback: boolean; waitedS: number },
): Overflow {
  const mayWait = plan === 'queue' && !notHelped.includes(refusal)
  if (mayWait && waitedS + KNOCK_S <= queueMaxS) return { type: 'hold', waitedS: waitedS + KNOCK_S }
  const mayDial = plan !== 'say' && hasFallback && !notDialled.includes(refusal)
  return { type: mayDial ? 'fall-back' : 'words' }
}
