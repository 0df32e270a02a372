import { type Fields, fieldsOf } from './fields.ts'

/** One item of a conversation, as the model has it at the moment. */
export interface ItemView {
  readonly id: string
  readonly type: string
  /** Of a message: `user`, `assistant` or `system`. */
  readonly role: string | undefined
  /** The words: of a message, the arguments of a call, or its output. What was truncated or not transcribed is empty. */
  readonly text: string
  /** Of a function call and of its output. */
  readonly callId: string | undefined
}

type Item = Fields<'id' | 'type' | 'role' | 'content' | 'arguments' | 'output' | 'call_id' | 'status'>
type EventFields = Fields<'item' | 'item_id' | 'transcript' | 'previous_item_id'>

/** More than any call has; the oldest are forgotten. */
const MAX_ITEMS = 1024
const TRANSCRIBED = 'conversation.item.input_audio_transcription.completed'

/** The conversation of one session in its order, folded from the events that its client is sent. */
export class Items {
  /** In the order of the conversation. */
  #ids: string[] = []
  readonly #items = new Map<string, Item>()

  get views(): readonly ItemView[] {
    return this.#ids.flatMap((id) => {
      const item = this.#items.get(id)
      return item === undefined ? [] : [viewOf(id, item)]
    })
  }

  get lastId(): string | null {
    return this.#ids.at(-1) ?? null
  }

  /** The item in the session's own vocabulary. */
  get(id: string): Item | undefined {
    return this.#items.get(id)
  }

  /** The id of the item before this one; null: it is the first. */
  before(id: string): string | null {
    return this.#ids[this.#ids.indexOf(id) - 1] ?? null
  }

  fold(type: string, fields: object): void {
    const { item, item_id, transcript, previous_item_id }: EventFields = fields
    const whole: Item | undefined = fieldsOf(item)
    if (type === 'conversation.item.created' && whole !== undefined) this.#add(whole, previous_item_id)
    else if (type === 'response.output_item.done' && whole !== undefined) this.#replace(whole)
    else if (typeof item_id !== 'string') return
    else if (type === TRANSCRIBED) this.#reword(item_id, { type: 'input_audio', transcript })
    else if (type === 'conversation.item.truncated') this.#reword(item_id, { type: 'audio' })
    else if (type === 'conversation.item.deleted') this.#remove(item_id)
  }

  /** @param previous the id it comes after, `root` for the first place; anything else: the end. */
  #add(item: Item, previous: unknown): void {
    if (typeof item.id !== 'string') return
    this.#items.set(item.id, item)
    const at = typeof previous === 'string' ? this.#ids.indexOf(previous) : -1
    if (previous === 'root') this.#ids.unshift(item.id)
    else if (at >= 0) this.#ids.splice(at + 1, 0, item.id)
    else this.#ids.push(item.id)
    const oldest = this.#ids.length > MAX_ITEMS ? this.#ids[0] : undefined
    if (oldest !== undefined) this.#remove(oldest)
  }

  #replace(item: Item): void {
    if (typeof item.id === 'string' && this.#items.has(item.id)) this.#items.set(item.id, item)
  }

  #reword(id: string, part: object): void {
    const item = this.#items.get(id)
    if (item !== undefined) this.#items.set(id, { ...item, content: [part] })
  }

  #remove(id: string): void {
    this.#ids = this.#ids.filter((other) => other !== id)
    this.#items.delete(id)
  }
}

function viewOf(id: string, item: Item): ItemView {
  const { type, role, call_id } = item
  return {
    id,
    type: String(type),
    role: typeof role === 'string' ? role : undefined,
    text: wordsOf(item),
    callId: typeof call_id === 'string' ? call_id : undefined,
  }
}

function wordsOf({ content, arguments: args, output }: Item): string {
  if (typeof output === 'string') return output
  if (typeof args === 'string') return args
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => {
    const { text, transcript } = fieldsOf<'text' | 'transcript'>(part) ?? {}
    return text ?? transcript
  })
  return texts.filter((text) => typeof text === 'string').join(' ')
}
