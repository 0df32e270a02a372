import { type PlansRead, readPlans } from './agents/read-plans.ts'
import { readPlansAside } from './agents/read-plans-aside.ts'
import { systemClock } from './base/clock.ts'
import type { PageRoute } from './base/http.ts'
import type { Logger } from './base/log.ts'
import type { Refusal } from './call/admission.ts'
import type { DeskEventSink } from './call/desk.ts'
import { makeTwilioCarrier, type TwilioCarrier } from './carriers/twilio/carrier.ts'
import { Switchboard } from './carriers/twilio/switchboard.ts'
import { type Config, ConfigError, revealTwilio } from './config.ts'
import { countedRegister } from './counted.ts'
import { FrontGate } from './front-gate.ts'
import { openModels } from './open-models.ts'
import { openStore } from './open-store.ts'
import { recordInLog } from './operator/call-log.ts'
import { Metrics, type Readings } from './operator/metrics.ts'
import { startServer } from './server.ts'
import { isLoopbackUrl } from './settings.ts'
import { type CallRoom, type CallRoomOptions, openCallRoom } from './workers/call-room.ts'
import type { ModelSettings } from './workers/models.ts'
import { startWorkers } from './workers/pool.ts'
import { planProblems } from './workers/staff.ts'

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
  const { log, env = {} } = options
  await using opening = new AsyncDisposableStack()
  const own = { clock: systemClock, now: () => Date.now(), log }
  // Released last: whatever happens to a call, until the very end, is kept.
  const { store, health } = await openStore(config, own, opening)
  const metrics = new Metrics()
  const onRefused = (why: Refusal) => metrics.turnedAway(why)
  const gate = opening.use(new FrontGate({ limits: config.limits, clock: own.clock, onRefused }))
  const models = await openModels(config, log, opening, () => gate.close('model-down'))
  const settings = modelSettings(config, models)
  const sources = { agent: config.agent, agentsFile: config.agentsFile, twilio: revealTwilio(config), env }
  const agents = tried(readPlans(sources), settings)
  if ('problems' in agents) throw new ConfigError(agents.problems)
  const { overflow, fallbackNumber, resume } = config
  const { authTokens } = sources.twilio
  const switchboard = new Switchboard({
    ...{ overflow, fallbackNumber, resume, authTokens, store, admission: gate },
    ...own,
  })
  const room = opening.use(
    await openRoom(config, options, {
      settings: { ...settings, plans: agents.plans },
      ...{ register: countedRegister(switchboard, metrics), ...own },
      onCallEvent(callId, event) {
        recordInLog(log, callId, event)
        metrics.fold(callId, event)
        store.append(callId, event)
        options.onCallEvent?.(callId, event)
      },
    }),
  )
  const readings = () => ({ store: health(), lagMs: gate.lagMs })
  const pages = [metricsPage(config, metrics, room, readings)]
  const server = opening.use(await openServer(config, { switchboard, room, log, ready: () => gate.isOpen, pages }))
  gate.open(room)
  // Released first: a call that is stopped still says goodbye to both its ends.
  opening.defer(() => room.drain(0))
  const running = opening.move()
  return {
    url: originOf(config.host, server.port),
    publicUrl: server.publicUrl,
    get liveCalls() {
      return room.load.reduce((sum, { liveCalls }) => sum + liveCalls, 0)
    },
    drain: (ms) => drain(ms, gate, switchboard, room),
    reloadAgents: async () => employ(tried(await readPlansAside(sources), settings), room, log),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function modelSettings(config: Config, models: ModelSettings['models']): ModelSettings {
  const { narrowband, batchMs, leadMs, heardTruth, modelInterrupts } = config
  return { models, narrowband, batchMs, leadMs, heardTruth, modelInterrupts }
}

function metricsPage(config: Config, metrics: Metrics, room: CallRoom, readings: () => Readings): PageRoute {
  return metrics.page({
    token: config.metricsToken?.reveal(),
    behindProxy: config.publicUrl !== undefined && !isLoopbackUrl(config.publicUrl),
    self: config.workers === 1 ? '1' : 'reception',
    load: () => room.load,
    vitals: () => room.vitals(),
    readings,
  })
}

/** In this process, or in several. */
async function openRoom(config: Config, options: OffhookOptions, room: CallRoomOptions): Promise<CallRoom> {
  const { workers } = config
  const { log, workerEnv = {} } = options
  return workers === 1 ? openCallRoom(room) : startWorkers({ ...room, workers, logLevel: log.level, env: workerEnv })
}

async function drain(ms: number, gate: FrontGate, switchboard: Switchboard, room: CallRoom): Promise<void> {
  gate.close('draining')
  switchboard.close()
  // Those too that are announced, or between two of their doors: their stream is still to come.
  await switchboard.settle(ms)
  await room.drain(0)
  // A caller whose stream was closed is still told how it goes on: Twilio asks for it when it has seen our close.
  await switchboard.settle(LAST_WORDS_MS)
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
  const { host, port } = config
  let publicUrl = ''
  const carriers: TwilioCarrier[] = []
  const server = await startServer({
    ...{ port, host, log, ready },
    mount(boundPort) {
      publicUrl = config.publicUrl ?? originOf(host, boundPort)
      const carrier = makeTwilioCarrier({ publicUrl, switchboard, media: room.media, log, ...revealTwilio(config) })
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
