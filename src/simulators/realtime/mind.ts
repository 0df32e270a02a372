/** What a session was configured to, as far as a mind cares. It changes with every `session.update`. */
export interface MindConfig {
  readonly instructions: string
  readonly voice: string
  /** Rate [Hz] of the PCM16 that `hear` is given, and that `reply` must yield. */
  readonly inputRate: number
  readonly outputRate: number
  /** `undefined`: manual turns, the client commits. */
  readonly vad: { readonly type: string; readonly threshold: number; readonly silenceMs: number } | undefined
  readonly tools: readonly {
    readonly name: string
    readonly description: string
    /** Its JSON Schema, as the client sent it. */
    readonly parameters?: unknown
  }[]
}

/** What a mind tells the wire while it listens. Times are [ms] of received audio since the session began. */
export type MindEvent =
  | { readonly type: 'speech-started'; readonly atMs: number }
  | {
      readonly type: 'speech-stopped'
      readonly atMs: number
      /** False: the turn is not accepted (noise, back-channel) and gets no answer. */
      readonly accepted: boolean
    }
  /** The words of the latest turn: `final: false` while they are still guessed, then exactly one `final: true`. */
  | { readonly type: 'transcript'; readonly text: string; readonly final: boolean }

/** Why an answer is wanted. */
export interface ReplyRequest {
  /** `turn`: the caller finished speaking. `create`: the client asked, perhaps with the results of tools. */
  readonly trigger: 'turn' | 'create'
  /** One-off instructions of `response.create`. */
  readonly instructions?: string
  readonly toolOutputs: readonly { readonly name: string; readonly output: string }[]
  /** Typed messages since the last answer, oldest first. */
  readonly messages?: readonly string[]
}

/** A piece of an answer, in the order it is to be sent. */
export type ReplyPart =
  | { readonly type: 'text'; readonly text: string }
  /** PCM16, little-endian, mono, at `outputRate`; any length. */
  | { readonly type: 'audio'; readonly audio: Uint8Array }
  | { readonly type: 'tool-call'; readonly name: string; readonly args: string }

/**
 * What listens and answers behind the wire: a script (the simulated model) or the embedded agent. It knows sound and
 * words, never events of the protocol.
 *
 * ```
 *   hear ─▶ speech-started ─▶ speech-stopped ─▶ transcript        reply(turn) ─▶ text | audio | tool-call …
 * ```
 */
export interface Mind extends AsyncDisposable {
  configure(config: MindConfig): void
  /** The caller's sound, PCM16 little-endian mono at `inputRate`, in order and without gaps; whole samples. */
  hear(audio: Uint8Array): void
  /** Manual turns: what was heard since the last turn is one. */
  commit(): void
  /** Forgets what was heard since the last turn. */
  clear(): void
  /** The answer, yielded as it is made. Stops early when `signal` aborts (the caller spoke, or the client cancelled). */
  reply(request: ReplyRequest, signal: AbortSignal): AsyncIterable<ReplyPart>
  /** The caller heard only this much of the answer that was just cut off [ms]; may be unknown. */
  interrupted(): void
}

/**
 * Makes the mind of one session; `tell` is called at any time until it is disposed.
 * @throws MindBusy when no further session can be served; the wire refuses the upgrade with 429.
 */
export type MakeMind = (tell: (event: MindEvent) => void) => Mind

export class MindBusy extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MindBusy'
  }
}
