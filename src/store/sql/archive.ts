import type { CallArchive } from '../../call/archive.ts'
import { checkLimit, fromNext, soughtIn } from '../sought.ts'
import type { Answers, ArchiveQuestion } from './messages.ts'

/** Asks the thread; rejects when there is no answer in time. */
export type Ask = <T extends ArchiveQuestion['type']>(
  question: Extract<ArchiveQuestion, { type: T }>,
) => Promise<Answers[T]>

/** The archive whose answers a thread has. What cannot be asked is said here, by a RangeError. */
export function archiveBy(ask: Ask): CallArchive {
  return {
    async search(filter, limit, next) {
      checkLimit(limit)
      soughtIn(filter)
      if (next !== undefined) fromNext(next)
      return ask<'search'>({ type: 'search', filter, limit, next })
    },
    summary: async (callId) => ask<'summary'>({ type: 'summary', callId }),
    events: async (callId) => ask<'events'>({ type: 'events', callId }),
    async totals(filter) {
      soughtIn(filter)
      return ask<'totals'>({ type: 'totals', filter })
    },
    async trend(filter, step) {
      soughtIn(filter)
      return ask<'trend'>({ type: 'trend', filter, step })
    },
    agents: async () => ask<'agents'>({ type: 'agents' }),
  }
}
