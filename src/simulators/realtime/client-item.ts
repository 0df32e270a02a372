import { fieldsOf } from './fields.ts'
import { makeId } from './ids.ts'
import { invalidRequest, Refusal } from './wire-error.ts'

/** What a client adds to the conversation; `item` is what the server repeats of it, with its id. */
export type ClientItem = { readonly item: object /** Where: an item's id or `root`. */; readonly after?: string } & (
  | { readonly type: 'function_call_output'; readonly callId: string; readonly output: string }
  /** A call that was made before this session was. */
  | { readonly type: 'function_call'; readonly callId: string; readonly name: string; readonly chars: number }
  /** `words` are for the model to read with its next answer; undefined: it said them itself. */
  | { readonly type: 'message'; readonly words: string | undefined; readonly chars: number }
)

/**
 * The `item` of `conversation.item.create`, whose id is always the server's.
 * @param messages typed messages are taken.
 * @throws Refusal for what is not taken.
 */
export function readItem(value: unknown, messages: boolean): ClientItem {
  const given = fieldsOf<'type' | 'call_id' | 'output' | 'role' | 'content'>(value)
  const created = { id: makeId('item'), object: 'realtime.item', type: given?.type, status: 'completed' }
  if (given?.type === 'function_call_output') {
    const output = typeof given.output === 'string' ? given.output : ''
    const item = { ...created, call_id: given.call_id, output }
    return { type: 'function_call_output', callId: String(given.call_id), output, item }
  }
  if (given?.type === 'message' && messages) {
    const { role, content } = given
    const chars = JSON.stringify(content ?? '').length
    return { type: 'message', words: readWords(content), chars, item: { ...created, role, content } }
  }
  throw new Refusal(invalidRequest(`Unsupported item type: ${String(given?.type).slice(0, 100)}`))
}

/** The texts of a message's parts. */
export function readWords(content: unknown): string {
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => fieldsOf<'text'>(part)?.text)
  return texts.filter((text) => typeof text === 'string').join(' ')
}
