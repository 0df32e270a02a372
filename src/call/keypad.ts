import type { Clock } from '../base/clock.ts'

/** A pause after which the caller has finished keying something in [ms]. */
const PAUSE_MS = 1500
/** Longer than any card number; what is keyed in beyond it is a new number. */
const MAX_DIGITS = 32

/**
 * Collects what the caller keys in, until a pause or `#`.
 *
 * ```
 *   1 ─ 2 ─ 3 ─ # ──▶ "123#"        4 ─ 2 ── 1.5 s ──▶ "42"
 * ```
 */
export class Keypad {
  readonly #clock: Clock
  readonly #onDigits: (digits: string) => void
  readonly #over: AbortSignal
  #digits = ''
  #pause = new AbortController()

  /** @param over ends it: what was not complete then is forgotten. */
  constructor(clock: Clock, over: AbortSignal, onDigits: (digits: string) => void) {
    this.#clock = clock
    this.#over = over
    this.#onDigits = onDigits
  }

  press(digit: string): void {
    if (this.#over.aborted) return
    this.#pause.abort()
    this.#digits += digit
    if (digit === '#' || this.#digits.length >= MAX_DIGITS) {
      this.#flush()
      return
    }
    this.#pause = new AbortController()
    this.#clock.after(PAUSE_MS, () => this.#flush(), AbortSignal.any([this.#pause.signal, this.#over]))
  }

  #flush(): void {
    const digits = this.#digits
    this.#digits = ''
    this.#onDigits(digits)
  }
}
