import type { Kysely } from 'kysely'
import type { CallRecord } from '../../call/store.ts'
import { standing } from '../standing.ts'
import type { OpenDatabase } from './database.ts'
import { foldNew, type Row } from './folding.ts'
import { inParts, type Kept, keptOf } from './kept-calls.ts'
import { type Batch, type EventRow, LATEST_STREAM } from './messages.ts'
import type { Schema } from './schema.ts'

/**
 * All of a batch, and what it comes to; what of it has been written before is left as it is, and no record takes the
 * place of a newer one. Runs in one transaction: nobody else writes of these calls between its reading and its writing.
 * Returns of how many calls the events were written alone: what they come to cannot be said.
 */
export async function write(
  db: Kysely<Schema>,
  locks: OpenDatabase['locks'],
  writer: number,
  { events, records }: Batch,
): Promise<number> {
  // A call has a row as soon as anything is known of it: its age is what it is forgotten by.
  const firstAt = new Map<string, number>()
  for (const { callId, openedAt } of records) firstAt.set(callId, Math.round(openedAt))
  for (const { callId, at } of events) if (!firstAt.has(callId)) firstAt.set(callId, at)
  // Always in one order, so that no two writers wait for each other.
  const calls = [...firstAt].map(([call_id, opened_at]) => ({ call_id, opened_at, record: null })).sort(byCall)
  for (const rows of inParts(calls)) {
    await db
      .insertInto('calls')
      .values(rows)
      .onConflict((conflict) => conflict.column('call_id').doNothing())
      .execute()
  }
  const ids = calls.map(({ call_id }) => call_id)
  const kept = await keptOf(db, locks, ids)
  const fresh = await insertEvents(db, writer, events)
  for (const told of records) {
    const call = kept.get(told.callId)
    if (call === undefined) continue
    call.record = standing(call.record, told)
    const openedAt = Math.round(call.record.openedAt)
    call.touched ||= call.openedAt !== openedAt
    call.openedAt = openedAt
  }
  await putRecords(db, kept, records)
  return foldNew(db, kept, fresh)
}

/** Returns those that had not been written before. */
async function insertEvents(db: Kysely<Schema>, writer: number, events: readonly EventRow[]): Promise<readonly Row[]> {
  const fresh: Row[] = []
  for (const part of inParts(await placed(db, events))) {
    const rows = part.map(({ callId, atMs, ...rest }) => ({ ...rest, call_id: callId, at_ms: atMs, writer }))
    const inserted = await db
      .insertInto('events')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['writer', 'seq']).doNothing())
      .returning('seq')
      .execute()
    const seqs = new Set(inserted.map(({ seq }) => seq))
    fresh.push(...part.filter(({ seq }) => seqs.has(seq)))
  }
  return fresh
}

/** What belongs to a call's latest stream gets it; of a call that has none it begins one. */
async function placed(db: Kysely<Schema>, events: readonly EventRow[]): Promise<readonly EventRow[]> {
  const homeless = events.filter(({ stream }) => stream === LATEST_STREAM).map(({ callId }) => callId)
  if (homeless.length === 0) return events
  const rows = await db
    .selectFrom('events')
    .select(({ fn }) => ['call_id', fn.max('stream').as('stream')])
    .where('call_id', 'in', [...new Set(homeless)])
    .groupBy('call_id')
    .execute()
  const latest = new Map(rows.map(({ call_id, stream }) => [call_id, stream]))
  return events.map((row) => {
    const stream = Math.max(latest.get(row.callId) ?? LATEST_STREAM, row.stream) || row.at
    latest.set(row.callId, stream)
    return row.stream === LATEST_STREAM ? { ...row, stream } : row
  })
}

async function putRecords(
  db: Kysely<Schema>,
  kept: ReadonlyMap<string, Kept>,
  records: readonly CallRecord[],
): Promise<void> {
  const rows = records.flatMap(({ callId }) => {
    const { record, openedAt } = kept.get(callId) ?? {}
    return openedAt === undefined ? [] : [{ call_id: callId, opened_at: openedAt, record: JSON.stringify(record) }]
  })
  for (const part of inParts(rows.sort(byCall))) {
    await db
      .insertInto('calls')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('call_id').doUpdateSet((row) => ({
          opened_at: row.ref('excluded.opened_at'),
          record: row.ref('excluded.record'),
        })),
      )
      .execute()
  }
}

function byCall(a: { readonly call_id: string }, b: { readonly call_id: string }): number {
  return a.call_id < b.call_id ? -1 : 1
}
