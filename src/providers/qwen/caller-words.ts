/** Turns whose last preview is kept until their transcript is final; a final one may never come. */
const previewsKept = 32

/** What the caller is understood to say: previews that replace each other, then a final text. */
export class CallerWords {
  readonly #previews = new Map<string, string>()

  /** The text as it stands. */
  preview(itemId: string, text: string): string {
    this.#previews.delete(itemId)
    this.#previews.set(itemId, text)
    const [oldest] = this.#previews.keys()
    if (this.#previews.size > previewsKept && oldest !== undefined) this.#previews.delete(oldest)
    return text
  }

  /** The final text: a completed transcript may be empty, then the last preview is the best there is. */
  finish(itemId: string, stated: string): string {
    const text = stated === '' ? (this.#previews.get(itemId) ?? '') : stated
    this.#previews.delete(itemId)
    return text
  }
}
