interface Words {
  text: string
  final: boolean
}

/** What has come of one response: its words so far, and half a sample that waits for its other half. */
export class Reply {
  readonly id: string
  /** Told to stop: its sound and its tool calls are not wanted any more. Its last words still are. */
  cancelled = false
  /** When its latest frame came [ms of the clock]. */
  latestMs: number
  readonly #sampleBytes: number
  readonly #words = new Map<string, Words>()
  #half: Buffer | undefined

  /** @param sampleBytes of one sample of its sound. */
  constructor(id: string, nowMs: number, sampleBytes: number) {
    this.id = id
    this.#sampleBytes = sampleBytes
    this.latestMs = nowMs
  }

  /** Whole samples only: an odd byte is kept for the next piece. Empty when there is none yet. */
  decode(base64: string): Uint8Array {
    const piece = Buffer.from(base64, 'base64')
    const bytes = this.#half === undefined ? piece : Buffer.concat([this.#half, piece])
    const whole = bytes.length - (bytes.length % this.#sampleBytes)
    this.#half = whole === bytes.length ? undefined : bytes.subarray(whole)
    return bytes.subarray(0, whole)
  }

  /** Appends a piece; the item's whole text so far, or `undefined` when it was final already. */
  say(itemId: string, delta: string): string | undefined {
    const words = this.#wordsOf(itemId)
    if (words.final) return undefined
    words.text += delta
    return words.text
  }

  /** The item's final text: as stated, else what came in pieces; `undefined` when it was final already. */
  finish(itemId: string, stated: string): string | undefined {
    const words = this.#wordsOf(itemId)
    if (words.final) return undefined
    words.final = true
    if (stated !== '') words.text = stated
    return words.text
  }

  /** Items whose words came but never ended, as after a cut. They count as final now. */
  finishAll(): readonly { readonly itemId: string; readonly text: string }[] {
    const open = [...this.#words].filter(([, words]) => !words.final)
    for (const [, words] of open) words.final = true
    return open.map(([itemId, { text }]) => ({ itemId, text }))
  }

  #wordsOf(itemId: string): Words {
    const known = this.#words.get(itemId)
    if (known !== undefined) return known
    const words = { text: '', final: false }
    this.#words.set(itemId, words)
    return words
  }
}
