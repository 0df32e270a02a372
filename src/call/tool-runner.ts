import type { Clock } from '../base/clock.ts'
import type { CallInfo, Continuation } from './info.ts'
import { type CheckArguments, type Tool, ToolError } from './tool.ts'

/** A tool call as the model makes it. */
export interface ToolCall {
  readonly toolCallId: string
  readonly name: string
  /** JSON, or what a model takes for it. */
  readonly args: string
}

/** What came of it. */
export interface ToolResult {
  /** What the model is told. */
  readonly output: string
  readonly ok: boolean
  /** The tool lets go of the line. */
  readonly leave?: Continuation
}

export interface ToolRunnerOptions {
  readonly tools: readonly Tool[]
  readonly check: CheckArguments
  readonly info: CallInfo
  readonly clock: Clock
  /** The call is over: tools are stopped, and nobody is told. */
  readonly over: AbortSignal
  /** Told once a call, never within `run`. */
  readonly done: (call: ToolCall, result: ToolResult) => void
}

/** A model that calls more at once has run away. */
const MAX_RUNNING = 16
/** More than a model can speak about. */
const MAX_OUTPUT = 16_384

/**
 * Runs the model's tool calls beside the sound, each until its deadline.
 *
 * ```
 *   run ─▶ arguments read and checked ─▶ tool ─┬─▶ result ────────────────▶ done
 *                 └─ wrong ─▶ short error ─────┼─▶ fails ─▶ short error ──▶ done      each once, in the order they finish
 *                                              └─▶ deadline: aborted ─────▶ done
 * ```
 */
export class ToolRunner {
  readonly #options: ToolRunnerOptions
  #running = 0

  constructor(options: ToolRunnerOptions) {
    this.#options = options
  }

  /** Whether a tool is at work. */
  get busy(): boolean {
    return this.#running > 0
  }

  run(call: ToolCall): void {
    this.#running++
    void this.#resultOf(call).then((result) => {
      this.#running--
      if (!this.#options.over.aborted) this.#options.done(call, result)
    })
  }

  /** Never rejects. */
  async #resultOf({ name, args }: ToolCall): Promise<ToolResult> {
    const tool = this.#options.tools.find(({ declaration }) => declaration.name === name)
    if (tool === undefined) return failure(`there is no tool named ${name.slice(0, 64)}`)
    if (this.#running > MAX_RUNNING) return failure('too many tools are running')
    const read = readArguments(args)
    if (read === undefined) return failure('the arguments are not JSON')
    const problem = this.#options.check(tool.declaration, read.value)
    if (problem !== undefined) return failure(`wrong arguments: ${problem}`)
    return this.#perform(tool, read.value)
  }

  async #perform(tool: Tool, args: unknown): Promise<ToolResult> {
    const { clock, over, info } = this.#options
    const { callId, from, to } = info
    const finished = new AbortController()
    const late = new AbortController()
    const { promise: lateness, resolve } = Promise.withResolvers<ToolResult>()
    const tooLate = () => {
      late.abort(new Error('the tool took too long'))
      resolve(failure('it took too long'))
    }
    clock.after(tool.deadlineMs, tooLate, AbortSignal.any([finished.signal, over]))
    let leave: Continuation | undefined
    const context = {
      ...{ callId, from, to, signal: AbortSignal.any([over, late.signal]) },
      leave(next: Continuation) {
        leave = next
      },
    }
    const work = async (): Promise<ToolResult> => {
      try {
        return { output: textOf(await tool.run(args, context)), ok: true }
      } catch (error) {
        return failure(error instanceof ToolError ? error.message : 'it failed')
      }
    }
    const result = await Promise.race([work(), lateness])
    finished.abort()
    return result.ok && leave !== undefined ? { ...result, leave } : result
  }
}

function failure(error: string): ToolResult {
  return { output: JSON.stringify({ error }), ok: false }
}

/** Models leave out the arguments of a tool that takes none. */
function readArguments(args: string): { readonly value: unknown } | undefined {
  if (args.trim() === '') return { value: {} }
  try {
    return { value: JSON.parse(args) }
  } catch {
    return undefined
  }
}

function textOf(result: unknown): string {
  const text = typeof result === 'string' ? result : (JSON.stringify(result) ?? '{}')
  return text.length <= MAX_OUTPUT ? text : `${text.slice(0, MAX_OUTPUT)} (cut off: too long)`
}
