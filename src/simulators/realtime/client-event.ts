import type { Ask } from './conversation.ts'
import { type Fields, fieldsOf } from './fields.ts'
import { readModalities } from './update.ts'
import { Refusal, type WireError } from './wire-error.ts'

/** A client's event, of which only the type is sure. */
export type ClientEvent = Fields<
  | 'event_id'
  | 'session'
  | 'audio'
  | 'image'
  | 'response'
  | 'response_id'
  | 'item'
  | 'item_id'
  | 'previous_item_id'
  | 'content_index'
  | 'audio_end_ms'
> & { readonly type: string }

/** One WebSocket message as an event; undefined when it is none. */
export function readEvent(data: Buffer, isBinary: boolean): ClientEvent | undefined {
  const event = isBinary ? undefined : fieldsOf<keyof ClientEvent>(parse(data))
  const type = event?.type
  return event === undefined || typeof type !== 'string' ? undefined : { ...event, type }
}

/**
 * The bytes of an `append`; empty is none.
 * @param refused what is said when it is not base64. (`Buffer.from` would skip what is not.)
 * @throws Refusal
 */
export function readBase64(value: unknown, refused: WireError): Uint8Array {
  if (typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    return Buffer.from(value, 'base64')
  }
  throw new Refusal(refused)
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
