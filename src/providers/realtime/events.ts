import type { Usage } from '../../call/provider.ts'
import { type AudioDelta, readAudioDelta } from './audio-delta.ts'
import { asFields, child, type Fields, text } from './fields.ts'

/** What an `error` frame says; every field may be empty. */
export interface WireError {
  readonly type: string
  readonly code: string
  readonly message: string
  /** Of the client's event that it answers; mostly absent. */
  readonly eventId?: string
}

/**
 * A server frame in our words. Tolerant: unknown fields are not looked at, GA and beta names mean the same, and what
 * cannot be used is `ignored`, never thrown.
 */
export type ServerEvent =
  | { readonly type: 'session-created' }
  /** With what the server says of the session now. */
  | { readonly type: 'session-updated'; readonly session: Fields }
  | { readonly type: 'speech-started' | 'speech-stopped'; readonly itemId?: string }
  /** A turn that we ended was taken; its item follows. */
  | { readonly type: 'committed'; readonly itemId: string }
  /** Something of ours is in the conversation. `spoken`: the caller's sound. */
  | { readonly type: 'item-created'; readonly itemId: string; readonly spoken: boolean }
  | { readonly type: 'truncated' }
  /** The whole of what is understood so far, not a piece to append. */
  | { readonly type: 'caller-text'; readonly itemId: string; readonly text: string }
  /** A piece to append. */
  | { readonly type: 'caller-piece'; readonly itemId: string; readonly delta: string }
  | { readonly type: 'caller-text-done'; readonly itemId: string; readonly text: string }
  | { readonly type: 'response-created'; readonly responseId: string }
  | {
      readonly type: 'response-done'
      readonly responseId: string
      readonly status: string
      readonly usage?: Usage
      /** Why it failed, where the model says so. */
      readonly failure?: WireError
    }
  /** Decoded only when its response still matters. */
  | AudioDelta
  /** A piece to append. */
  | { readonly type: 'agent-text'; readonly responseId: string; readonly itemId: string; readonly delta: string }
  | { readonly type: 'agent-text-done'; readonly responseId: string; readonly itemId: string; readonly text: string }
  | {
      readonly type: 'tool-call'
      readonly responseId: string
      readonly itemId: string
      readonly toolCallId: string
      readonly name: string
      readonly args: string
      /** Said by its finished item, not by its arguments alone, and nothing cut it. */
      readonly whole: boolean
    }
  | { readonly type: 'error'; readonly error: WireError }
  | { readonly type: 'ignored'; readonly why: 'known' | 'unknown' | 'malformed'; readonly name: string }

type Parse = (frame: Fields) => ServerEvent | undefined

/** `undefined` also when empty: nothing can be told apart by an empty id. */
function id(frame: Fields | undefined, name: string): string | undefined {
  return text(frame, name) || undefined
}

function count(frame: Fields | undefined, name: string): number {
  const value = frame?.[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** The two dialects spell it differently. */
function details(usage: Fields, side: 'input' | 'output'): Fields | undefined {
  return child(usage, `${side}_tokens_details`) ?? child(usage, `${side}_token_details`)
}

/** The sound's tokens are absent in tool turns. */
function usageOf(response: Fields): Usage | undefined {
  const usage = child(response, 'usage')
  if (usage === undefined) return undefined
  return {
    inputTokens: count(usage, 'input_tokens'),
    outputTokens: count(usage, 'output_tokens'),
    inputAudioTokens: count(details(usage, 'input'), 'audio_tokens'),
    outputAudioTokens: count(details(usage, 'output'), 'audio_tokens'),
  }
}

const sessionUpdated: Parse = (frame) => ({ type: 'session-updated', session: child(frame, 'session') ?? {} })

const speech =
  (type: 'speech-started' | 'speech-stopped'): Parse =>
  (frame) => {
    const itemId = id(frame, 'item_id')
    return { type, ...(itemId === undefined ? {} : { itemId }) }
  }

const committed: Parse = (frame) => ({ type: 'committed', itemId: id(frame, 'item_id') ?? '' })

/** The role is not looked at: the official sample prints `assistant` for the caller's own sound. */
const itemCreated: Parse = (frame) => {
  const item = child(frame, 'item')
  const content = item?.['content']
  const spoken = Array.isArray(content) && asFields(content[0])?.['type'] === 'input_audio'
  return { type: 'item-created', itemId: text(item, 'id') ?? '', spoken }
}

/** Who sends `text` and `stash` states both anew each time; who sends `delta` sends only what is new. */
const callerText: Parse = (frame) => {
  const itemId = id(frame, 'item_id')
  if (itemId === undefined) return undefined
  const delta = text(frame, 'delta')
  if (delta !== undefined && frame['text'] === undefined) return { type: 'caller-piece', itemId, delta }
  return { type: 'caller-text', itemId, text: (text(frame, 'text') ?? '') + (text(frame, 'stash') ?? '') }
}

/** `failed` too: then nothing better will come, and the last preview stands. */
const callerTextDone: Parse = (frame) => {
  const itemId = id(frame, 'item_id')
  if (itemId === undefined) return undefined
  return { type: 'caller-text-done', itemId, text: (text(frame, 'transcript') ?? '').trim() }
}

const responseCreated: Parse = (frame) => {
  const responseId = id(child(frame, 'response'), 'id')
  return responseId === undefined ? undefined : { type: 'response-created', responseId }
}

const responseDone: Parse = (frame) => {
  const response = child(frame, 'response')
  const responseId = id(response, 'id')
  if (response === undefined || responseId === undefined) return undefined
  const usage = usageOf(response)
  const status = text(response, 'status') ?? 'completed'
  const why = status === 'failed' ? child(child(response, 'status_details'), 'error') : undefined
  return {
    type: 'response-done',
    responseId,
    status,
    ...(usage === undefined ? {} : { usage }),
    ...(why === undefined ? {} : { failure: wireError(why) }),
  }
}

const audio: Parse = (frame) => {
  const responseId = id(frame, 'response_id')
  const base64 = text(frame, 'delta')
  if (responseId === undefined || base64 === undefined) return undefined
  return { type: 'audio', responseId, itemId: text(frame, 'item_id') ?? '', base64 }
}

const agentText: Parse = (frame) => {
  const responseId = id(frame, 'response_id')
  const delta = text(frame, 'delta')
  if (responseId === undefined || delta === undefined) return undefined
  return { type: 'agent-text', responseId, itemId: text(frame, 'item_id') ?? '', delta }
}

const agentTextDone =
  (field: 'text' | 'transcript'): Parse =>
  (frame) => {
    const responseId = id(frame, 'response_id')
    if (responseId === undefined) return undefined
    return {
      type: 'agent-text-done',
      responseId,
      itemId: text(frame, 'item_id') ?? '',
      text: text(frame, field) ?? '',
    }
  }

/** Arguments carry a leading space in the official samples, and may be empty. */
function toolCall(
  responseId: string | undefined,
  itemId: string,
  call: Fields,
  whole: boolean,
): ServerEvent | undefined {
  const toolCallId = id(call, 'call_id')
  const name = id(call, 'name')
  if (responseId === undefined || toolCallId === undefined || name === undefined) return undefined
  return {
    type: 'tool-call',
    responseId,
    itemId,
    toolCallId,
    name,
    args: (text(call, 'arguments') ?? '').trim() || '{}',
    whole,
  }
}

const argumentsDone: Parse = (frame) => toolCall(id(frame, 'response_id'), text(frame, 'item_id') ?? '', frame, false)

/** Of the finished items only a function call is news: it is the second chance when `arguments.done` had no name. */
const itemDone: Parse = (frame) => {
  const item = child(frame, 'item')
  if (item?.['type'] !== 'function_call') return { type: 'ignored', why: 'known', name: 'response.output_item.done' }
  return toolCall(id(frame, 'response_id'), text(item, 'id') ?? '', item, item['status'] !== 'incomplete')
}

function wireError(body: Fields): WireError {
  return { type: text(body, 'type') ?? '', code: text(body, 'code') ?? '', message: text(body, 'message') ?? '' }
}

const error: Parse = (frame) => {
  const body = child(frame, 'error') ?? frame
  const wire = wireError(body)
  const eventId = id(body, 'event_id')
  return { type: 'error', error: eventId === undefined || body === frame ? wire : { ...wire, eventId } }
}

/** Every frame that means something to a call. */
const parsers: ReadonlyMap<string, Parse> = new Map<string, Parse>([
  ['error', error],
  ['session.created', () => ({ type: 'session-created' })],
  ['session.updated', sessionUpdated],
  ['input_audio_buffer.speech_started', speech('speech-started')],
  ['input_audio_buffer.speech_stopped', speech('speech-stopped')],
  ['input_audio_buffer.committed', committed],
  ['input_audio_buffer.commited', committed],
  ['conversation.item.created', itemCreated],
  ['conversation.item.added', itemCreated],
  ['conversation.item.truncated', () => ({ type: 'truncated' })],
  ['conversation.item.input_audio_transcription.delta', callerText],
  ['conversation.item.input_audio_transcription.completed', callerTextDone],
  ['conversation.item.input_audio_transcription.failed', callerTextDone],
  ['response.created', responseCreated],
  ['response.done', responseDone],
  ['response.audio.delta', audio],
  ['response.output_audio.delta', audio],
  ['response.audio_transcript.delta', agentText],
  ['response.output_audio_transcript.delta', agentText],
  ['response.audio_transcript.done', agentTextDone('transcript')],
  ['response.output_audio_transcript.done', agentTextDone('transcript')],
  ['response.text.delta', agentText],
  ['response.output_text.delta', agentText],
  ['response.text.done', agentTextDone('text')],
  ['response.output_text.done', agentTextDone('text')],
  ['response.function_call_arguments.done', argumentsDone],
  ['response.output_item.done', itemDone],
])

/** Frames we know and need nothing from: what they say is said by another one, or concerns what we never ask for. */
const knownAndIgnored: ReadonlySet<string> = new Set([
  'input_audio_buffer.cleared',
  'input_audio_buffer.timeout_triggered',
  'conversation.created',
  'conversation.item.done',
  'conversation.item.deleted',
  'response.output_item.added',
  'response.content_part.added',
  'response.content_part.done',
  'response.audio.done',
  'response.output_audio.done',
  'response.function_call_arguments.delta',
  'rate_limits.updated',
  'session.finished',
])

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

/** Reads one text frame. Never throws. */
export function readServerEvent(json: string): ServerEvent {
  return readAudioDelta(json) ?? parseServerEvent(json)
}

function parseServerEvent(json: string): ServerEvent {
  const frame = asFields(parseJson(json))
  const type = text(frame, 'type')
  if (frame === undefined || type === undefined) return { type: 'ignored', why: 'malformed', name: 'no type' }
  const name = type.slice(0, 80)
  if (knownAndIgnored.has(type)) return { type: 'ignored', why: 'known', name }
  const parse = parsers.get(type)
  if (parse === undefined) return { type: 'ignored', why: 'unknown', name }
  return parse(frame) ?? { type: 'ignored', why: 'malformed', name }
}
