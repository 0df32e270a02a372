import type { Kysely } from 'kysely'
import type { CallEvent } from '../../call/events.ts'
import { recollect, recollectedTypes } from '../../call/recollect.ts'
import type { CallRecord, RecalledCall } from '../../call/store.ts'
import { standing } from '../standing.ts'
import { recordIn } from './kept-calls.ts'
import type { Batch, Question } from './messages.ts'
import type { Schema } from './schema.ts'

/** Of a call of hours so many of its latest events are read: twice as many as 200 utterances have, and more. */
const RECALLED_EVENTS = 2000

/** Calls that are forgotten at once: of 200 events each, some 20 ms in which nothing else is written. */
const FORGOTTEN_CALLS = 20

/** Those of tickets that nobody needs to remember are looked for so often at most [ms]. */
const SWEEP_EVERY_MS = 60_000

type Asked<T extends Question['type']> = Extract<Question, { type: T }>

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
    .values({ ticket, holder, until_at: Math.ceil(untilAt) })
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
    await db.deleteFrom('tickets').where('until_at', '<', Math.floor(now)).execute()
  }
}

/** The next calls that were opened before; returns how many they were. */
export async function forgetSome(db: Kysely<Schema>, locks: boolean, beforeAt: number): Promise<number> {
  const calls = db.selectFrom('calls').select('call_id').where('opened_at', '<', Math.ceil(beforeAt))
  const oldest = calls.orderBy('opened_at').limit(FORGOTTEN_CALLS)
  const old = await (locks ? oldest.forUpdate() : oldest).execute()
  const ids = old.map(({ call_id }) => call_id)
  if (ids.length === 0) return 0
  for (const table of ['events', 'said', 'summaries', 'calls'] as const) {
    await db.deleteFrom(table).where('call_id', 'in', ids).execute()
  }
  return ids.length
}
