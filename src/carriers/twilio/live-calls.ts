import type { Clock } from '../../base/clock.ts'
import type { CallFile } from './call-file.ts'
import type { StreamState } from './media-stream.ts'
import type { Line } from './register.ts'

/** A call whose stream is there. */
interface LiveCall {
  readonly line: Line
  readonly file: CallFile
  /** Which of the file's. */
  readonly stream: number
  readonly ended: PromiseWithResolvers<void>
}

/** How long a call whose stream is dead may take to say what it came to [ms]; the store knows what was said in it. */
const LAST_WORD_MS = 300

/** The calls whose streams are there, each with its latest. */
export class LiveCalls {
  readonly #clock: Clock
  readonly #calls = new Map<string, LiveCall>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  fileOf(callId: string): CallFile | undefined {
    return this.#calls.get(callId)?.file
  }

  /** Whether this stream of it is there, or a later one. */
  has(callId: string, stream: number): boolean {
    return (this.#calls.get(callId)?.stream ?? -1) >= stream
  }

  /** A new stream of the same call means that its old one is dead. */
  begin(file: CallFile, stream: number, line: Line): void {
    void this.#calls.get(file.callId)?.line.lose('the call has a new stream')
    this.#calls.set(file.callId, { line, file, stream, ended: Promise.withResolvers() })
  }

  /** A stream is over. `undefined`: it was not the call's latest, and has no say in what comes next. */
  end(callId: string, line: Line): Pick<LiveCall, 'file' | 'stream'> | undefined {
    const live = this.#calls.get(callId)
    if (live?.line !== line) return undefined
    this.#calls.delete(callId)
    live.ended.resolve()
    return live
  }

  /**
   * A stream is dead, and those before it, whatever their sockets say. Who carries it is asked, because what it has to say
   * of the call's end may be on the way. Resolves with the state that it was in; `undefined`: it has said what it came to,
   * or is not here.
   */
  async lose(callId: string, stream: number, why: string): Promise<StreamState | undefined> {
    const live = this.#calls.get(callId)
    if (live === undefined) return undefined
    if (live.stream < stream) {
      // Another process has had this one; what is left here of an older one says nothing of it.
      void live.line.lose(why)
      return undefined
    }
    const state = (await live.line.lose(why)) ?? 'open'
    const waited = new AbortController()
    this.#clock.after(LAST_WORD_MS, live.ended.resolve, waited.signal)
    await live.ended.promise
    waited.abort()
    return this.#calls.get(callId) === live ? state : undefined
  }
}
