import type { Logger } from '../base/log.ts'
import type { Operator } from './sessions.ts'

/** What an operator does that is written down. */
type Deed =
  | 'sign-in'
  | 'sign-out'
  | 'listen'
  | 'download'
  | 'read'
  | 'export'
  | 'export-ended'
  | 'save-as-test'
  | 'hang-up'
  | 'whisper'
  | 'transfer'
  | 'take-over'
  | 'hand-back'

/** Facts about a deed: ids, names of files, outcomes. Never words or numbers of people. */
type DeedFacts = Readonly<Record<string, string | number>>

/** Writes down what an operator did. */
export type Audit = (operator: Pick<Operator, 'name'>, did: Deed, facts: DeedFacts) => void

/** A player asks for a file part by part, and a page for its call every few seconds: that is one deed an hour [ms]. */
const SAME_MS = 3_600_000
const repeated: readonly Deed[] = ['download', 'read']
const KEPT = 2000

/** Writes into the log who did what to which call; what was downloaded or read once an hour. */
export function makeAudit(log: Logger, now: () => number): Audit {
  const seen = new Map<string, number>()
  return (operator, did, facts) => {
    if (repeated.includes(did)) {
      const key = JSON.stringify([operator.name, did, facts])
      if (now() - (seen.get(key) ?? Number.NEGATIVE_INFINITY) < SAME_MS) return
      seen.delete(key)
      const [oldest] = seen.keys()
      if (oldest !== undefined && seen.size >= KEPT) seen.delete(oldest)
      seen.set(key, now())
    }
    log.info({ operator: operator.name, did, ...facts }, 'an operator acted')
  }
}
