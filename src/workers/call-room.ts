import type { AgentPlans } from '../agents/plan.ts'
import { Ear } from '../audio/ear.ts'
import { makeSilero } from '../audio/silero.ts'
import { parseSileroWeights } from '../audio/silero-weights.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { readSpeechWeights } from '../base/speech-weights.ts'
import { Ticker } from '../base/ticker.ts'
import { Desk, type DeskEventSink } from '../call/desk.ts'
import type { MakeEar } from '../call/ear.ts'
import type { Supervision } from '../call/supervision.ts'
import { MediaDoor } from '../carriers/twilio/media-door.ts'
import type { MediaSockets, Register } from '../carriers/twilio/register.ts'
import { countStream, type Vitals } from '../operator/vitals.ts'
import type { ModelSettings } from './models.ts'
import { makeStaff } from './staff.ts'
import { openRecorders, type RecordSettings } from './taps.ts'

/** Where calls are answered: in this process, or spread over several. Disposing ends every call at once. */
export interface CallRoom extends AsyncDisposable {
  /** Where upgraded media sockets go. */
  readonly media: MediaSockets
  /** Whether a new call is welcome. */
  readonly open: boolean
  /** Its processes and what each has to do. */
  readonly load: readonly Load[]
  /** How late the event loops of processes other than this one are: p99, of the worst [ms]. */
  readonly lagMs: number
  /** Calls from now on get these agents; live ones keep theirs. */
  employ(plans: AgentPlans): void
  /** Takes no new calls, lets live ones finish for at most `ms`, then stops them. Resolves when none is left. */
  drain(ms: number): Promise<void>
  /** How operators reach into the calls, whichever process carries them. */
  readonly supervision: Supervision
  /** Vitals of processes other than this one, by their name; who does not answer in time is left out. */
  vitals(): Promise<ReadonlyMap<string, Vitals>>
}

/** One process that carries calls. */
export interface Load {
  readonly worker: string
  readonly ready: boolean
  readonly liveCalls: number
  /** Open media sockets: those of live calls, and those that have still to say whose they are, or are closing. */
  readonly mediaSockets: number
  /** How often it has died and was, or will be, started again. */
  readonly deaths: number
}

/** All that answering calls needs to know: plain data, with the secrets of the model, of tools, and of sending texts. */
export interface CallSettings extends ModelSettings {
  readonly plans: AgentPlans
  readonly records: RecordSettings | undefined
}

export interface CallRoomOptions {
  readonly settings: CallSettings
  readonly register: Register
  readonly clock: Clock
  readonly log: Logger
  readonly onCallEvent: DeskEventSink
  /** The time of day [ms since 1970]. */
  readonly now: () => number
}

/** Answers calls in this process. */
export function openCallRoom({ settings, register, clock, now, log, onCallEvent }: CallRoomOptions): CallRoom {
  const staff = makeStaff(settings.plans, { settings, clock, log })
  const recorders = openRecorders(settings.records, log)
  const desk = new Desk({
    ...{ clock, now, openTap: recorders.openTap },
    ...{ findAgent: staff.find, ticker: new Ticker(clock), makeEar: earMaker() },
    onEvent(callId, event) {
      if (event.type === 'ended') staff.over(callId)
      onCallEvent(callId, event)
    },
  })
  const media = new MediaDoor({
    ...{ register, clock, log },
    expect: (info) => desk.expect(info),
    answer: (leg, info) => desk.answer(leg, info),
    onStreamEnded: countStream,
  })
  return {
    media,
    get open() {
      return desk.open
    },
    get load() {
      const { liveCalls, open: ready } = desk
      return [{ worker: '1', ready, liveCalls, mediaSockets: media.count, deaths: 0 }]
    },
    lagMs: 0,
    supervision: desk.supervision,
    employ: (plans) => staff.replace(plans),
    drain: (ms) => desk.drain(ms),
    vitals: async () => new Map(),
    async [Symbol.asyncDispose]() {
      // A call that is stopped still says goodbye to both its ends.
      await desk.drain(0)
      await media[Symbol.asyncDispose]()
      await recorders[Symbol.asyncDispose]()
      await staff[Symbol.asyncDispose]()
    },
  }
}

/** An ear a caller; the network's weights are read once, its memory is made when it is first in doubt. */
function earMaker(): MakeEar {
  const weights = parseSileroWeights(readSpeechWeights())
  // One function for all ears: what they know of a quiet line is kept by it.
  const speech = () => makeSilero(weights)
  return (format) => new Ear({ format, speech })
}
