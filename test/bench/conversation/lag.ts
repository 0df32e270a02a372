/** Notes when the event loop was late: a phone that is late itself is no measure. */
export class LagWatch implements Disposable {
  readonly #spikes: { readonly at: number; readonly ms: number }[] = []
  readonly #timer: NodeJS.Timeout
  #last = performance.now()

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
  }

  /** The longest the loop was late since `from`, a time of `performance.now()` [ms]. */
  worstSince(from: number): number {
    return this.#spikes.reduce((worst, { at, ms }) => (at >= from ? Math.max(worst, ms) : worst), 0)
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    const now = performance.now()
    const ms = now - this.#last - BEAT_MS
    this.#last = now
    if (ms > NOTED_MS) this.#spikes.push({ at: now, ms })
  }
}

const BEAT_MS = 10
/** Less is usual, and not kept [ms]. */
const NOTED_MS = 20
