import { systemClock } from './base/clock.ts'
import type { Logger } from './base/log.ts'
import { Ticker } from './base/ticker.ts'
import type { Agent } from './call/answer.ts'
import { Desk, type DeskEventSink } from './call/desk.ts'
import type { CallEvent } from './call/events.ts'
import type { RealtimeProvider } from './call/provider.ts'
import { makeTwilioCarrier, type TwilioCarrier } from './carriers/twilio/carrier.ts'
import type { Config } from './config.ts'
import { startLocalAgent } from './providers/local/agent.ts'
import { makeQwenProvider } from './providers/qwen/provider.ts'
import { startServer } from './server.ts'

/** A running Offhook. Dispose releases everything, live calls too. */
export interface Offhook extends AsyncDisposable {
  /** Where it listens, on this machine. */
  readonly url: string
  /** Where the carrier reaches it; signatures are over this. */
  readonly publicUrl: string
  readonly liveCalls: number
  /** Takes no new calls, lets live ones finish for at most `ms`. */
  drain(ms: number): Promise<void>
}

export interface OffhookOptions {
  readonly log: Logger
  readonly onCallEvent?: DeskEventSink
}

/**
 * The whole line: the model's provider, the desk, the carrier, the server, in the order in which each needs the one
 * before it, and released in reverse.
 * @throws when the port is taken, or the embedded agent's packages are missing.
 */
export async function startOffhook(config: Config, { log, onCallEvent }: OffhookOptions): Promise<Offhook> {
  await using opening = new AsyncDisposableStack()
  const clock = systemClock
  let modelDown = false
  const provider = await openProvider(config, log, opening, () => {
    modelDown = true
  })
  const desk = new Desk(agentOf(config, provider), clock, new Ticker(clock), (callId, event) => {
    record(log, callId, event)
    onCallEvent?.(callId, event)
  })
  let publicUrl = ''
  const carriers: TwilioCarrier[] = []
  const server = opening.use(
    await startServer({
      port: config.port,
      host: config.host,
      log,
      ready: () => desk.open && !modelDown,
      mount(port) {
        publicUrl = config.publicUrl ?? originOf(config.host, port)
        const { accountSid, authTokens } = config.twilio
        const carrier = makeTwilioCarrier({
          publicUrl,
          authTokens,
          answer: (leg) => desk.answer(leg),
          admit: () => desk.open && !modelDown,
          clock,
          log,
          ...(accountSid === undefined ? {} : { accountSid }),
        })
        carriers.push(carrier)
        return { routes: carrier.routes, upgrades: [carrier.upgrade] }
      },
    }),
  )
  for (const carrier of carriers) opening.use(carrier)
  // Released first: a call that is stopped still says goodbye to both its ends.
  opening.defer(() => desk.drain(0))
  const running = opening.move()
  return {
    url: originOf(config.host, server.port),
    publicUrl,
    get liveCalls() {
      return desk.liveCalls
    },
    async drain(ms) {
      await desk.drain(ms)
      // A caller who was stopped still hears why: Twilio asks for it when it has seen our close.
      await Promise.all(carriers.map((carrier) => carrier.settle(LAST_WORDS_MS)))
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** How long Twilio has to ask what comes next for a call that a deploy has stopped [ms]. */
const LAST_WORDS_MS = 3000

/** Where this machine reaches the server. */
function originOf(host: string, port: number): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `down` is called when the embedded agent has crashed too often and is not started again. */
async function openProvider(
  config: Config,
  log: Logger,
  scope: AsyncDisposableStack,
  down: () => void,
): Promise<RealtimeProvider> {
  const { voice, language } = config.agent
  const options = {
    clock: systemClock,
    log,
    turnDetection: config.turns.detection,
    vadThreshold: config.turns.threshold,
    vadSilenceMs: config.turns.silenceMs,
    batchMs: config.batchMs,
    ...(voice === undefined ? {} : { voice }),
    ...(language === undefined ? {} : { language }),
  }
  if (config.provider.name === 'qwen') return makeQwenProvider({ ...options, ...config.provider })
  const { url, apiKey, model } = scope.use(
    await startLocalAgent({
      maxCalls: config.provider.maxCalls,
      log,
      onEvent: (event) => {
        if (event.type === 'crashed' && !event.restarts) down()
      },
    }),
  )
  return makeQwenProvider({ ...options, name: 'local', url, apiKey, model, family: 'qwen3.5-flash' })
}

function agentOf(config: Config, provider: RealtimeProvider): Agent {
  const { instructions, greeting } = config.agent
  return {
    provider,
    instructions,
    greeting: greetingOf(greeting),
    maxCallMs: config.maxCallS * 1000,
    connectMs: 10_000,
    leadMs: config.leadMs,
  }
}

function greetingOf(greeting: string | undefined): string | undefined {
  if (greeting === undefined) return 'Greet the caller in one short sentence and ask how you can help.'
  return greeting === '' ? undefined : `Say exactly: ${greeting}`
}

/** The log of a call: that it came, what went wrong, how it ended. Never what was said. */
function record(log: Logger, callId: string, event: CallEvent): void {
  const { type, ...data } = event
  if (type === 'said' || type === 'dtmf') return
  if (type === 'answered' || type === 'ended' || type === 'provider-lost' || type === 'provider-restored') {
    log.info({ callId, ...data }, `call ${type}`)
  } else {
    log.debug({ callId, ...data }, `call ${type}`)
  }
}
