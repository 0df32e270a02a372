import { type Generated, type Kysely, sql } from 'kysely'

/**
 * What is in the database. Times are [ms since 1970].
 *
 * | table   | holds                                                                               |
 * |---------|-------------------------------------------------------------------------------------|
 * | calls   | one row a call that anything is known of; `record` is NULL until it was kept        |
 * | events  | every event of every call, whole, as JSON; by (call_id, stream, id) it is in order  |
 * | tickets | those that were taken, by whom, and until when that must be remembered              |
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
  readonly tickets: { readonly ticket: string; readonly holder: string; readonly until_at: number }
}

/** A step from one version of the schema to the next, as statements. */
type Migration = (db: Kysely<Schema>) => readonly string[]

const first: Migration = ({ schema }) =>
  [
    schema
      .createTable('calls')
      .addColumn('call_id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('opened_at', 'bigint', (column) => column.notNull())
      .addColumn('record', 'text')
      .modifyEnd(sql`without rowid`),
    schema.createIndex('calls_by_age').on('calls').column('opened_at'),
    schema
      .createTable('events')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('call_id', 'text', (column) => column.notNull())
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
      .addColumn('ticket', 'text', (column) => column.primaryKey().notNull())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('until_at', 'bigint', (column) => column.notNull())
      .modifyEnd(sql`without rowid`),
    schema.createIndex('tickets_by_age').on('tickets').column('until_at'),
  ].map((statement) => statement.compile().sql)

/** In order, for ever: a step that was once released is never changed. The version is how many have been taken. */
export const migrations: readonly Migration[] = [first]
