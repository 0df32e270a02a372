import { type PlansRead, readPlans } from './agents/read-plans.ts'
import { readPlansAside } from './agents/read-plans-aside.ts'
import { systemClock } from './base/clock.ts'
import type { PageRoute } from './base/http.ts'
import type { Logger } from './base/log.ts'
import type { Refusal } from './call/admission.ts'
import type { DeskEventSink } from './call/desk.ts'
import type { CallStore } from './call/store.ts'
import { makeTwilioCarrier } from './carriers/twilio/carrier.ts'
import { Switchboard } from './carriers/twilio/switchboard.ts'
import { type Config, ConfigError, revealTwilio } from './config.ts'
import { countedRegister } from './counted.ts'
import { FrontGate } from './front-gate.ts'
import { openModels } from './open-models.ts'
import { type HouseParts, openAfterCall, openDesk, openTraces } from './open-operating.ts'
import { openStore } from './open-store.ts'
import { recordInLog } from './operator/call-log.ts'
import type { Readings } from './operator/house-metrics.ts'
import { Metrics } from './operator/metrics.ts'
import type { OperatorDesk } from './operator/operator-desk.ts'
import { startServer } from './server.ts'
import { isLoopbackUrl } from './settings.ts'
import { type CallRoom, type CallRoomOptions, openCallRoom } from './workers/call-room.ts'
import type { ModelSettings } from './workers/models.ts'
import { startWorkers } from './workers/pool.ts'
import { planProblems } from './workers/staff.ts'
import type { RecordSettings } from './workers/taps.ts'

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
  const kept = await openStore(config, own, opening)
  const { store, health } = kept
  const metrics = new Metrics(config.operator)
  const trace = await openTraces(config, log, opening)
  const turnedAway = { onRefused: (why: Refusal) => metrics.turnedAway(why), clock: own.clock }
  const gate = opening.use(new FrontGate({ limits: config.limits, ...turnedAway }))
  const models = await openModels(config, log, opening, () => gate.close('model-down'))
  const settings = modelSettings(config, models)
  const sources = { agent: config.agent, agentsFile: config.agentsFile, twilio: revealTwilio(config), env }
  const records = recordsOf(config)
  const agents = tried(readPlans(sources), settings, records)
  if ('problems' in agents) throw new ConfigError(agents.problems)
  let { plans } = agents
  const { overflow, fallbackNumber, resume } = config
  const { authTokens } = sources.twilio
  const house = { overflow, fallbackNumber, resume, authTokens, store, admission: gate }
  const switchboard = new Switchboard({ ...house, ...own })
  // Whoever wants to know of calls, in this order; all of them are here before the first call is.
  const sinks = [...ownSinks(log, metrics, store), trace, options.onCallEvent ?? (() => {})]
  const tell = toAll(sinks, log)
  const room = opening.use(
    await openRoom(config, options, {
      settings: { ...settings, plans: agents.plans, records },
      ...{ register: countedRegister(switchboard, metrics), ...own },
      onCallEvent: tell,
    }),
  )
  const pages = [metricsPage(config, metrics, room, () => ({ store: health(), lagMs: gate.lagMs }))]
  const parts = { config, kept, room, gate, switchboard, log, plans: () => plans }
  const server = opening.use(await openServer(parts, pages, (path) => metrics.requestRefused(path)))
  const afterCall = opening.use(openAfterCall(parts, server.publicUrl, { metrics, append: tell }))
  sinks.push(
    (callId, event) => server.desk.take(callId, event),
    (callId, event) => afterCall.take(callId, event),
  )
  gate.open(room)
  // Released first: a call that is stopped still says goodbye to both its ends.
  opening.defer(() => room.drain(0))
  const reloadAgents = async () => {
    const read = tried(await readPlansAside(sources), settings, records)
    employ(read, room, log)
    if ('plans' in read) plans = read.plans
  }
  return running(parts, server, reloadAgents, opening.move())
}

function running(
  { config, room, gate, switchboard }: HouseParts,
  { port, publicUrl }: { readonly port: number; readonly publicUrl: string },
  reloadAgents: () => Promise<void>,
  scope: AsyncDisposableStack,
): Offhook {
  return {
    url: originOf(config.host, port),
    publicUrl,
    get liveCalls() {
      return room.load.reduce((sum, { liveCalls }) => sum + liveCalls, 0)
    },
    drain: (ms) => drain(ms, gate, switchboard, room),
    reloadAgents,
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}

/** The log first, then what is counted, then what is kept. */
function ownSinks(log: Logger, metrics: Metrics, store: Pick<CallStore, 'append'>): DeskEventSink[] {
  return [
    (callId, event) => recordInLog(log, callId, event),
    (callId, event) => metrics.fold(callId, event),
    (callId, event) => store.append(callId, event),
  ]
}

/** Whoever cannot take an event is no reason for the others, and for the call, to go without. */
function toAll(sinks: readonly DeskEventSink[], log: Logger): DeskEventSink {
  return (callId, event) => {
    for (const sink of sinks) {
      try {
        sink(callId, event)
      } catch (error) {
        log.error({ callId, event: event.type, err: error }, 'an event of a call was not taken by everybody')
      }
    }
  }
}

/** Where what agents want recorded goes. */
function recordsOf({ dataDir, flightMaxBytes }: Config): RecordSettings | undefined {
  return dataDir === undefined ? undefined : { directory: dataDir, flightMaxBytes }
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
function tried(read: PlansRead, settings: ModelSettings, records: RecordSettings | undefined): PlansRead {
  if ('problems' in read) return read
  const all = [read.plans.default, ...read.plans.numbers.values()]
  const nowhere = records === undefined ? all.filter((plan) => plan.recording || plan.flightRecorder) : []
  const problems = [
    ...planProblems(read.plans, settings, systemClock),
    ...nowhere.map(
      ({ where }) => `${where}recording, flightRecorder: expected false because DATA_DIR is none, got true`,
    ),
  ]
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

/** Opens the port, and what is behind it; disposing closes the page's streams and the media sockets, then the port. */
async function openServer(parts: HouseParts, pages: readonly PageRoute[], onRefused: (path: string) => void) {
  const { config, switchboard, room, gate, log } = parts
  const { host, port } = config
  const behind = Promise.withResolvers<{ readonly publicUrl: string; readonly desk: OperatorDesk }>()
  await using opening = new AsyncDisposableStack()
  const server = await startServer({
    ...{ port, host, log, ready: () => gate.isOpen },
    mount(boundPort) {
      const publicUrl = config.publicUrl ?? originOf(host, boundPort)
      const carrier = opening.use(
        makeTwilioCarrier({ publicUrl, switchboard, media: room.media, log, onRefused, ...revealTwilio(config) }),
      )
      const desk = opening.use(openDesk(parts, publicUrl))
      behind.resolve({ publicUrl, desk })
      return {
        routes: carrier.routes,
        upgrades: [carrier.upgrade, ...desk.upgrades],
        pages,
        mounts: [desk.mount],
      }
    },
  })
  const closing = opening.move()
  return {
    ...(await behind.promise),
    port: server.port,
    async [Symbol.asyncDispose]() {
      await closing.disposeAsync()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Where this machine reaches the server. */
function originOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
