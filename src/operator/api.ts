import type { Analysis } from '../call/analysis.ts'
import type { CallPage, CallSummary, KeptEvent, Totals, TrendPoint } from '../call/archive.ts'
import type { EndReason } from '../call/events.ts'
import type { ShelvedFile } from '../call/shelf.ts'
import type { CallCommand, CommandOutcome } from '../call/supervision.ts'

// What the page and the server say to each other, as JSON. The page imports the types of this file, and nothing else of
// the server's. Times are [ms since 1970] where they end in `At`, else [ms].
//
// What changes something (POST, DELETE) is taken from our own page only, and wants JSON as its content type or, where it is
// a form or has no body, the header `x-offhook`; its value does not matter. Answers of 400 and more are a `Problem`: 400 names
// the field, 401: sign in (again), 403: not from here, 404, 409: it cannot be done, 429: too often, 503: the store does
// not answer.

/**
 * `GET /api/session`; also what `POST /api/session` with `{ password }` answers. `DELETE /api/session` signs out (204). A
 * sign-in lasts twelve hours; what is open by it ends with it.
 */
export interface SessionInfo {
  /** Who is signed in; absent: nobody. `operator` when a password, or this machine, is all that is known. */
  readonly operator?: string
  /** How one signs in here. `none`: there is nothing to sign in with, only this machine is let in. */
  readonly signIn: 'password' | 'proxy' | 'none'
}

/** A live call, folded from its events. */
export interface LiveCall {
  readonly callId: string
  readonly from: string
  readonly to: string
  readonly agent: string
  readonly provider: string
  readonly answeredAt: number
  readonly state: 'connecting' | 'live' | 'model-lost' | 'taken-over'
  /** Who is speaking now; `both`: the caller over the agent. */
  readonly speaking: 'caller' | 'agent' | 'both' | 'nobody'
  /** A tool is at work. */
  readonly tool?: string
  /** The last that was said, cut to 200 characters. */
  readonly lastWords?: { readonly speaker: 'caller' | 'agent'; readonly text: string }
  /** Of the latest answer. */
  readonly latencyMs?: number
  readonly turns: number
  readonly bargeIns: number
}

/** How the house is at a glance. */
export interface HouseHealth {
  readonly liveCalls: number
  readonly maxCalls: number
  /** New calls come in. */
  readonly open: boolean
  readonly lagMs: number
  readonly maxLagMs: number
  readonly store: {
    readonly waiting: number
    readonly lagMs: number
    readonly dropped: number
    readonly failing: boolean
  }
  readonly workers: readonly {
    readonly worker: string
    readonly ready: boolean
    readonly liveCalls: number
    readonly deaths: number
  }[]
  /** Where calls are kept, in words for a human: `SQLite, data/offhook.db`. */
  readonly keptIn: string
  readonly uptimeMs: number
}

/**
 * `GET /api/board`, as server-sent events. The first message is a `board`; after a reconnection too.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export type BoardNews =
  | { readonly type: 'board'; readonly calls: readonly LiveCall[]; readonly health: HouseHealth }
  | { readonly type: 'call'; readonly call: LiveCall }
  | { readonly type: 'gone'; readonly callId: string }
  | { readonly type: 'health'; readonly health: HouseHealth }

/** One line of a call's conversation. */
export type TranscriptLine = { readonly at: number; readonly atMs: number; readonly stream: number } & (
  | { readonly speaker: 'caller'; readonly text: string }
  /** What the caller heard of it, and what was cut off. */
  | { readonly speaker: 'agent'; readonly heard: string; readonly unheard: string }
  | { readonly speaker: 'tool'; readonly name: string; readonly ok: boolean; readonly output: string }
  | { readonly speaker: 'operator'; readonly text: string }
)

/** Something to be marked on the waveform of a stream, at or from `atMs` of it. */
export interface Marker {
  readonly stream: number
  readonly atMs: number
  /** Absent: a moment. */
  readonly untilMs?: number
  readonly kind: 'turn' | 'hold' | 'barge-in' | 'tool' | 'reconnect' | 'operator' | 'key'
  /**
   * | kind           | label                                                                   |
   * |----------------|-------------------------------------------------------------------------|
   * | turn           | `caller` or `agent`                                                     |
   * | hold, barge-in | who found the caller to speak: `local`, `model` or `digits`             |
   * | tool           | its name                                                                |
   * | reconnect      | the error code, or `provider-lost`; a moment: the provider, renewed     |
   * | operator       | what was done: `took-over` until handed back, `whispered`, …            |
   * | key            | the digit, as it is kept                                                |
   */
  readonly label: string
}

/** One answer: how long the caller waited for it. */
export interface TurnLatency {
  readonly stream: number
  readonly atMs: number
  readonly latencyMs: number
}

/** `GET /api/calls/:callId`. */
export interface CallDetail {
  readonly summary: PricedCall
  /** Absent: it is over. */
  readonly live?: LiveCall
  readonly transcript: readonly TranscriptLine[]
  readonly markers: readonly Marker[]
  readonly latencies: readonly TurnLatency[]
  /**
   * `GET /api/calls/:callId/files/:name` gives each, in parts where a part is asked for; to be saved, with `?download`.
   * One that is still being written is given as it is now.
   */
  readonly files: readonly ShelvedFile[]
  readonly analysis?: Analysis
}

/** A summary, and what it cost. Of a live call `durationMs` is until now. */
export interface PricedCall extends CallSummary {
  /** It is live now. A call without this and without an end was lost with its process. */
  readonly live?: true
  /** Absent: no price is known of what it used. */
  readonly cost?: number
}

/** Totals, and what they cost. */
export type PricedTotals<T extends Totals = Totals> = T & { readonly cost?: number }

/**
 * `GET /api/calls?number&agent&reason&fromAt&untilAt&words&limit&next`; `limit` is 1 to 500, by default 50. `GET
 * /api/calls.csv` and `/api/calls.jsonl`, with the same filter, give all of them as a file, at most 100,000.
 */
export interface HistoryPage extends Omit<CallPage, 'calls'> {
  readonly calls: readonly PricedCall[]
}

/** `GET /api/trends?…&step=hour|day`, with the same filter. */
export interface Trends {
  readonly totals: PricedTotals
  readonly points: readonly PricedTotals<TrendPoint>[]
  /** Three letters. */
  readonly currency: string
}

/** `GET /api/calls/:callId/events`; `…/events.jsonl` gives them as a file, a line each. */
export interface CallEvents {
  readonly events: readonly KeptEvent[]
}

/** `GET /api/agents`: what history can be filtered by, and whom callers can be put through to. */
export interface Directory {
  readonly agents: readonly string[]
  readonly reasons: readonly EndReason[]
  /** Names and numbers of TRANSFER_TARGETS, and of all agents. */
  readonly transferTargets: readonly { readonly name: string; readonly number: string }[]
  /** What the phone can call: a number with an agent of its own, or `default`. */
  readonly numbers: readonly { readonly number: string; readonly agent: string }[]
  /** What costs are in: three letters. */
  readonly currency: string
}

/**
 * `POST /api/calls/:callId/commands` takes one. Callers are put through to one of `transferTargets`, by its name. Who has
 * taken a call over is the only one who is heard in it; anybody may hand it back.
 */
export type CommandRequest =
  | Exclude<CallCommand, { readonly type: 'transfer' }>
  | { readonly type: 'transfer'; readonly destination: string }

export interface CommandReply {
  readonly outcome: CommandOutcome
}

/** `POST /api/calls/:callId/test`: makes the call a recorded call that `npm test` replays. */
export interface SaveTestRequest {
  /** Lower-case words with hyphens. */
  readonly name: string
  /** Words and numbers are replaced. */
  readonly redact: boolean
}

export interface SaveTestReply {
  /** The folder that was written. */
  readonly folder: string
}

/** What is answered instead, with a status of 400 or more. */
export interface Problem {
  /** A sentence for a human that names the field, what was expected and what came. */
  readonly error: string
}

/**
 * `GET /api/calls/:callId/audio`, upgraded: a live call's sound, both ways.
 *
 * ```
 *   server ─▶ page   binary: one byte 0 (caller) or 1 (agent), four bytes atMs (unsigned, little endian), then mu-law, 8 kHz
 *   page ─▶ server   binary: mu-law, 8 kHz, 20 to 200 ms: the operator's voice; heard by who has taken the call over
 * ```
 * The server closes with 1000 when the call is over, with 1008 when the sign-in is, and with 1012 when the page should come
 * again so that the proxy says who it is: after 15 minutes. The board's stream ends then too, and the phone's after 4 hours.
 *
 * `POST /api/phone/voice` and `POST /api/phone/next` are the softphone's webhooks, form-encoded, and answer TwiML as they
 * would to Twilio; `GET /api/phone/media` is its media socket and speaks Twilio's protocol.
 */
export type LineFrame = 0 | 1
