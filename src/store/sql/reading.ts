import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { CallPage, CallSummary, KeptEvent, Totals, TrendPoint } from '../../call/archive.ts'
import { eventIn } from '../kept-event.ts'
import { type Cursor, fromNext, type Sought, soughtIn, toNext } from '../sought.ts'
import { Sums, Trend } from '../sums.ts'
import { summaryOf, type Tally, tallyIn } from '../tally.ts'
import type { Answers, ArchiveQuestion } from './messages.ts'
import type { Schema } from './schema.ts'

/** Calls that are looked at in one piece of work: 1 to 7 ms of CPU. */
const STRETCH = 1000
/** When all that was said in them is read too: 1 ms, and of calls of hours some 100 ms. */
const WORDY_STRETCH = 200
/** Events that are told at once: who hears them has calls to carry. */
const PART = 250
const MAX_EVENTS = 20_000
const MAX_AGENTS = 1000

/** Does a piece of work when it is its turn; rejects when nobody waits for the answer any more. */
export type Piece = <T>(work: (db: Kysely<Schema>) => Promise<T>) => Promise<T>

interface Found extends Cursor {
  readonly tally: Tally
}

/** @param tell tells the next of many. */
export function answerFrom(
  piece: Piece,
  question: ArchiveQuestion,
  tell: (events: readonly KeptEvent[]) => void,
): Promise<Answers[ArchiveQuestion['type']]> {
  switch (question.type) {
    case 'search':
      return search(piece, question)
    case 'summary':
      return piece((db) => summary(db, question.callId))
    case 'events':
      return events(piece, question.callId, tell)
    case 'totals':
      return totals(piece, soughtIn(question.filter))
    case 'trend':
      return trend(piece, soughtIn(question.filter), question.step)
    case 'agents':
      return piece(agents)
  }
}

async function search(
  piece: Piece,
  { filter, limit, next }: Extract<ArchiveQuestion, { type: 'search' }>,
): Promise<CallPage> {
  const found: Found[] = []
  const from = next === undefined ? undefined : fromNext(next)
  for await (const calls of stretches(piece, soughtIn(filter), from, limit + 1)) {
    found.push(...calls)
    if (found.length > limit) break
  }
  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    calls: page.map(({ callId, openedAt, tally }) => summaryOf(callId, openedAt, tally)),
    ...(last === undefined ? {} : { next: toNext(last) }),
  }
}

async function summary(db: Kysely<Schema>, callId: string): Promise<CallSummary | undefined> {
  const row = await db.selectFrom('summaries').selectAll().where('call_id', '=', callId).executeTakeFirst()
  const tally = tallyIn(row?.tally ?? '')
  return row === undefined || tally === undefined ? undefined : summaryOf(callId, row.opened_at, tally)
}

async function totals(piece: Piece, sought: Sought): Promise<Totals> {
  const sums = new Sums()
  for await (const calls of stretches(piece, sought)) for (const { tally } of calls) sums.add(tally)
  return sums.totals()
}

async function trend(piece: Piece, sought: Sought, step: 'hour' | 'day'): Promise<readonly TrendPoint[]> {
  const steps = new Trend(step)
  for await (const calls of stretches(piece, sought)) {
    if (!calls.every(({ openedAt, tally }) => steps.add(openedAt, tally))) break
  }
  return steps.points()
}

async function agents(db: Kysely<Schema>): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('summaries')
    .select('agent')
    .distinct()
    .where('agent', '<>', '')
    .limit(MAX_AGENTS)
    .execute()
  return rows.map(({ agent }) => agent).sort()
}

async function events(
  piece: Piece,
  callId: string,
  tell: (events: readonly KeptEvent[]) => void,
): Promise<readonly KeptEvent[]> {
  let after = { stream: -1, id: 0 }
  for (let told = 0; told < MAX_EVENTS; ) {
    const rows = await piece((db) =>
      db
        .selectFrom('events')
        .select(['id', 'stream', 'at', 'event'])
        .where('call_id', '=', callId)
        .where(sql<boolean>`(stream, id) > (${after.stream}, ${after.id})`)
        .orderBy('stream')
        .orderBy('id')
        .limit(Math.min(PART, MAX_EVENTS - told))
        .execute(),
    )
    tell(rows.map(({ stream, at, event }) => ({ stream, at, event: eventIn(event) })))
    told += rows.length
    const last = rows.at(-1)
    if (last === undefined || rows.length < PART) break
    after = last
  }
  return []
}

/**
 * Calls newest first, a stretch of all calls at a time, and of it what is sought.
 * @param most of a stretch no more than these are wanted.
 */
async function* stretches(
  piece: Piece,
  sought: Sought,
  from?: Cursor,
  most: number = STRETCH,
): AsyncGenerator<readonly Found[]> {
  let before = from
  do {
    const { found, last } = await piece((db) => stretch(db, sought, before, most))
    yield found
    before = last
  } while (before !== undefined)
}

/** `last`: the stretch ended there; none: it was the last one. */
async function stretch(
  db: Kysely<Schema>,
  sought: Sought,
  before: Cursor | undefined,
  most: number,
): Promise<{ readonly found: readonly Found[]; readonly last: Cursor | undefined }> {
  const { fromAt, untilAt, terms } = sought
  const length = terms.length === 0 ? STRETCH : WORDY_STRETCH
  let calls = db.selectFrom('summaries').orderBy('opened_at', 'desc').orderBy('call_id', 'desc')
  if (before !== undefined) {
    calls = calls.where(sql<boolean>`(opened_at, call_id) < (${before.openedAt}, ${before.callId})`)
  }
  if (fromAt !== undefined) calls = calls.where('opened_at', '>=', Math.ceil(fromAt))
  if (untilAt !== undefined) calls = calls.where('opened_at', '<', Math.ceil(untilAt))
  const end = await calls
    .select(['opened_at', 'call_id'])
    .offset(length - 1)
    .limit(1)
    .executeTakeFirst()
  if (end !== undefined) calls = calls.where(sql<boolean>`(opened_at, call_id) >= (${end.opened_at}, ${end.call_id})`)
  const rows = await calls
    .select(['call_id', 'opened_at', 'tally'])
    .where((eb) => matching(eb, sought))
    .limit(most)
    .execute()
  return {
    // One that nobody can read any more hides itself, and not those beside it.
    found: rows.flatMap(({ call_id, opened_at, tally: text }) => {
      const tally = tallyIn(text)
      return tally === undefined ? [] : [{ callId: call_id, openedAt: opened_at, tally }]
    }),
    last: end === undefined ? undefined : { openedAt: end.opened_at, callId: end.call_id },
  }
}

function matching(eb: ExpressionBuilder<Schema, 'summaries'>, { agent, reason, digits, terms }: Sought) {
  const said = (term: string) =>
    eb.exists(
      eb
        .selectFrom('said')
        .select('said.id')
        .whereRef('said.call_id', '=', 'summaries.call_id')
        .where(sql<boolean>`text like ${partOf(term)} escape '\\'`),
    )
  return eb.and([
    ...(agent === undefined ? [] : [eb('agent', '=', agent)]),
    ...(reason === undefined ? [] : [eb('reason', '=', reason)]),
    ...(digits === undefined ? [] : [eb('numbers', 'like', `%${digits}%`)]),
    ...terms.map(said),
  ])
}

function partOf(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
