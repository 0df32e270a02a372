import type { Heard } from '../recogniser/recogniser.ts'

/** What the embedded agent can talk about: one file, to be swapped for another. */
export interface Domain {
  readonly name: string
  /** JSGF with a rule `<sentence>`, and no public rule; every word is in the CMU dictionary. */
  readonly grammar: string
  /** Said first when the agent opens the call. It says that this is the offline demo agent. */
  readonly greeting: string
  /** A new conversation. */
  start(): Dialogue
}

/** One conversation: pure, it knows words and no sound, clock or wire. */
export interface Dialogue {
  hear(heard: Heard): Reply
  /** The answer to a `toolCall` of an earlier reply. */
  toolResult?(name: string, output: string): Reply
  /** The last reply was cut off: the caller spoke over it. */
  interrupted(): void
}

/** What is to be said, sentence by sentence: the first is short, for its synthesis is what the caller waits for. */
export interface Reply {
  readonly sentences: readonly string[]
  /**
   * Wanted from a session that offers this tool: then it is called instead of saying `sentences`, and `toolResult`
   * gives the answer. A session without it says `sentences`.
   */
  readonly toolCall?: ToolCall
  /** The conversation is over once this was said. */
  readonly ends?: boolean
}

export interface ToolCall {
  readonly name: string
  readonly args: Record<string, unknown>
}
