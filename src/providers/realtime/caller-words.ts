import type { SessionEvent } from '../../call/provider.ts'

/** Turns whose last preview is kept until their transcript is final; a final one may never come. */
const previewsKept = 32

/** Tells what the caller is understood to say: previews that replace each other, then a final text. */
export class CallerWords {
  readonly #tell: (event: SessionEvent) => void
  readonly #previews = new Map<string, string>()

  constructor(tell: (event: SessionEvent) => void) {
    this.#tell = tell
  }

  /** The text as it stands. */
  preview(itemId: string, text: string): void {
    this.#previews.delete(itemId)
    this.#previews.set(itemId, text)
    const [oldest] = this.#previews.keys()
    if (this.#previews.size > previewsKept && oldest !== undefined) this.#previews.delete(oldest)
    this.#say(itemId, text, false)
  }

  /** A piece of the text, to append. */
  append(itemId: string, delta: string): void {
    this.preview(itemId, (this.#previews.get(itemId) ?? '') + delta)
  }

  /** The final text: a completed transcript may be empty, then the last preview is the best there is. */
  finish(itemId: string, stated: string): void {
    const text = stated === '' ? (this.#previews.get(itemId) ?? '') : stated
    this.#previews.delete(itemId)
    this.#say(itemId, text, true)
  }

  /** Nothing understood: nothing told. */
  #say(itemId: string, text: string, final: boolean): void {
    if (text !== '') this.#tell({ type: 'transcript', speaker: 'caller', itemId, text, final })
  }
}
