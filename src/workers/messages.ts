import type { IncomingHttpHeaders } from 'node:http'
import type { AgentPlans } from '../agents/plan.ts'
import type { CallEvent } from '../call/events.ts'
import type { CallInfo } from '../call/info.ts'
import type { CallCommand, CommandOutcome, LineSound } from '../call/supervision.ts'
import type { StreamState } from '../carriers/twilio/media-stream.ts'
import type { Claim, Ending, Welcome } from '../carriers/twilio/register.ts'
import type { Vitals } from '../operator/vitals.ts'
import type { CallSettings } from './call-room.ts'

// What the reception and its workers say to each other, in order each way. A few messages a second and call; sound only
// while an operator listens or speaks. An `ask` is the number of a question, which its answer bears too; `socket`, `stream`
// and `listener` are numbers of one worker.

/** From the reception to a worker. */
export type ToWorker =
  | { readonly type: 'setup'; readonly setup: WorkerSetup }
  /** Calls from now on get these agents. */
  | { readonly type: 'employ'; readonly plans: AgentPlans }
  /** A call is announced whose stream is to come here. */
  | { readonly type: 'expect'; readonly info: CallInfo }
  /** Comes with the socket itself, which is not to be answered yet: the reception still has its hand on it. */
  | { readonly type: 'socket'; readonly socket: number }
  /** The reception has let go of the socket: shake hands. */
  | { readonly type: 'upgrade'; readonly socket: number; readonly request: UpgradeHead; readonly head: Uint8Array }
  | { readonly type: 'welcome'; readonly ask: number; readonly welcome: Welcome }
  | { readonly type: 'lose'; readonly ask: number; readonly stream: number; readonly why: string }
  /** Stops every call; its outcome is told before the answer. */
  | { readonly type: 'stop'; readonly ask: number }
  | { readonly type: 'vitals'; readonly ask: number }
  | { readonly type: 'command'; readonly ask: number; readonly callId: string; readonly command: CallCommand }
  | { readonly type: 'speak'; readonly callId: string; readonly audio: Uint8Array }
  /** Its sound comes from now on, as `sound` with this number, until it is ended or `unlisten`. */
  | { readonly type: 'listen'; readonly listener: number; readonly callId: string }
  | { readonly type: 'unlisten'; readonly listener: number }
  | { readonly type: 'ping'; readonly ask: number }
  | { readonly type: 'end' }

/** From a worker to the reception. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'socket-closed'; readonly socket: number }
  | { readonly type: 'started'; readonly ask: number; readonly stream: number; readonly claim: Claim }
  | { readonly type: 'over'; readonly stream: number; readonly ending: Ending }
  | { readonly type: 'event'; readonly callId: string; readonly event: CallEvent }
  | { readonly type: 'lost'; readonly ask: number; readonly state: StreamState | undefined }
  | { readonly type: 'stopped'; readonly ask: number }
  | { readonly type: 'commanded'; readonly ask: number; readonly outcome: CommandOutcome }
  | { readonly type: 'sound'; readonly listener: number; readonly sound: LineSound }
  /** The call that was listened to is over, or there is none. */
  | { readonly type: 'silent'; readonly listener: number }
  /** `lagMs`: p99 of how late its event loop was of late. */
  | { readonly type: 'pong'; readonly ask: number; readonly lagMs: number }
  | { readonly type: 'vitals'; readonly ask: number; readonly vitals: Vitals }

/** What a worker is started with. It comes as a message: a command line or an environment can be read by others. */
export interface WorkerSetup {
  /** Its name in logs and metrics, from `1`. */
  readonly worker: string
  readonly settings: CallSettings
  /** The reception's. */
  readonly logLevel: string
}

/** As much of an upgrade request as a handshake needs. The signature stays behind. */
export interface UpgradeHead {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}
