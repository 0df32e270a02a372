import type { AudioFormat } from '../audio/format.ts'

/** Tokens of one response, as the model bills them. */
export interface Usage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly inputAudioTokens: number
  readonly outputAudioTokens: number
}

/**
 * What the model's end tells the call, in the order it happened.
 *
 * ```
 *   speech-started ─▶ speech-stopped ─▶ response-started ─▶ audio … ─▶ response-ended
 * ```
 * `audio` comes only between `response-started` and `response-ended` of its own response. Transcripts come whenever
 * they are known, a caller's also after the reply; `text` is always the whole text so far, never an increment.
 */
export type SessionEvent =
  /** `itemId`, where the model says it: the caller's turn, as in its transcript. */
  | { readonly type: 'speech-started'; readonly itemId?: string }
  | { readonly type: 'speech-stopped'; readonly itemId?: string }
  /** What was heard last was no turn after all, and is not answered: a cough, a word to somebody else. */
  | { readonly type: 'turn-refused' }
  /** Manual turns: what the turn that ended last is called in its transcript, where the model says so. */
  | { readonly type: 'turn-named'; readonly itemId: string }
  | { readonly type: 'response-started'; readonly responseId: string }
  | {
      readonly type: 'response-ended'
      readonly responseId: string
      readonly status: string
      readonly usage?: Usage
    }
  | {
      readonly type: 'audio'
      readonly responseId: string
      readonly itemId: string
      readonly audio: Uint8Array
    }
  | {
      readonly type: 'transcript'
      readonly speaker: 'caller' | 'agent'
      readonly itemId: string
      readonly text: string
      readonly final: boolean
    }
  | {
      readonly type: 'tool-call'
      readonly toolCallId: string
      readonly name: string
      readonly args: string
    }
  | { readonly type: 'lost'; readonly error: Error }
  | { readonly type: 'restored'; readonly provider: string }
  /** A new session has taken the place of one that was about to reach its longest time. */
  | { readonly type: 'renewed'; readonly provider: string }
  | { readonly type: 'closed'; readonly error?: Error }

/** A function the model may call. `parameters` is a JSON Schema. */
export interface ToolDeclaration {
  readonly name: string
  readonly description: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** How one conversation is set up. What a provider cannot do it says when it is made, not during a call. */
export interface SessionOptions {
  readonly callId: string
  /** All of it, with what was said before when the call goes on. */
  readonly instructions: string
  readonly tools: readonly ToolDeclaration[]
}

/** One open conversation with a model. It is configured and ready for audio when `connect` resolves. */
export interface RealtimeSession extends AsyncDisposable {
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  /** `caller`: the call says when a turn ends, by `endTurn`, and no speech events come. `model`: the model's own VAD. */
  readonly turnsBy: 'model' | 'caller'
  /** Whether `note` reaches this model. */
  readonly takesNotes: boolean
  /** Of the caller's sound so much was dropped, because the network did not take it [ms]; absent: none ever is. */
  readonly droppedMs?: number
  /** Sets the one listener. What came before is delivered to it first, in order. `closed` comes at most once, last. */
  listen(listener: (event: SessionEvent) => void): void
  /** Gives the model the caller's sound, in `inputFormat`; any length, always, silence too. */
  append(audio: Uint8Array): void
  /** Manual turns: the caller begins to speak, up to half a second ago. Sound between turns is not given to the model. */
  beginTurn(): void
  /** Manual turns: what was appended since `beginTurn`, and just before it, is one, and the model answers it. */
  endTurn(): void
  /** Manual turns: what was begun was a noise; the model forgets it. */
  dropTurn(): void
  /** Tells the model something in writing, where it takes that; it does not answer by itself. */
  note(text: string): void
  /**
   * Makes the agent speak now: a greeting, an idle prompt.
   * @param unless `answered`: not if it has begun to speak by itself meanwhile; it is only reminded.
   */
  respond(instructions?: string, unless?: 'answered'): void
  /** Stops generating; harmless when nothing is active. Audio of the stopped response may still arrive. */
  cancel(): void
  /** Tells the model that only `heardMs` of this item were heard, in the way this model can; else nothing. */
  truncate(itemId: string, heardMs: number, heardText: string): void
  /** Gives a tool's result. When every call of the response is answered, the model goes on by itself. */
  answerTool(toolCallId: string, output: string): void
}

/** A speech model. Stateless: it keeps settings, never calls. */
export interface RealtimeProvider {
  readonly name: string
  /** How long one of its sessions may last before the service closes it [ms]; absent: no limit is known. */
  readonly sessionMs?: number
  /**
   * Opens and configures a conversation.
   * @throws CallError `provider-*` when it cannot; the reason of `signal` when that aborts first.
   */
  connect(options: SessionOptions, signal: AbortSignal): Promise<RealtimeSession>
}
