interface Turn {
  /** Output by call; `undefined` until it is answered. */
  readonly outputs: Map<string, string | undefined>
  readonly itemIds: Set<string>
  /** The response is over, so the model takes the outputs. */
  over: boolean
}

/** Turns whose answers are still out; a tool that never answers must not grow this for ever. */
const bound = 64

/**
 * The tool calls of each response, until all of them are answered.
 *
 * ```
 *   call A ─┐                      answer B ─┐ (kept)
 *   call B ─┴─▶ response.done ──────────────▶┴ output B … answer A ─▶ output A ─▶ go on, once
 * ```
 * Outputs wait for the end of the response and the model is made to go on once, after the last of them: a
 * `response.create` in between is an error, and one for each call would make it speak as often.
 */
export class ToolDesk {
  readonly #turns = new Map<string, Turn>()
  readonly #sendOutput: (toolCallId: string, output: string) => void
  readonly #goOn: () => void

  constructor(sendOutput: (toolCallId: string, output: string) => void, goOn: () => void) {
    this.#sendOutput = sendOutput
    this.#goOn = goOn
  }

  /** Notes a call; false when it is known already, because two kinds of frames announce the same call. */
  note(responseId: string, itemId: string, toolCallId: string): boolean {
    const turn = this.#turns.get(responseId) ?? this.#open(responseId)
    if (turn.outputs.has(toolCallId) || (itemId !== '' && turn.itemIds.has(itemId))) return false
    turn.outputs.set(toolCallId, undefined)
    turn.itemIds.add(itemId)
    return true
  }

  /** The first answer counts; to a call nobody made, none does. */
  answer(toolCallId: string, output: string): void {
    for (const [responseId, turn] of this.#turns) {
      if (!turn.outputs.has(toolCallId) || turn.outputs.get(toolCallId) !== undefined) continue
      turn.outputs.set(toolCallId, output)
      if (turn.over) this.#sendOutput(toolCallId, output)
      this.#settle(responseId, turn)
      return
    }
  }

  /** The response is over, in whatever way. */
  over(responseId: string): void {
    const turn = this.#turns.get(responseId)
    if (turn === undefined || turn.over) return
    turn.over = true
    for (const [toolCallId, output] of turn.outputs) if (output !== undefined) this.#sendOutput(toolCallId, output)
    this.#settle(responseId, turn)
  }

  #open(responseId: string): Turn {
    const turn: Turn = { outputs: new Map(), itemIds: new Set(), over: false }
    this.#turns.set(responseId, turn)
    const [oldest] = this.#turns.keys()
    if (this.#turns.size > bound && oldest !== undefined) this.#turns.delete(oldest)
    return turn
  }

  #settle(responseId: string, turn: Turn): void {
    if (!turn.over || [...turn.outputs.values()].includes(undefined)) return
    this.#turns.delete(responseId)
    this.#goOn()
  }
}
