/** Work that can be interrupted: it yields wherever it has gone on for a while. */
export type Steps<T> = Generator<undefined, T, undefined>

/** How many events, or what weighs as much, are between two places at which work can be interrupted. */
export const PIECE = 200
/** Steps of one piece. */
const MAX_STEPS = 5
/** Of the 20 ms between two frames; the step that is at work then may take as long again. */
const MAX_MS = 2

/**
 * Does long work beside calls, piece by piece: on the thread that does it, each 20 ms a frame of every call is due.
 *
 * ```
 *   turn of the event loop   │ a piece of one │ frames, sockets │ a piece of another │ …        at most 1000 events, some ms
 * ```
 * However many ask for something, there is one piece a turn.
 */
export class PieceWork {
  readonly #nowMs: () => number
  #last: Promise<unknown> = Promise.resolve()

  /** @param nowMs monotonic [ms] */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Resolves with what the work comes to; rejects with what it throws. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      const step = await this.#inTurn(() => this.#piece(steps))
      if (step.done === true) return step.value
    }
  }

  #piece<T>(steps: Steps<T>): IteratorResult<undefined, T> {
    const untilMs = this.#nowMs() + MAX_MS
    let step = steps.next()
    for (let i = 1; step.done !== true && i < MAX_STEPS && this.#nowMs() < untilMs; i++) step = steps.next()
    return step
  }

  #inTurn<T>(piece: () => T): Promise<T> {
    const done = this.#last.then(() => new Promise((resolve) => setImmediate(resolve))).then(piece)
    this.#last = done.catch(() => {})
    return done
  }
}

/** Events as lines of JSON. */
export function* linesPieces(values: readonly object[]): Steps<readonly Buffer[]> {
  const pieces: Buffer[] = []
  for (let i = 0; i < values.length; i += PIECE) {
    const lines = values.slice(i, i + PIECE).map((value) => `${JSON.stringify(value)}\n`)
    pieces.push(Buffer.from(lines.join('')))
    yield
  }
  return pieces
}

/** JSON, in pieces that together are one text; long arrays of the topmost object are cut where they can be. */
export function* jsonPieces(value: object): Steps<readonly Buffer[]> {
  const pieces: Buffer[] = []
  let text = '{'
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue
    text += `${text === '{' && pieces.length === 0 ? '' : ','}${JSON.stringify(key)}:`
    if (!Array.isArray(field)) {
      text += JSON.stringify(field)
      continue
    }
    text += '['
    for (let i = 0; i < field.length; i += PIECE) {
      const part = JSON.stringify(field.slice(i, i + PIECE))
      pieces.push(Buffer.from(`${text}${i === 0 ? '' : ','}${part.slice(1, -1)}`))
      text = ''
      yield
    }
    text += ']'
  }
  pieces.push(Buffer.from(`${text}}`))
  return pieces
}
