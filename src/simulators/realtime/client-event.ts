import type { Ask } from './conversation.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { readModalities } from './update.ts'
import { invalidRequest, invalidValue, Refusal } from './wire-error.ts'

/** A client's event, of which only the type is sure. */
export type ClientEvent = Fields<'session' | 'audio' | 'image' | 'response' | 'item' | 'item_id' | 'audio_end_ms'> & {
  readonly type: string
}

/**
 * One WebSocket message as an event.
 * @throws Refusal when it is none.
 */
export function readEvent(data: Buffer, isBinary: boolean): ClientEvent {
  const event = isBinary ? undefined : fieldsOf<keyof ClientEvent>(parse(data))
  const type = event?.type
  if (event === undefined || typeof type !== 'string')
    throw new Refusal(invalidRequest('The message is not a JSON event.'))
  return { ...event, type }
}

/**
 * The bytes of an `append`; empty is none.
 * @throws Refusal when it is not base64. (`Buffer.from` would skip what is not.)
 */
export function readBase64(value: unknown, param: string): Uint8Array {
  if (typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    return Buffer.from(value, 'base64')
  }
  throw new Refusal(invalidValue(`Invalid value: '${param}' must be base64.`, param))
}

/**
 * The `response` of `response.create`; it may be absent, and its fields null.
 * @param bareIsText without the object the answer is text alone.
 * @throws Refusal
 */
export function readAsk(value: unknown, bareIsText: boolean): Omit<Ask, 'trigger'> {
  const response = fieldsOf<'modalities' | 'instructions'>(value)
  if (response === undefined) return bareIsText ? { modalities: ['text'] } : {}
  const { modalities, instructions } = response
  return {
    ...(modalities === undefined || modalities === null
      ? {}
      : { modalities: readModalities(modalities, 'response.modalities') }),
    ...(typeof instructions === 'string' ? { instructions } : {}),
  }
}

/** What a client adds to the conversation; `echo` is what `conversation.item.created` repeats of it. */
type ClientItem =
  | {
      readonly type: 'function_call_output'
      readonly callId: string
      readonly output: string
      readonly echo: object
    }
  | { readonly type: 'message'; readonly words: string; readonly chars: number; readonly echo: object }

/**
 * The `item` of `conversation.item.create`.
 * @param messages typed messages are taken.
 * @throws Refusal for what is not taken.
 */
export function readItem(value: unknown, messages: boolean): ClientItem {
  const item = fieldsOf<'type' | 'call_id' | 'output' | 'role' | 'content'>(value)
  if (item?.type === 'function_call_output') {
    const output = typeof item.output === 'string' ? item.output : ''
    const echo = { call_id: item.call_id, output }
    return { type: 'function_call_output', callId: String(item.call_id), output, echo }
  }
  if (item?.type === 'message' && messages) {
    const { role, content } = item
    const chars = JSON.stringify(content ?? '').length
    return { type: 'message', words: readWords(content), chars, echo: { role, content } }
  }
  throw new Refusal(invalidRequest(`Unsupported item type: ${String(item?.type).slice(0, 100)}`))
}

function readWords(content: unknown): string {
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => fieldsOf<'text'>(part)?.text)
  return texts.filter((text) => typeof text === 'string').join(' ')
}

/** Makes whole samples of pieces of any length: half a sample waits for the other half. */
export class SampleCarry {
  #half: Uint8Array = new Uint8Array(0)

  push(bytes: Uint8Array): Uint8Array {
    const all = this.#half.length === 0 ? bytes : Buffer.concat([this.#half, bytes])
    const whole = all.length - (all.length % 2)
    this.#half = all.slice(whole)
    return all.subarray(0, whole)
  }

  reset(): void {
    this.#half = new Uint8Array(0)
  }
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8'))
  } catch {
    return undefined
  }
}
