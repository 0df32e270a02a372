import type { ErrorCode } from '../base/errors.ts'
import type { Analysis } from './analysis.ts'
import type { LatencySummary } from './latencies.ts'
import type { Due } from './patience.ts'
import type { Usage } from './provider.ts'

/** Why a call is over. Exactly one is recorded per call. */
export type EndReason =
  | 'caller-hung-up'
  | 'agent-hung-up'
  | 'operator-hung-up'
  | 'handed-over'
  | 'max-duration'
  | 'carrier-lost'
  | 'provider-lost'
  | 'shutdown'

/** What a call came to: what the carrier needs to decide what the caller hears after the stream. */
export interface CallOutcome {
  readonly reason: EndReason
  /** Set when a misfortune ended it. */
  readonly code?: ErrorCode
}

/** What it was that found a caller to be speaking over the agent: our ear, the model's, or a key. */
export type Interrupter = 'local' | 'model' | 'digits'

/** Frames and bytes of one whole call, for the one record at its end. */
export interface CallCounters {
  /** Sound taken from the caller and given to the model [ms]. */
  readonly callerMs: number
  /** Sound the agent made, what of it was heard, and what was cut off before it was heard [ms]. */
  readonly agentMs: number
  readonly heardMs: number
  readonly cutMs: number
  /** Sound that came for an answer that had been cut off, and was dropped [ms]. */
  readonly lateMs: number
  readonly turns: number
  readonly bargeIns: number
  /** Sound of the caller's that never reached a model, because its network did not take it [ms]; absent: none. */
  readonly uplinkDroppedMs?: number
}

/** Those of a call that never began, or that nobody was left to count. */
export const noCounters: CallCounters = {
  callerMs: 0,
  agentMs: 0,
  heardMs: 0,
  cutMs: 0,
  lateMs: 0,
  turns: 0,
  bargeIns: 0,
}

/**
 * Everything that is ever known about a call, in order. The log, the store, the operator's page and the replay all fold
 * these same events. `atMs` is [ms] since the call was answered.
 */
export type CallEvent = { readonly atMs: number } & (
  | {
      readonly type: 'answered'
      readonly callId: string
      readonly provider: string
      /** [ms since 1970]: it names the stream, and its files; absent: it was kept before that was told. */
      readonly answeredAt?: number
      /** The agent's name. */
      readonly agent: string
      /** As the carrier gave them; `from` may be `anonymous`, empty or no number at all. Never logged. */
      readonly from: string
      readonly to: string
      /** The caller comes back: the same call, which had been answered before. */
      readonly resumed?: true
    }
  /** The model is connected and hears the caller, also what was said before. */
  | { readonly type: 'connected'; readonly provider: string }
  | { readonly type: 'caller-speech-started' }
  | { readonly type: 'caller-speech-stopped' }
  | { readonly type: 'response-started'; readonly responseId: string }
  | {
      readonly type: 'response-ended'
      readonly responseId: string
      readonly status: string
      readonly usage?: Usage
    }
  /** First sound of a response went to the carrier; `latencyMs` since the end of the caller's speech, if there was any. */
  | {
      readonly type: 'agent-audible'
      readonly responseId: string
      readonly latencyMs?: number
    }
  /** Final words of one side. The caller's may come after the agent's reply to them. */
  | {
      readonly type: 'said'
      readonly speaker: 'caller' | 'agent'
      readonly itemId: string
      readonly text: string
      /** Where it stands in the conversation: of two, the smaller was said first. */
      readonly place: number
    }
  /** What of an item the caller has heard [ms]; `wholly` when all of it, else it was cut off. */
  | {
      readonly type: 'heard'
      readonly itemId: string
      readonly heardMs: number
      readonly wholly: boolean
      /** Its words, as far as they were heard, by time. */
      readonly heardText: string
      readonly place: number
    }
  /** The agent is silent, because the caller may be speaking; `yieldMs` after that began, where our ear heard it. */
  | { readonly type: 'held'; readonly by: Interrupter; readonly yieldMs?: number }
  /** ... but was not: the agent goes on where it was. */
  | { readonly type: 'resumed'; readonly heldMs: number }
  /** The caller spoke over the agent; `unheardMs` of it were dropped. `yieldMs` as in `held`. */
  | {
      readonly type: 'barge-in'
      readonly by: Interrupter
      readonly heardMs: number
      readonly unheardMs: number
      readonly yieldMs?: number
    }
  /** The agent speaks by itself. */
  | { readonly type: 'prompted'; readonly why: Due }
  | { readonly type: 'dtmf'; readonly digit: string }
  | {
      readonly type: 'tool-called'
      readonly toolCallId: string
      readonly name: string
    }
  | {
      readonly type: 'tool-answered'
      readonly toolCallId: string
      readonly name: string
      readonly ok: boolean
      /** What the model was told, its beginning: as private as the words. */
      readonly output: string
      readonly place: number
    }
  | { readonly type: 'provider-lost'; readonly code?: ErrorCode }
  | { readonly type: 'provider-restored'; readonly provider: string }
  /** A new session of the model took over in a silent moment. */
  | { readonly type: 'session-renewed'; readonly provider: string }
  /** A human reached into the call; `text` is as private as the words. */
  | { readonly type: 'operator'; readonly did: 'whispered'; readonly text: string }
  | { readonly type: 'operator'; readonly did: 'transferred'; readonly destination: string }
  | { readonly type: 'operator'; readonly did: 'took-over' | 'handed-back' | 'hung-up' }
  | ({ readonly type: 'ended'; readonly counters: CallCounters; readonly latency: LatencySummary } & CallOutcome)
  /** What was made of the whole call, some time after its end: the one event that may follow `ended`. */
  | { readonly type: 'analysed'; readonly analysis: Analysis }
)

/** Takes a call's events as they happen; it must not throw and must not block. */
export type CallEventSink = (event: CallEvent) => void
