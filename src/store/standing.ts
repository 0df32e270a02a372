import type { CallRecord } from '../call/store.ts'

/**
 * Where a call stands when one record of it is kept and another is told: by a process that may have been left behind.
 *
 * ```
 *   streams told    fewer ─▶ kept     more ─▶ told     as many ─▶ told, with the recoveries and destination of both
 *   over in either        ─▶ over, and what the agent still wanted is forgotten
 * ```
 */
export function standing(kept: CallRecord | undefined, told: CallRecord): CallRecord {
  if (kept === undefined) return told
  const latest = latestOf(kept, told)
  return (kept.over || told.over) && !latest.over ? closed(latest) : latest
}

function latestOf(kept: CallRecord, told: CallRecord): CallRecord {
  if (told.streams !== kept.streams) return told.streams < kept.streams ? kept : told
  const destination = told.destination ?? kept.destination
  return {
    ...told,
    // Who promises a stream and who carries it may be two; the one has counted a recovery that the other has not heard of.
    recoveries: [...new Set([...kept.recoveries, ...told.recoveries])].sort((a, b) => a - b),
    ...(destination === undefined ? {} : { destination }),
  }
}

function closed({ farewell, ...record }: CallRecord): CallRecord {
  return { ...record, ...(farewell === undefined ? {} : { farewell: { outcome: farewell.outcome } }), over: true }
}
