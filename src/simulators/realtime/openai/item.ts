import { type Fields, fieldsOf } from '../fields.ts'

type Part = Fields<'type' | 'text' | 'transcript'>

/** An item of the session's vocabulary as OpenAI prints it; the user's turn is complete when it is printed at all. */
export function gaItem(value: unknown): unknown {
  const item = fieldsOf<'role' | 'content' | 'status' | 'type'>(value)
  if (item?.type !== 'message' || !Array.isArray(item.content)) return value
  if (item.role === 'assistant') return { ...item, content: item.content.map(assistantPart) }
  return { ...item, status: 'completed', content: item.content.map(userPart) }
}

function assistantPart(value: unknown): object {
  const part: Part = fieldsOf(value) ?? {}
  const words = part.transcript ?? part.text
  if (part.type === 'audio') return { type: 'output_audio', ...(words === undefined ? {} : { transcript: words }) }
  if (part.type === 'text') return { type: 'output_text', text: words }
  return part
}

/** Sound is never repeated; its words are null until they are known. */
function userPart(value: unknown): object {
  const part: Part = fieldsOf(value) ?? {}
  return part.type === 'input_audio' ? { type: part.type, transcript: part.transcript ?? null } : part
}
