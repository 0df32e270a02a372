import type { Clock } from '../../base/clock.ts'
import type { CallFile } from './call-file.ts'
import type { CallFiles } from './call-files.ts'
import type { LiveCalls } from './live-calls.ts'

/**
 * How long to wait for how a stream ended in another process [ms]. The store has it 40 to 70 ms after the socket's end,
 * at most 200; Twilio may ask here before.
 */
const LATE_WORD_MS = 250

/**
 * Finds a call, wherever the latest of it is known.
 *
 * ```
 *   asked about a stream ─▶ it is live here, or ended here ─▶ what is known here
 *                     └───▶ store ─▶ how it ended ─▶ that
 *                             └──── no word of it ── 250 ms ─▶ store ─▶ that, or nobody was left to say: a line that broke
 * ```
 */
export class CallLookup {
  readonly #files: CallFiles
  readonly #live: LiveCalls
  readonly #clock: Clock

  constructor(files: CallFiles, live: LiveCalls, clock: Clock) {
    this.#files = files
    this.#live = live
    this.#clock = clock
  }

  /** A call as this process knows it. */
  here(callId: string): CallFile | undefined {
    return this.#live.fileOf(callId) ?? this.#files.at(callId)
  }

  /** A call as anybody knows it: what was known here may be long out of date. A store that does not answer adds nothing. */
  async latest(callId: string): Promise<CallFile | undefined> {
    const here = this.here(callId)
    return (await this.#files.latest(callId, here)) ?? here
  }

  /** A call, when somebody wants to know what comes after its stream of this number; without one, after its last. */
  async after(callId: string, stream: number | undefined): Promise<CallFile | undefined> {
    if (this.#live.has(callId, stream ?? 0)) return this.#live.fileOf(callId)
    const here = this.here(callId)
    if (here !== undefined && stream !== undefined && hasEnded(here, stream)) return here
    const known = await this.latest(callId)
    const last = stream ?? known?.record.streams
    if (last === undefined || (known !== undefined && hasEnded(known, last))) return known
    if (!this.#files.isShared) return known
    await this.#moment()
    return this.latest(callId)
  }

  async #moment(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#clock.after(LATE_WORD_MS, resolve, new AbortController().signal)
    await promise
  }
}

/** Whether it is known what the stream came to, or that another one was promised since. */
function hasEnded({ record }: CallFile, stream: number): boolean {
  const { streams, farewell, over } = record
  return over === true || streams > stream || (streams === stream && farewell !== undefined)
}
