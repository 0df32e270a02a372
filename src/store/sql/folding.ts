import type { Insertable, Kysely } from 'kysely'
import type { CallEvent } from '../../call/events.ts'
import { eventIn } from '../kept-event.ts'
import { numbersOf, spoken } from '../sought.ts'
import { foldedFrom, type Tally, tallied } from '../tally.ts'
import type { OpenDatabase } from './database.ts'
import { inParts, type Kept, keptOf, ROWS } from './kept-calls.ts'
import type { EventRow } from './messages.ts'
import type { Schema } from './schema.ts'

/** Calls that are looked at, and those that are folded, in one piece of work. */
const LOOKED_AT = ROWS
const FOLDED_AT_ONCE = 20
/** As much of a tally's JSON as says how far it was folded [characters]. */
const HEAD = 60
/** A process of the version before, which writes events and folds none, is gone after a day or two [ms]. */
const UPGRADE_MS = 2 * 86_400_000

/** An event as it is folded. */
export type Row = Pick<EventRow, 'callId' | 'stream' | 'at' | 'event'>

/** What events come to, and the words in them as they are searched. */
interface Fold {
  readonly tally: Tally | undefined
  readonly words: readonly string[]
}

/**
 * Folds events that have just been written into what their calls come to.
 *
 * ```
 *   tally of all events but the new ones ─▶ the new ones are added
 *   no tally, of another version, of fewer events, or adding throws ─▶ the call is folded anew, from all of its events
 *                                                           └ throws ─▶ its summary stays as it was
 * ```
 * Returns of how many calls the last is so.
 */
export async function foldNew(
  db: Kysely<Schema>,
  kept: ReadonlyMap<string, Kept>,
  fresh: readonly Row[],
): Promise<number> {
  const byCall = Map.groupBy(fresh, ({ callId }) => callId)
  const counts = await countsOf(db, [...byCall.keys()])
  const anew: string[] = []
  const words: Insertable<Schema['said']>[] = []
  for (const [callId, rows] of byCall) {
    const call = kept.get(callId)
    const isWhole = call?.tally !== undefined && call.tally.events + rows.length === counts.get(callId)
    if (!isWhole || !take(callId, call, foldOf(call.tally, rows), words)) anew.push(callId)
  }
  const broken = await foldAnew(db, kept, anew, words)
  await put(db, kept, words)
  return broken
}

/** Of one of these there is no summary, or none that is right. @param words where those that were said in them go. */
async function foldAnew(
  db: Kysely<Schema>,
  kept: ReadonlyMap<string, Kept>,
  ids: readonly string[],
  words: Insertable<Schema['said']>[],
): Promise<number> {
  if (ids.length === 0) return 0
  const events = Map.groupBy(await eventsOf(db, ids), ({ callId }) => callId)
  const folded = ids.filter((callId) => {
    const call = kept.get(callId)
    return call !== undefined && take(callId, call, foldOf(undefined, events.get(callId) ?? []), words)
  })
  for (const part of inParts(folded)) await db.deleteFrom('said').where('call_id', 'in', part).execute()
  return ids.length - folded.length
}

/** `undefined`: they cannot be folded. */
function foldOf(before: Tally | undefined, rows: readonly Row[]): Fold | undefined {
  try {
    let tally = before
    const words: string[] = []
    for (const { stream, at, event: text } of rows) {
      const event: CallEvent = eventIn(text)
      tally = tallied(tally, { stream, at, event })
      if (event.type === 'said') words.push(spoken(event.text))
    }
    return { tally, words }
  } catch {
    return undefined
  }
}

/** False: there is nothing to take, and the call's summary is not to be touched. */
function take(callId: string, call: Kept, fold: Fold | undefined, words: Insertable<Schema['said']>[]): boolean {
  call.tally = fold?.tally
  call.touched = fold?.tally !== undefined
  for (const text of fold?.words ?? []) words.push({ call_id: callId, text })
  return fold !== undefined
}

async function put(
  db: Kysely<Schema>,
  kept: ReadonlyMap<string, Kept>,
  words: readonly Insertable<Schema['said']>[],
): Promise<void> {
  for (const part of inParts(words)) await db.insertInto('said').values(part).execute()
  const rows = [...kept].flatMap(([callId, call]) => (call.touched ? summaryRow(callId, call) : []))
  for (const part of inParts(rows)) {
    await db
      .insertInto('summaries')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('call_id').doUpdateSet((row) => ({
          opened_at: row.ref('excluded.opened_at'),
          agent: row.ref('excluded.agent'),
          reason: row.ref('excluded.reason'),
          numbers: row.ref('excluded.numbers'),
          tally: row.ref('excluded.tally'),
        })),
      )
      .execute()
  }
}

async function countsOf(db: Kysely<Schema>, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const part of inParts(ids)) {
    const rows = await db
      .selectFrom('events')
      .select(({ fn }) => ['call_id', fn.countAll<number>().as('count')])
      .where('call_id', 'in', part)
      .groupBy('call_id')
      .execute()
    for (const { call_id, count } of rows) counts.set(call_id, count)
  }
  return counts
}

async function eventsOf(db: Kysely<Schema>, ids: readonly string[]): Promise<readonly Row[]> {
  const all: Row[] = []
  for (const part of inParts(ids)) {
    const rows = await db
      .selectFrom('events')
      .select(['call_id as callId', 'stream', 'at', 'event'])
      .where('call_id', 'in', part)
      .orderBy('call_id')
      .orderBy('stream')
      .orderBy('id')
      .execute()
    all.push(...rows)
  }
  return all
}

function summaryRow(callId: string, { openedAt, tally }: Kept): Schema['summaries'][] {
  if (tally === undefined) return []
  const { from, to, agent, end } = tally
  // JSON has no NUL in it, and PostgreSQL takes none.
  const name = agent.replaceAll('\0', '')
  return [
    {
      call_id: callId,
      opened_at: openedAt,
      agent: name,
      reason: end?.reason ?? null,
      numbers: numbersOf(from, to),
      tally: JSON.stringify(tally),
    },
  ]
}

/** Where folding what was left behind has come to. */
interface Caught {
  /** After which call to go on; absent: they are all. */
  readonly last?: string
  /** Calls that cannot be folded. */
  readonly broken: number
}

/** Folds the next calls that a version of before has kept, or whose latest events it has written. */
export async function foldOld({ db, locks, atOnce }: OpenDatabase, after: string): Promise<Caught> {
  const { newest } = (await db
    .selectFrom('calls')
    .select(({ fn }) => fn.max('opened_at').as('newest'))
    .executeTakeFirst()) ?? { newest: null }
  const calls = await db
    .selectFrom('calls')
    .leftJoin('summaries', 'summaries.call_id', 'calls.call_id')
    .select(({ fn, val }) => [
      'calls.call_id',
      'calls.opened_at',
      fn<string | null>('substr', ['summaries.tally', val(1), val(HEAD)]).as('head'),
    ])
    .where('calls.call_id', '>', after)
    .orderBy('calls.call_id')
    .limit(LOOKED_AT)
    .execute()
  const recent = calls.filter(({ opened_at }) => opened_at > (newest ?? 0) - UPGRADE_MS)
  const counts = await countsOf(
    db,
    recent.map(({ call_id }) => call_id),
  )
  const old = calls
    .filter(({ call_id, head }) => {
      const events = foldedFrom(head ?? '')
      return events === undefined || events !== (counts.get(call_id) ?? events)
    })
    .slice(0, FOLDED_AT_ONCE)
  const ids = old.map(({ call_id }) => call_id)
  const broken = ids.length === 0 ? 0 : await atOnce((transaction) => foldAgain(transaction, locks, ids))
  const last = (ids.length === FOLDED_AT_ONCE ? ids : calls.map(({ call_id }) => call_id)).at(-1)
  return { broken, ...(last === undefined ? {} : { last }) }
}

async function foldAgain(db: Kysely<Schema>, locks: boolean, ids: readonly string[]): Promise<number> {
  const kept = await keptOf(db, locks, ids)
  const counts = await countsOf(db, ids)
  // Somebody may have been quicker.
  const behind = ids.filter((callId) => kept.get(callId)?.tally?.events !== counts.get(callId))
  const words: Insertable<Schema['said']>[] = []
  const broken = await foldAnew(db, kept, behind, words)
  await put(db, kept, words)
  return broken
}
