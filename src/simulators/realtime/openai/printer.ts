/*
 * The session's events in OpenAI's GA form: most are renamed, some become two, a few gain fields.
 *
 *   item.created(user's)       ─▶ item.added, item.done          response.created ─▶ [rate_limits.updated]
 *   item.created(agent's)      ─▶ item.added                     response.done    ─▶ response.done [rate_limits.updated]
 *   output_item.done           ─▶ item.done, output_item.done
 *   transcription.completed    ─▶ transcription.delta…, transcription.completed
 */
import type { Behaviour } from '../behaviour.ts'
import type { PrintedEvent, SpokenEvent } from '../dialect.ts'
import { type Fields, fieldsOf } from '../fields.ts'
import { makeId } from '../ids.ts'
import type { Items } from '../items.ts'
import type { WireError } from '../wire-error.ts'
import { gaItem } from './item.ts'
import { gaResponse } from './response.ts'

const TRANSCRIPTION = 'conversation.item.input_audio_transcription'

const RENAMED: ReadonlyMap<string, string> = new Map(
  ['text', 'audio', 'audio_transcript'].flatMap((name) =>
    ['delta', 'done'].map((end) => [`response.${name}.${end}`, `response.output_${name}.${end}`] as const),
  ),
)

type Print = (fields: object, event: SpokenEvent) => readonly PrintedEvent[]

/** The printer of one session. */
export function makeGaPrinter(items: Items, behaviour: Behaviour): (event: SpokenEvent) => readonly PrintedEvent[] {
  const limits = makeRateLimits()
  const added = ({ item }: Fields<'item'>): readonly PrintedEvent[] => {
    const id = fieldsOf<'id'>(item)?.id
    const printed = gaItem(item)
    const fields = { previous_item_id: typeof id === 'string' ? items.before(id) : null, item: printed }
    const event = { type: 'conversation.item.added', fields }
    const isWhole = fieldsOf<'status'>(printed)?.status !== 'in_progress'
    return isWhole ? [event, { type: 'conversation.item.done', fields }] : [event]
  }
  const prints: Readonly<Record<string, Print>> = {
    'session.created': (fields) => [
      { type: 'session.created', fields },
      ...(behaviour.conversationCreated ? [conversationCreated()] : []),
    ],
    'conversation.item.created': added,
    'input_audio_buffer.committed': (fields) => [
      { type: 'input_audio_buffer.committed', fields: { previous_item_id: items.lastId, ...fields } },
    ],
    'response.created': ({ response }: Fields<'response'>) => [
      { type: 'response.created', fields: { response: gaResponse(response) } },
      ...limits(behaviour.rateLimits !== 'end' && behaviour.rateLimits !== 'never'),
    ],
    'response.done': ({ response }: Fields<'response'>) => [
      { type: 'response.done', fields: { response: gaResponse(response) } },
      ...limits(behaviour.rateLimits !== 'begin' && behaviour.rateLimits !== 'never'),
    ],
    'response.output_item.added': (fields) => [{ type: 'response.output_item.added', fields: withGaItem(fields) }],
    'response.output_item.done': (fields) => itemDone(fields, items),
    'response.content_part.added': (fields) => [{ type: 'response.content_part.added', fields: withGaPart(fields) }],
    'response.content_part.done': (fields) => [{ type: 'response.content_part.done', fields: withGaPart(fields) }],
    [`${TRANSCRIPTION}.completed`]: (fields) => transcribed(fields),
    [`${TRANSCRIPTION}.failed`]: (fields) => [{ type: `${TRANSCRIPTION}.failed`, fields: withGaError(fields) }],
    'conversation.item.retrieved': ({ item }: Fields<'item'>) => [
      { type: 'conversation.item.retrieved', fields: { item: gaItem(item) } },
    ],
    error: ({ error }: Fields<'error'>, { causedBy }) => [
      { type: 'error', fields: { error: { ...gaError(error), event_id: causedBy ?? null } } },
    ],
  }
  return (event) => {
    const { type, fields } = event
    const print = Object.hasOwn(prints, type) ? prints[type] : undefined
    return print?.(fields, event) ?? [{ type: RENAMED.get(type) ?? type, fields }]
  }
}

function conversationCreated(): PrintedEvent {
  const conversation = { id: makeId('conv'), object: 'realtime.conversation' }
  return { type: 'conversation.created', fields: { conversation } }
}

/** An item that no conversation holds (`conversation: "none"`) has no `item.done`. */
function itemDone(fields: Fields<'item'>, items: Items): readonly PrintedEvent[] {
  const id = fieldsOf<'id'>(fields.item)?.id
  const done = { type: 'response.output_item.done', fields: withGaItem(fields) }
  if (typeof id !== 'string' || items.get(id) === undefined) return [done]
  const item = gaItem(fields.item)
  return [{ type: 'conversation.item.done', fields: { previous_item_id: items.before(id), item } }, done]
}

/** The words come a few at a time, then all. Billed by the audio's tokens, of which this server knows nothing. */
function transcribed(fields: Fields<'item_id' | 'content_index' | 'transcript'>): readonly PrintedEvent[] {
  const { item_id, content_index, transcript } = fields
  const words = typeof transcript === 'string' ? transcript : ''
  const deltas = (words.match(/\S{1,12}\s*|\s+/gu) ?? []).map((delta) => ({
    type: `${TRANSCRIPTION}.delta`,
    fields: { item_id, content_index, delta },
  }))
  const output_tokens = Math.ceil(words.length / 4)
  const input_token_details = { text_tokens: 0, audio_tokens: 10 }
  const usage = {
    type: 'tokens',
    total_tokens: 10 + output_tokens,
    input_tokens: 10,
    input_token_details,
    output_tokens,
  }
  return [...deltas, { type: `${TRANSCRIPTION}.completed`, fields: { item_id, content_index, transcript, usage } }]
}

function withGaItem(fields: Fields<'item'>): object {
  return { ...fields, item: gaItem(fields.item) }
}

/** A part's words are in `transcript` when they are spoken. Its type is `audio` or `text`, unlike an item's. */
function withGaPart(fields: Fields<'part'>): object {
  const { type, text } = fieldsOf<'type' | 'text'>(fields.part) ?? {}
  return { ...fields, part: type === 'audio' ? { type, transcript: text } : { type, text } }
}

/** Here what is not known is absent, not null. */
function withGaError(fields: Fields<'error'>): object {
  const given = Object.entries(fieldsOf(fields.error) ?? {}).filter(([, value]) => value !== '')
  return { ...fields, error: Object.fromEntries(given) }
}

function gaError(value: unknown): object {
  const { type, code, message, param } = fieldsOf<keyof WireError>(value) ?? {}
  return { type, code: code === '' ? null : code, message, param: param === '' ? null : param }
}

/** Far from any limit: the figures only move. */
function makeRateLimits(): (isWanted: boolean) => readonly PrintedEvent[] {
  let requests = 1000
  return (isWanted) => {
    if (!isWanted) return []
    requests = Math.max(1, requests - 1)
    const rate_limits = [
      { name: 'requests', limit: 1000, remaining: requests, reset_seconds: 0.06 },
      { name: 'tokens', limit: 50_000, remaining: 48_000, reset_seconds: 2.4 },
    ]
    return [{ type: 'rate_limits.updated', fields: { rate_limits } }]
  }
}
