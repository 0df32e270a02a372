import type { Kysely } from 'kysely'
import type { CallRecord } from '../../call/store.ts'
import { type Tally, tallyIn } from '../tally.ts'
import type { Schema } from './schema.ts'

/** Rows of one statement, so that their parameters are fewer than any database's limit. */
export const ROWS = 500

/** Where a call stands, as it is in the database now. */
export interface Kept {
  openedAt: number
  record: CallRecord | undefined
  /** `undefined`: its events were not folded yet, or into something that is of no use. */
  tally: Tally | undefined
  /** Its summary is to be written. */
  touched: boolean
}

/** Where these calls stand; until the transaction ends nobody else writes of them. */
export async function keptOf(db: Kysely<Schema>, locks: boolean, ids: readonly string[]): Promise<Map<string, Kept>> {
  const kept = new Map<string, Kept>()
  for (const part of inParts(ids)) {
    const calls = db.selectFrom('calls').selectAll().where('call_id', 'in', part).orderBy('call_id')
    for (const { call_id, opened_at, record } of await (locks ? calls.forUpdate() : calls).execute()) {
      kept.set(call_id, { openedAt: opened_at, record: recordIn(record), tally: undefined, touched: false })
    }
    const summaries = db.selectFrom('summaries').select(['call_id', 'opened_at', 'tally']).where('call_id', 'in', part)
    for (const { call_id, tally } of await summaries.execute()) {
      const call = kept.get(call_id)
      if (call !== undefined) call.tally = tallyIn(tally)
    }
  }
  return kept
}

/** A record out of its JSON; `undefined`: there is none, or none that anybody can read. */
export function recordIn(text: string | null | undefined): CallRecord | undefined {
  if (!text) return undefined
  try {
    const record: Partial<CallRecord> | null = JSON.parse(text)
    return isRecord(record) ? record : undefined
  } catch {
    return undefined
  }
}

function isRecord(record: Partial<CallRecord> | null): record is CallRecord {
  return typeof record?.callId === 'string' && Number.isFinite(record.streams) && Array.isArray(record.recoveries)
}

/** As many rows as one statement takes, and then the next. */
export function inParts<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, i) => rows.slice(i * ROWS, (i + 1) * ROWS))
}
