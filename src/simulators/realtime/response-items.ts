import { makeCallId, makeId } from './ids.ts'
import type { Wire } from './wire.ts'

/** The place of an item in its response. */
export interface ItemPlace {
  readonly wire: Wire
  readonly responseId: string
  readonly outputIndex: number
  /** It becomes part of the conversation. */
  readonly isKept: boolean
}

/**
 * The spoken (or, in a text session, written) item of a response.
 *
 * ```
 *   output_item.added ─▶ item.created ─▶ content_part.added ─▶ { transcript.delta | audio.delta }…
 *     ─▶ transcript.done ─▶ audio.done ─▶ content_part.done ─▶ output_item.done
 * ```
 */
export class MessageItem {
  readonly #place: ItemPlace
  readonly id = makeId('item')
  readonly #kind: 'audio' | 'text'
  #text = ''

  /** Opens it on the wire. */
  constructor(place: ItemPlace, kind: 'audio' | 'text') {
    this.#place = place
    this.#kind = kind
    const { wire, responseId, outputIndex, isKept } = place
    const item = this.#item('in_progress', [])
    wire.emit('response.output_item.added', { response_id: responseId, output_index: outputIndex, item })
    if (isKept) wire.emit('conversation.item.created', { item })
    this.#emit('response.content_part.added', { part: { type: kind, text: '' } })
  }

  /** Says more words, a few a delta. */
  say(text: string): void {
    const type = this.#kind === 'audio' ? 'response.audio_transcript.delta' : 'response.text.delta'
    for (const delta of text.match(/\S{1,12}\s*|\s+/gu) ?? []) this.#emit(type, { delta })
    this.#text += text
  }

  /** @param audio coded as the session wants it. */
  sound(audio: Uint8Array): void {
    const bytes = Buffer.from(audio.buffer, audio.byteOffset, audio.byteLength)
    this.#emit('response.audio.delta', { delta: bytes.toString('base64') })
  }

  /** Closes it with all `.done` events. @returns the item as `response.done` lists it: its words are in `transcript`. */
  finish(status: 'completed' | 'incomplete'): object {
    const part = { type: this.#kind, text: this.#text }
    if (this.#kind === 'audio') {
      this.#emit('response.audio_transcript.done', { transcript: this.#text })
      this.#emit('response.audio.done', {})
    } else {
      this.#emit('response.text.done', { text: this.#text })
    }
    this.#emit('response.content_part.done', { part })
    const { wire, responseId, outputIndex } = this.#place
    const item = this.#item(status, [part])
    wire.emit('response.output_item.done', { response_id: responseId, output_index: outputIndex, item })
    return this.#item(status, [this.#kind === 'audio' ? { type: 'audio', transcript: this.#text } : part])
  }

  #item(status: string, content: readonly object[]): object {
    return { id: this.id, object: 'realtime.item', type: 'message', status, role: 'assistant', content }
  }

  #emit(type: string, fields: object): void {
    const { wire, responseId, outputIndex } = this.#place
    const where = { response_id: responseId, item_id: this.id, output_index: outputIndex, content_index: 0 }
    wire.emit(type, { ...where, ...fields })
  }
}

/**
 * A function call, from its first event to its last.
 * @param isCut half-way: its arguments are said to be done all the same.
 * @returns its `call_id`, and the item as `response.done` lists it.
 */
export function emitToolCall(
  { wire, responseId, outputIndex, isKept }: ItemPlace,
  name: string,
  args: string,
  isCut: boolean,
): { callId: string; item: object } {
  const id = makeId('item')
  const callId = makeCallId()
  const where = { response_id: responseId, item_id: id, output_index: outputIndex }
  const call = { id, object: 'realtime.item', type: 'function_call', call_id: callId, name }
  const started = { ...call, status: 'in_progress', arguments: '' }
  wire.emit('response.output_item.added', { response_id: responseId, output_index: outputIndex, item: started })
  if (isKept) wire.emit('conversation.item.created', { item: started })
  const half = Math.ceil(args.length / 2)
  const said = isCut ? args.slice(0, half) : args
  for (const delta of [said.slice(0, half), said.slice(half)]) {
    if (delta !== '') wire.emit('response.function_call_arguments.delta', { ...where, call_id: callId, delta })
  }
  wire.emit('response.function_call_arguments.done', { ...where, name, call_id: callId, arguments: said })
  const item = { ...call, status: isCut ? 'incomplete' : 'completed', arguments: said }
  wire.emit('response.output_item.done', { response_id: responseId, output_index: outputIndex, item })
  return { callId, item }
}
