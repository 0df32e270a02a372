import type { HttpReply } from '../../base/http.ts'
import type { CallInfo, Farewell } from '../../call/info.ts'
import type { Utterance } from '../../call/transcript.ts'

/** What is kept of a conversation for the caller who comes back: the last of it. */
const KEPT_UTTERANCES = 200
const KEPT_CHARACTERS = 64 * 1024

/**
 * What is known of one call between its webhook and its end, however many streams it has.
 *
 * ```
 *   promise 1 ─▶ started ─▶ over ─▶ promise 2 ─▶ started ─▶ over …         each promise is Twilio's to take up
 * ```
 */
export class CallFile {
  /** As its latest stream is told. */
  info: CallInfo
  /** Streams that were promised so far. */
  streams = 0
  /** How its latest stream ended; `undefined` until it has. */
  farewell: Farewell | undefined
  /** Whom the caller is being transferred to, or was. */
  destination: string | undefined
  /** What was said to the webhook, until the stream that it promised is there. */
  announcement: { readonly reply: HttpReply; readonly atMs: number } | undefined
  /** What was said to each question of what comes next: Twilio repeats one whose answer did not reach it. */
  readonly answers = new Map<string, Promise<HttpReply>>()

  /** When the call was first heard of [ms of the clock]. */
  readonly openedMs: number

  constructor(info: CallInfo, nowMs: number) {
    this.info = info
    this.openedMs = nowMs
  }

  /** Another stream, which is told this; returns its number. */
  promise(info: CallInfo): number {
    this.info = info
    this.farewell = undefined
    return ++this.streams
  }

  started(): void {
    this.announcement = undefined
    this.farewell = undefined
  }

  over({ outcome, next, said }: Farewell): void {
    // Only who comes back needs to be reminded.
    const words = next === undefined || next.type === 'hang-up' ? [] : lastWords(said)
    this.farewell = { outcome, said: words, ...(next === undefined ? {} : { next }) }
  }
}

/** The end of a conversation: at most 200 utterances of 64 K characters together. */
function lastWords(said: readonly Utterance[]): readonly Utterance[] {
  let characters = 0
  let first = said.length
  while (first > 0 && said.length - first < KEPT_UTTERANCES) {
    const utterance = said[first - 1]
    if (utterance === undefined) break
    characters += lengthOf(utterance)
    if (characters > KEPT_CHARACTERS) break
    first--
  }
  return said.slice(first)
}

function lengthOf(utterance: Utterance): number {
  return utterance.speaker === 'caller' ? utterance.text.length : utterance.heard.length + utterance.unheard.length
}
