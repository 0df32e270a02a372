import type { IncomingHttpHeaders } from 'node:http'
import type { Behaviour } from './behaviour.ts'
import type { ClientEvent } from './client-event.ts'
import type { ClientItem } from './client-item.ts'
import type { SessionConfig, TurnDetection } from './config.ts'
import type { Ask } from './conversation.ts'
import type { ModelFamily } from './family.ts'
import type { FaultAction } from './faults.ts'
import type { Items } from './items.ts'
import type { UpdateRules } from './update.ts'
import type { UpgradeRefusal } from './upgrade.ts'
import type { WireError } from './wire-error.ts'

/** Which service the server is: Qwen-Omni-Realtime, OpenAI Realtime (GA), or Azure's form of the latter. */
export type DialectName = 'qwen' | 'openai' | 'azure'

/** An event as the session says it: the beta names and shapes, which are Qwen's to the byte. */
export interface SpokenEvent {
  readonly type: string
  readonly fields: object
  /** The client's event that it answers, if that event had an id. */
  readonly causedBy: string | undefined
}

/** An event as it goes out, but for its own `event_id`. */
export interface PrintedEvent {
  readonly type: string
  readonly fields: object
  /** It goes out without `event_id`, as one service sends at least one. */
  readonly bare?: boolean
}

/** How a service lets clients in. */
export interface Entrance {
  readonly path: string
  /** The key that a client shows; undefined: none. */
  keyOf(headers: IncomingHttpHeaders): string | undefined
  /** The family of a model as the service names it; undefined when there is no such model. */
  familyOf(model: string): ModelFamily | undefined
  readonly noSuchPath: UpgradeRefusal
  readonly noSuchModel: UpgradeRefusal
  /** What the service says with a status: 401, 403, 429, 500, 503 and any other. */
  refusalOf(status: number): UpgradeRefusal
  /** The JSON body of a refused upgrade. */
  bodyOf(refusal: UpgradeRefusal): object
}

/** What the service says to what it does not do; undefined: it does it. */
export interface Complaints {
  readonly notAnEvent: WireError
  notBase64(param: string): WireError
  unknownEvent(type: string): WireError
  readonly nothingToCancel: WireError
  activeResponse(id: string): WireError
  readonly createWhileSpeaking: WireError | undefined
  readonly commitUnderVad: WireError | undefined
  /** The buffer holds so much [ms], which is too little. */
  emptyCommit(ms: number): WireError
  unknownCall(id: string): WireError
  noSuchItem(id: string, event: 'truncate' | 'retrieve' | 'delete'): WireError
  notTruncatable(id: string): WireError
  shorterThan(ofMs: number, wantedMs: number): WireError
  /** The model failed in the middle of an answer; the client's event could not be handled. */
  readonly modelFailed: WireError
  readonly eventFailed: WireError
  /** See `complain` of FaultAction. */
  readonly samples: Readonly<Record<'harmless' | 'recoverable' | 'fatal', FaultAction>>
}

/**
 * All that differs between the services: the session says its events once, in one vocabulary, and a dialect prints them.
 *
 * ```
 *   client's JSON ─▶ dialect.read… ─▶ session ─▶ SpokenEvent ─▶ printer ─▶ PrintedEvent… ─▶ JSON
 * ```
 */
export interface Dialect {
  readonly name: DialectName
  readonly entrance: Entrance
  readonly defaults: Behaviour
  /** Client events that are known; the others are refused. */
  readonly clientEvents: ReadonlySet<string>
  readonly complaints: Complaints
  /** What a new session is set to before its client said anything. */
  initialConfig(id: string, model: string, family: ModelFamily): SessionConfig
  createdEcho(config: SessionConfig): object
  updatedEcho(config: SessionConfig): object
  /** @throws Refusal */
  updateConfig(config: SessionConfig, session: unknown, rules: UpdateRules): SessionConfig
  /** The `response` of `response.create`. @throws Refusal */
  readAsk(value: unknown, behaviour: Behaviour): Omit<Ask, 'trigger'>
  /** The item of `conversation.item.create`. @throws Refusal */
  readItem(event: ClientEvent, family: ModelFamily, items: Items): ClientItem
  /** Of one session; it may keep state. */
  makePrinter(items: Items, behaviour: Behaviour): (event: SpokenEvent) => readonly PrintedEvent[]
  /** How long [ms] `speech_stopped`'s time lies behind the last sound of the voice. */
  stopsAfterMs(turnDetection: TurnDetection): number
  /** The least sound [ms] that a commit takes. */
  readonly leastCommitMs: number
  /** A prompt for a silent caller begins with `timeout_triggered` and a turn of silence. */
  readonly announcesIdlePrompt: boolean
  /** `response.cancel` may name the response that is meant. */
  readonly cancelsById: boolean
  /** The semantic VAD says that it rejects a turn; else such a turn stands, without an answer. */
  readonly rejectsTurns: boolean
  /** A model that fails says so in an `error` event too, not in `response.done` alone. */
  readonly failsAloud: boolean
  /** What ends a session of age `limitMs`. */
  sessionLimit(limitMs: number): FaultAction
}
