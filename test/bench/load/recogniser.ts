import { type Frame, headOf, payloadOf } from './frames.ts'

/** What a peer needs to know of a message. Sound is told from its head alone; the rest is read whole. */
export type Message =
  | { readonly type: 'audio' /** of the sound in it [ms] */; readonly ms: number }
  | { readonly type: 'other'; readonly json: Readonly<Record<string, unknown>> }

/** Where sound travels: the field that holds it, and how many of its bytes make a millisecond. */
export interface Vocabulary {
  readonly field: 'payload' | 'audio' | 'delta'
  readonly bytesPerMs: number
}

/** As far as `type` or `event` is looked for; every bridge writes it earlier. */
const HEAD = 120

/**
 * Reads messages in the vocabulary of either side, because a relay copies the model's words to the carrier and the
 * carrier's to the model. Sound of a length seen before is not parsed again: a message of the same kind and length
 * holds as much of it.
 */
export class Recogniser {
  readonly #vocabularies: ReadonlyMap<string, Vocabulary>
  readonly #msByLength = new Map<number, number>()

  /** @param vocabularies by what stands in the head, such as `"event":"media"`. */
  constructor(vocabularies: ReadonlyMap<string, Vocabulary>) {
    this.#vocabularies = vocabularies
  }

  read(frame: Frame): Message {
    const head = headOf(frame, HEAD)
    for (const [mark, vocabulary] of this.#vocabularies) {
      if (head.includes(mark)) return { type: 'audio', ms: this.#msOf(frame, vocabulary) }
    }
    const json: unknown = JSON.parse(payloadOf(frame).toString())
    return { type: 'other', json: typeof json === 'object' && json !== null ? { ...json } : {} }
  }

  #msOf(frame: Frame, { field, bytesPerMs }: Vocabulary): number {
    const length = frame.to - frame.from
    const known = this.#msByLength.get(length)
    if (known !== undefined) return known
    const base64 = new RegExp(`"${field}":\\s*"([A-Za-z0-9+/]*={0,2})"`).exec(payloadOf(frame).toString('latin1'))?.[1]
    if (base64 === undefined) throw new Error(`sound without a ${field}`)
    const ms = Buffer.from(base64, 'base64').length / bytesPerMs
    this.#msByLength.set(length, ms)
    return ms
  }
}
