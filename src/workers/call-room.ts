import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { Ticker } from '../base/ticker.ts'
import type { Agent, Greeting } from '../call/agent.ts'
import { Desk, type DeskEventSink } from '../call/desk.ts'
import { MediaDoor } from '../carriers/twilio/media-door.ts'
import type { MediaSockets, Register } from '../carriers/twilio/register.ts'
import type { Config } from '../config.ts'
import type { Vitals } from '../operator/metrics.ts'
import type { QwenOptions } from '../providers/qwen/options.ts'
import { makeQwenProvider } from '../providers/qwen/provider.ts'

/** Where calls are answered: in this process, or spread over several. Disposing ends every call at once. */
export interface CallRoom extends AsyncDisposable {
  /** Where upgraded media sockets go. */
  readonly media: MediaSockets
  /** Whether a new call is welcome. */
  readonly open: boolean
  /** Its processes and what each has to do. */
  readonly load: readonly Load[]
  /** Takes no new calls, lets live ones finish for at most `ms`, then stops them. Resolves when none is left. */
  drain(ms: number): Promise<void>
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

/** All that answering calls needs to know: plain data, and no secret but the model's key. */
export interface CallSettings
  extends Pick<Config, 'agent' | 'turns' | 'narrowband' | 'batchMs' | 'leadMs' | 'maxCallS'> {
  readonly model: Pick<QwenOptions, 'name' | 'url' | 'apiKey' | 'model' | 'family'>
}

export interface CallRoomOptions {
  readonly settings: CallSettings
  readonly register: Register
  readonly clock: Clock
  readonly log: Logger
  readonly onCallEvent: DeskEventSink
}

/** Answers calls in this process. */
export function openCallRoom({ settings, register, clock, log, onCallEvent }: CallRoomOptions): CallRoom {
  const agent = agentOf(settings, clock, log)
  const desk = new Desk(() => agent, clock, new Ticker(clock), onCallEvent)
  const media = new MediaDoor({
    ...{ register, clock, log },
    expect: (info) => desk.expect(info),
    answer: (leg, info) => desk.answer(leg, info),
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
    drain: (ms) => desk.drain(ms),
    vitals: async () => new Map(),
    async [Symbol.asyncDispose]() {
      // A call that is stopped still says goodbye to both its ends.
      await desk.drain(0)
      await media[Symbol.asyncDispose]()
    },
  }
}

function agentOf(settings: CallSettings, clock: Clock, log: Logger): Agent {
  const { voice, language, instructions, greeting } = settings.agent
  const provider = makeQwenProvider({
    ...settings.model,
    clock,
    log,
    turnDetection: settings.turns.detection,
    vadThreshold: settings.turns.threshold,
    vadSilenceMs: settings.turns.silenceMs,
    narrowband: settings.narrowband,
    batchMs: settings.batchMs,
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
  })
  return {
    provider,
    instructions,
    greeting: greetingOf(greeting),
    tools: [],
    checkArguments: () => undefined,
    bargeIn: { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: settings.turns.silenceMs },
    manners: {
      idlePromptMs: 0,
      idlePromptsMax: 2,
      maxCallMs: settings.maxCallS * 1000,
      warnMs: 30_000,
      fillerAfterMs: 0,
      filler: new Int16Array(0),
    },
    connectMs: 10_000,
    leadMs: settings.leadMs,
  }
}

function greetingOf(greeting: string | undefined): Greeting | undefined {
  if (greeting === '') return undefined
  const own = 'Greet the caller in one short sentence and ask how you can help.'
  return { type: 'instruction', text: greeting === undefined ? own : `Say exactly: ${greeting}` }
}
