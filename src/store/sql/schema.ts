import { type Generated, type Kysely, type RawBuilder, sql } from 'kysely'

/**
 * What is in the database. Times are [ms since 1970].
 *
 * | table     | holds                                                                                      |
 * |-----------|--------------------------------------------------------------------------------------------|
 * | calls     | one row a call that anything is known of; `record` is NULL until it was kept               |
 * | events    | every event of every call, whole, as JSON; by (call_id, stream, id) it is in order         |
 * | summaries | one row a call that has events: what they come to, and what it is looked for by            |
 * | said      | everything that was said, as it is searched                                                |
 * | tickets   | those that were taken, by whom, and until when that must be remembered                     |
 *
 * `summaries` and `said` are folded from `events`: a call that has events and no summary is folded anew.
 */
export interface Schema {
  readonly calls: { readonly call_id: string; readonly opened_at: number; readonly record: string | null }
  readonly events: {
    readonly id: Generated<number>
    readonly call_id: string
    readonly stream: number
    readonly writer: number
    readonly seq: number
    readonly at: number
    readonly at_ms: number
    readonly type: string
    readonly event: string
  }
  readonly summaries: {
    readonly call_id: string
    /** As in `calls`. */
    readonly opened_at: number
    readonly agent: string
    /** NULL: it has not ended. */
    readonly reason: string | null
    /** The digits of the caller's number, a space, those of the called one. */
    readonly numbers: string
    /** JSON of the Tally. */
    readonly tally: string
  }
  readonly said: { readonly id: Generated<number>; readonly call_id: string; readonly text: string }
  readonly tickets: { readonly ticket: string; readonly holder: string; readonly until_at: number }
}

/** Where the two databases differ. */
export interface Flavour {
  /** Of what names calls: compared byte by byte. */
  readonly name: RawBuilder<unknown>
  /** Of a key that counts by itself. */
  readonly serial: RawBuilder<unknown>
  /** At the end of a table that is looked up by its one key. */
  readonly keyed: RawBuilder<unknown>
}

export const sqliteFlavour: Flavour = { name: sql`text`, serial: sql`integer`, keyed: sql`without rowid` }
export const postgresFlavour: Flavour = { name: sql`text collate "C"`, serial: sql`bigserial`, keyed: sql`` }

/** A step from one version of the schema to the next, as statements. */
type Migration = (db: Kysely<Schema>, flavour: Flavour) => readonly string[]

const first: Migration = ({ schema }, { name, serial, keyed }) =>
  [
    schema
      .createTable('calls')
      .addColumn('call_id', name, (column) => column.primaryKey().notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('record', 'text')
      .modifyEnd(keyed),
    schema.createIndex('calls_by_age').on('calls').column('opened_at'),
    schema
      .createTable('events')
      .addColumn('id', serial, (column) => column.primaryKey())
      .addColumn('call_id', name, (column) => column.notNull())
      .addColumn('stream', 'bigint', (column) => column.notNull())
      .addColumn('writer', 'bigint', (column) => column.notNull())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('at', 'bigint', (column) => column.notNull())
      .addColumn('at_ms', 'double precision', (column) => column.notNull())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addUniqueConstraint('events_once', ['writer', 'seq']),
    schema.createIndex('events_in_order').on('events').columns(['call_id', 'stream', 'id']),
    schema
      .createTable('tickets')
      .addColumn('ticket', name, (column) => column.primaryKey().notNull())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('until_at', 'bigint', (column) => column.notNull())
      .modifyEnd(keyed),
    schema.createIndex('tickets_by_age').on('tickets').column('until_at'),
  ].map((statement) => statement.compile().sql)

const second: Migration = ({ schema }, { name, serial }) =>
  [
    schema
      .createTable('summaries')
      .addColumn('call_id', name, (column) => column.primaryKey().notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('numbers', 'text', (column) => column.notNull())
      .addColumn('tally', 'text', (column) => column.notNull()),
    schema.createIndex('summaries_by_age').on('summaries').columns(['opened_at', 'call_id']),
    schema.createIndex('summaries_by_agent').on('summaries').column('agent'),
    schema
      .createTable('said')
      .addColumn('id', serial, (column) => column.primaryKey())
      .addColumn('call_id', name, (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull()),
    schema.createIndex('said_by_call').on('said').column('call_id'),
  ].map((statement) => statement.compile().sql)

/** In order, for ever: a step that was once released is never changed. The version is how many have been taken. */
export const migrations: readonly Migration[] = [first, second]
