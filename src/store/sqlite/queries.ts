import { type Kysely, sql } from 'kysely'
import type { CallEvent } from '../../call/events.ts'
import { recollect, recollectedTypes } from '../../call/recollect.ts'
import type { CallRecord, RecalledCall } from '../../call/store.ts'
import { standing } from '../standing.ts'
import type { Batch, Question } from './messages.ts'
import type { Schema } from './schema.ts'

/** Rows of one statement, so that their parameters are fewer than any database's limit. */
const ROWS = 500

/** Of a call of hours so many of its latest events are read: twice as many as 200 utterances have, and more. */
const RECALLED_EVENTS = 2000

/** Calls that are forgotten at once: of 200 events each, some 20 ms in which nothing else is written. */
const FORGOTTEN_CALLS = 20

/** Those of tickets that nobody needs to remember are looked for so often at most [ms]. */
const SWEEP_EVERY_MS = 60_000

type Asked<T extends Question['type']> = Extract<Question, { type: T }>

/**
 * All of a batch; what of it has been written before is left as it is, and no record takes the place of a newer one.
 * Runs in one transaction: nobody writes between its reading and its writing.
 */
export async function write(db: Kysely<Schema>, writer: number, { events, records }: Batch): Promise<void> {
  // A call has a row as soon as anything is known of it: its age is what it is forgotten by.
  const firstAt = new Map<string, number>()
  for (const { callId, at } of events) if (!firstAt.has(callId)) firstAt.set(callId, at)
  const heardOf = [...firstAt].map(([call_id, opened_at]) => ({ call_id, opened_at, record: null }))
  for (const rows of inParts(heardOf)) {
    await db
      .insertInto('calls')
      .values(rows)
      .onConflict((conflict) => conflict.column('call_id').doNothing())
      .execute()
  }
  for (const part of inParts(records)) {
    await db
      .insertInto('calls')
      .values(await rowsOf(db, part))
      .onConflict((conflict) =>
        conflict.column('call_id').doUpdateSet((row) => ({
          opened_at: row.ref('excluded.opened_at'),
          record: row.ref('excluded.record'),
        })),
      )
      .execute()
  }
  const told = events.map(({ callId, atMs, ...rest }) => ({ ...rest, call_id: callId, at_ms: atMs, writer }))
  for (const rows of inParts(told)) {
    await db
      .insertInto('events')
      .values(rows)
      .onConflict((conflict) => conflict.columns(['writer', 'seq']).doNothing())
      .execute()
  }
}

/** Where each of the calls stands now, with what others have written of it. */
async function rowsOf(db: Kysely<Schema>, records: readonly CallRecord[]): Promise<Schema['calls'][]> {
  const ids = records.map(({ callId }) => callId)
  const rows = await db.selectFrom('calls').select(['call_id', 'record']).where('call_id', 'in', ids).execute()
  const kept = new Map(rows.map(({ call_id, record }) => [call_id, recordIn(record)]))
  return records.map((told) => {
    const record = standing(kept.get(told.callId), told)
    return { call_id: record.callId, opened_at: record.openedAt, record: JSON.stringify(record) }
  })
}

function recordIn(text: string | null | undefined): CallRecord | undefined {
  return text ? (JSON.parse(text) as CallRecord) : undefined
}

/** @param unwritten what is not in the database yet, the earlier first; it counts all the same. */
export async function recall(
  db: Kysely<Schema>,
  callId: string,
  unwritten: readonly Batch[],
): Promise<RecalledCall | undefined> {
  const call = await db.selectFrom('calls').select('record').where('call_id', '=', callId).executeTakeFirst()
  const late = unwritten.flatMap(({ records }) => records).filter((told) => told.callId === callId)
  const record = late.reduce<CallRecord | undefined>(standing, recordIn(call?.record))
  if (record === undefined) return undefined
  const rows = await db
    .selectFrom('events')
    .select(['stream', 'event'])
    .where('call_id', '=', callId)
    .where('type', 'in', [...recollectedTypes])
    .orderBy('stream', 'desc')
    .orderBy('id', 'desc')
    .limit(RECALLED_EVENTS)
    .execute()
  const waiting = unwritten.flatMap(({ events }) => events).filter((row) => row.callId === callId)
  const inOrder = [...rows.reverse(), ...waiting].sort((a, b) => a.stream - b.stream)
  const said = recollect(inOrder.map(({ event }) => JSON.parse(event) as CallEvent))
  return { ...record, said }
}

/** @param holder who asks: asked again after a crash, the one who has it is told so. */
export async function claim(db: Kysely<Schema>, { ticket, untilAt }: Asked<'claim'>, holder: string): Promise<boolean> {
  await db
    .insertInto('tickets')
    .values({ ticket, holder, until_at: untilAt })
    .onConflict((conflict) => conflict.column('ticket').doNothing())
    .execute()
  const taken = await db.selectFrom('tickets').select('holder').where('ticket', '=', ticket).executeTakeFirst()
  return taken?.holder === holder
}

/** Makes a broom that sweeps old tickets away when it has not done so for a while. */
export function makeBroom(): (db: Kysely<Schema>, now: number) => Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY
  return async (db, now) => {
    if (Math.abs(now - sweptAt) < SWEEP_EVERY_MS) return
    sweptAt = now
    await db.deleteFrom('tickets').where('until_at', '<', now).execute()
  }
}

/** The next calls that were opened before; returns how many they were. */
export async function forgetSome(db: Kysely<Schema>, beforeAt: number): Promise<number> {
  const old = await db
    .selectFrom('calls')
    .select('call_id')
    .where('opened_at', '<', beforeAt)
    .orderBy('opened_at')
    .limit(FORGOTTEN_CALLS)
    .execute()
  const ids = old.map(({ call_id }) => call_id)
  if (ids.length === 0) return 0
  await db.deleteFrom('events').where('call_id', 'in', ids).execute()
  await db.deleteFrom('calls').where('call_id', 'in', ids).execute()
  return ids.length
}

/** Empties the write-ahead log, where what was deleted may still be read. False: somebody uses it now. */
export async function scrub(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db)
  return rows[0]?.busy === 0
}

function inParts<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / ROWS) }, (_, i) => rows.slice(i * ROWS, (i + 1) * ROWS))
}
