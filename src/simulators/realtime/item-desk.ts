import type { Behaviour } from './behaviour.ts'
import type { ClientEvent } from './client-event.ts'
import type { Conversation } from './conversation.ts'
import type { Dialect } from './dialect.ts'
import type { ModelFamily } from './family.ts'
import type { Items } from './items.ts'
import type { SpokenItems } from './spoken-items.ts'
import type { Wire } from './wire.ts'
import { Refusal } from './wire-error.ts'

interface ItemDeskOptions {
  readonly wire: Wire
  readonly behaviour: Behaviour
  readonly dialect: Dialect
  readonly family: ModelFamily
  readonly items: Items
  readonly spoken: SpokenItems
  readonly conversation: Conversation
  /** The server listens for turns itself. */
  hasVad(): boolean
}

/** What a client does to the items of the conversation: `conversation.item.*`. Each throws Refusal for what is not done. */
export class ItemDesk {
  readonly #options: ItemDeskOptions

  constructor(options: ItemDeskOptions) {
    this.#options = options
  }

  create(event: ClientEvent): void {
    const { behaviour, dialect, family, items, wire, conversation } = this.#options
    const { item, after, ...added } = dialect.readItem(event, family, items)
    if (added.type === 'function_call_output') conversation.takeToolOutput(added.callId, added.output)
    else if (added.type === 'function_call') conversation.takeCall(added.callId, added.name, added.chars)
    else conversation.takeMessage(added.words, added.chars)
    wire.emit('conversation.item.created', { item, ...(after === undefined ? {} : { previous_item_id: after }) })
    const isOutput = added.type === 'function_call_output'
    if (isOutput && behaviour.autoAnswerTools && this.#options.hasVad()) conversation.answerTools()
  }

  retrieve({ item_id }: ClientEvent): void {
    const { items, wire } = this.#options
    wire.emit('conversation.item.retrieved', { item: items.get(this.#known(item_id, 'retrieve')) })
  }

  delete({ item_id }: ClientEvent): void {
    this.#options.wire.emit('conversation.item.deleted', { item_id: this.#known(item_id, 'delete') })
  }

  truncate(event: ClientEvent): void {
    const { items, spoken } = this.#options
    spoken.truncate(event, (id) => items.get(id) !== undefined)
  }

  #known(value: unknown, event: 'retrieve' | 'delete'): string {
    const { items, dialect } = this.#options
    const id = String(value)
    if (items.get(id) !== undefined) return id
    throw new Refusal(dialect.complaints.noSuchItem(id.slice(0, 100), event))
  }
}
