import type { ClientEvent } from '../client-event.ts'
import { type ClientItem, readWords } from '../client-item.ts'
import type { Ask } from '../conversation.ts'
import { fieldsOf } from '../fields.ts'
import { makeId } from '../ids.ts'
import type { Items } from '../items.ts'
import { Refusal } from '../wire-error.ts'
import { gaError, list, oneOf, only, required, text } from './checks.ts'
import { gaModalities, gaTools } from './update.ts'

const RESPONSE = [
  'output_modalities',
  'instructions',
  'conversation',
  'input',
  'metadata',
  'tools',
  'tool_choice',
  'max_output_tokens',
  'audio',
  'parallel_tool_calls',
  'prompt',
  'reasoning',
] as const
const ITEM = ['id', 'object', 'type', 'status', 'role', 'content', 'call_id', 'name', 'arguments', 'output'] as const
/** What a message of each role may hold. */
const PARTS = {
  system: ['input_text'],
  user: ['input_text', 'input_audio', 'input_image'],
  assistant: ['output_text', 'output_audio'],
} as const

/**
 * The `response` of `response.create`; without it the session's settings hold.
 * @throws Refusal
 */
export function gaAsk(value: unknown): Omit<Ask, 'trigger'> {
  if (value === undefined || value === null) return {}
  const response = only(value, RESPONSE, 'response')
  const { output_modalities, instructions, conversation, tools } = response
  if (tools !== undefined) gaTools(tools, 'response.tools')
  return {
    ...(output_modalities === undefined
      ? {}
      : { modalities: gaModalities(output_modalities, 'response.output_modalities') }),
    ...(instructions === undefined || instructions === null
      ? {}
      : { instructions: text(instructions, 'response.instructions') }),
    ...(conversation === 'none' ? { isOutOfBand: true } : {}),
  }
}

/**
 * The item of `conversation.item.create`; a client may choose its id and its place.
 * @throws Refusal
 */
export function gaReadItem(event: ClientEvent, items: Items): ClientItem {
  const given = only(required(event.item, 'item'), ITEM, 'item')
  const type = oneOf(
    required(given.type, 'item.type'),
    ['message', 'function_call', 'function_call_output'],
    'item.type',
  )
  const id = given.id === undefined ? makeId('item') : text(given.id, 'item.id')
  if (items.get(id) !== undefined) {
    const message = `Error adding item: an item with the id '${id.slice(0, 100)}' already exists.`
    throw new Refusal(gaError('item_create_duplicate_item_id', message))
  }
  const created = { id, object: 'realtime.item', type, status: 'completed' }
  const place = readPlace(event.previous_item_id, items)
  if (type === 'message') return { type, ...place, ...readMessage(given.role, given.content, created) }
  const callId = text(required(given.call_id, 'item.call_id'), 'item.call_id')
  if (type === 'function_call_output') {
    const output = text(required(given.output, 'item.output'), 'item.output')
    return { type, ...place, callId, output, item: { ...created, call_id: callId, output } }
  }
  const name = text(required(given.name, 'item.name'), 'item.name')
  const args = text(required(given.arguments, 'item.arguments'), 'item.arguments')
  const item = { ...created, call_id: callId, name, arguments: args }
  return { type, ...place, callId, name, chars: args.length, item }
}

function readPlace(previous: unknown, items: Items): { readonly after?: string } {
  if (previous === undefined || previous === null) return {}
  const after = text(previous, 'previous_item_id')
  if (after === 'root' || items.get(after) !== undefined) return { after }
  const message = `Error adding item: the previous item with id '${after.slice(0, 100)}' does not exist.`
  throw new Refusal(gaError('item_create_invalid_previous_item_id', message))
}

function readMessage(role: unknown, content: unknown, created: object) {
  const whose = oneOf(required(role, 'item.role'), ['user', 'assistant', 'system'], 'item.role')
  const parts = list(required(content, 'item.content'), 'item.content')
  for (const [index, part] of parts.entries()) {
    oneOf(fieldsOf<'type'>(part)?.type, PARTS[whose], `item.content[${index}].type`)
  }
  const words = readWords(parts)
  const item = { ...created, role: whose, content: parts }
  return { words: whose === 'assistant' ? undefined : words, chars: words.length, item }
}
