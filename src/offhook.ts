import { type PlansRead, readPlans } from './agents/read-plans.ts'
import { readPlansAside } from './agents/read-plans-aside.ts'
import { systemClock } from './base/clock.ts'
import type { PageRoute } from './base/http.ts'
import type { Logger } from './base/log.ts'
import type { DeskEventSink } from './call/desk.ts'
import type { CallEvent } from './call/events.ts'
import { makeTwilioCarrier, type TwilioCarrier } from './carriers/twilio/carrier.ts'
import { Switchboard } from './carriers/twilio/switchboard.ts'
import { type Config, ConfigError } from './config.ts'
import { Metrics } from './operator/metrics.ts'
import { startLocalAgent } from './providers/local/agent.ts'
import { startServer } from './server.ts'
import { type CallRoom, type CallSettings, openCallRoom } from './workers/call-room.ts'
import { startWorkers } from './workers/pool.ts'
import { type ModelSettings, planProblems } from './workers/staff.ts'

/** A running Offhook. Dispose releases everything, live calls too. */
export interface Offhook extends AsyncDisposable {
  /** Where it listens, on this machine. */
  readonly url: string
  /** Where the carrier reaches it; signatures are over this. */
  readonly publicUrl: string
  readonly liveCalls: number
  /** Takes no new calls, lets live ones finish for at most `ms`. */
  drain(ms: number): Promise<void>
  /** Reads the agents again, for calls from now on. What is wrong with them is logged, and the old ones stay. */
  reloadAgents(): Promise<void>
}

export interface OffhookOptions {
  readonly log: Logger
  /** Where `${NAME}` in the headers of AGENTS_FILE comes from. Default: nothing is known. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Hears the events of all calls, whichever process carries them. */
  readonly onCallEvent?: DeskEventSink
  /** What worker processes inherit besides their settings: locale, certificates. Default: nothing. */
  readonly workerEnv?: Readonly<Record<string, string | undefined>>
}

/**
 * The whole line: the agents, the model, the switchboard, the room where calls are answered, the server, in the order in which each
 * needs the one before it, and released in reverse.
 *
 * ```
 *   WORKERS=1   this process: HTTP, switchboard, media, calls, metrics
 *   WORKERS=n   this process: HTTP, switchboard, metrics          worker 1 … n: media, calls
 *                                     └─ each media socket, once its upgrade was checked, goes to the least busy ─┘
 * ```
 * @throws ConfigError for agents that cannot be put to work; an Error when the port is taken, the embedded agent's
 * packages are missing, or a worker does not start.
 */
export async function startOffhook(config: Config, options: OffhookOptions): Promise<Offhook> {
  const { log, onCallEvent, workerEnv = {}, env = {} } = options
  await using opening = new AsyncDisposableStack()
  const clock = systemClock
  let modelDown = false
  const model = await openModel(config, log, opening, () => {
    modelDown = true
  })
  const { narrowband, batchMs, leadMs, heardTruth, modelInterrupts } = config
  const settings = { model, narrowband, batchMs, leadMs, heardTruth, modelInterrupts }
  const sources = { agent: config.agent, agentsFile: config.agentsFile, twilio: config.twilio, env }
  const agents = tried(readPlans(sources), settings)
  if ('problems' in agents) throw new ConfigError(agents.problems)
  const welcome = () => room.open && !modelDown
  const switchboard = new Switchboard({ admit: () => welcome(), clock, log })
  const metrics = new Metrics()
  const roomOptions = {
    settings: { ...settings, plans: agents.plans },
    ...{ register: switchboard, clock, log },
    onCallEvent(callId: string, event: CallEvent) {
      record(log, callId, event)
      metrics.fold(callId, event)
      onCallEvent?.(callId, event)
    },
  }
  const room: CallRoom =
    config.workers === 1
      ? openCallRoom(roomOptions)
      : await startWorkers({ ...roomOptions, workers: config.workers, logLevel: log.level, env: workerEnv })
  opening.use(room)
  const page = metrics.page({
    token: config.metricsToken,
    self: config.workers === 1 ? '1' : 'reception',
    load: () => room.load,
    vitals: () => room.vitals(),
  })
  const server = opening.use(await openServer(config, { switchboard, room, log, ready: welcome, pages: [page] }))
  // Released first: a call that is stopped still says goodbye to both its ends.
  opening.defer(() => room.drain(0))
  const running = opening.move()
  return {
    url: originOf(config.host, server.port),
    publicUrl: server.publicUrl,
    get liveCalls() {
      return room.load.reduce((sum, { liveCalls }) => sum + liveCalls, 0)
    },
    async drain(ms) {
      await room.drain(ms)
      // A caller who was stopped still hears why: Twilio asks for it when it has seen our close.
      await switchboard.settle(LAST_WORDS_MS)
    },
    reloadAgents: async () => employ(tried(await readPlansAside(sources), settings), room, log),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** The agents, when all that will have to do with them takes them too. */
function tried(read: PlansRead, settings: ModelSettings): PlansRead {
  if ('problems' in read) return read
  const problems = planProblems(read.plans, settings, systemClock)
  return problems.length > 0 ? { problems } : read
}

function employ(read: PlansRead, room: CallRoom, log: Logger): void {
  if ('problems' in read) {
    log.error({ problems: read.problems }, 'the agents stay as they were: the new ones have problems')
    return
  }
  room.employ(read.plans)
  log.info({ numbers: read.plans.numbers.size }, 'agents reloaded')
}

/** How long Twilio has to ask what comes next for a call that a deploy has stopped [ms]. */
const LAST_WORDS_MS = 3000

interface Inside {
  readonly switchboard: Switchboard
  readonly room: CallRoom
  readonly pages: readonly PageRoute[]
  readonly ready: () => boolean
  readonly log: Logger
}

/** Opens the port, and what is behind it; disposing closes the media sockets, then the port. */
async function openServer(config: Config, { switchboard, room, pages, ready, log }: Inside) {
  const { host, port, twilio } = config
  let publicUrl = ''
  const carriers: TwilioCarrier[] = []
  const server = await startServer({
    ...{ port, host, log, ready },
    mount(boundPort) {
      publicUrl = config.publicUrl ?? originOf(host, boundPort)
      const carrier = makeTwilioCarrier({ publicUrl, switchboard, media: room.media, log, ...twilio })
      carriers.push(carrier)
      return { routes: carrier.routes, upgrades: [carrier.upgrade], pages }
    },
  })
  return {
    publicUrl,
    port: server.port,
    async [Symbol.asyncDispose]() {
      for (const carrier of carriers) await carrier[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Where this machine reaches the server. */
function originOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * Where the model is reached. The embedded agent is started once, whatever the number of workers; `down` is called when
 * it has crashed too often and is not started again.
 */
async function openModel(
  { provider }: Config,
  log: Logger,
  scope: AsyncDisposableStack,
  down: () => void,
): Promise<CallSettings['model']> {
  if (provider.name === 'qwen') return provider
  const { url, apiKey, model } = scope.use(
    await startLocalAgent({
      maxCalls: provider.maxCalls,
      log,
      onEvent: (event) => {
        if (event.type === 'crashed' && !event.restarts) down()
      },
    }),
  )
  return { name: 'local', url, apiKey, model, family: 'qwen3.5-flash' }
}

/** The log of a call: that it came, what went wrong, how it ended. Never what was said. */
function record(log: Logger, callId: string, event: CallEvent): void {
  if (event.type === 'said' || event.type === 'heard' || event.type === 'dtmf') return
  const { type, ...data } = event
  if (type === 'answered' || type === 'ended' || type === 'provider-lost' || type === 'provider-restored') {
    log.info({ callId, ...data }, `call ${type}`)
  } else {
    log.debug({ callId, ...data }, `call ${type}`)
  }
}
