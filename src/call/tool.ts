import type { Continuation } from './info.ts'
import type { ToolDeclaration } from './provider.ts'

/** What a tool may know of the call it is run for. */
export interface ToolContext {
  readonly callId: string
  readonly from: string
  readonly to: string
  /** Aborts at the tool's deadline and when the call is over. */
  readonly signal: AbortSignal
  /**
   * Lets go of the line once what the agent still says has been heard, unless the caller talks over it: hang up,
   * transfer, play digits.
   */
  leave(next: Continuation): void
}

/**
 * A function that the model may call. Its arguments are checked against `declaration.parameters` before it is run.
 * It resolves with what the model is told: text, or anything that JSON can say.
 * @throws ToolError with words that the model can speak about; any other error is told as "failed", without its words.
 */
export interface Tool {
  readonly declaration: ToolDeclaration
  /** How long it may take [ms]. */
  readonly deadlineMs: number
  run(args: unknown, context: ToolContext): Promise<unknown>
}

/** A failure that the model, and so the caller, may hear of: a short sentence without secrets. */
export class ToolError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ToolError'
  }
}

/** Says what is wrong with a tool's arguments, in one short line with the field; `undefined`: they are right. */
export type CheckArguments = (declaration: ToolDeclaration, args: unknown) => string | undefined
