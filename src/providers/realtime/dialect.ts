import type { ErrorRow } from './errors.ts'

/**
 * What one vendor of the realtime protocol says in its own way, for one conversation. Stateless. Names that mean the
 * same in every dialect are read everywhere (events.ts), so this is only what differs in what follows, or in what is sent.
 */
export interface Dialect {
  /** Its errors, matched in this order. */
  readonly errors: readonly ErrorRow[]
  /**
   * What makes a tool call: `arguments`, as soon as they are said to be whole; `item`, its finished item, for servers
   * that say the same of the arguments of a call that was cut.
   */
  readonly toolCallsBy: 'arguments' | 'item'
  /** Whether `conversation.item.truncate` is surely known: then a refusal means this item, not the event. */
  readonly truncates: boolean
  /** Whether the model answers what the caller said over an answer when that is out; else it may pass over it. */
  readonly keepsTurns: boolean
  /** `response.create` as text. */
  responseCreate(instructions: string | undefined): string
  /** `response.cancel` as text. */
  responseCancel(responseId: string): string
}
