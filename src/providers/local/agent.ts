import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { type AgentMessage, type AgentWorkerData, LOCAL_MODEL } from './agent-messages.ts'
import { localPackages, requirePackages } from './packages.ts'
import { type SupervisorEvent, supervise } from './supervisor.ts'

/** The embedded agent, listening on loopback in the wire of Qwen-Omni-Realtime. Dispose ends its threads. */
export interface LocalAgent extends AsyncDisposable {
  /** As `REALTIME_URL`: the whole base, without the model. It stays the same when the agent restarts. */
  readonly url: string
  /** Made at start; nobody else on this machine can use the agent. */
  readonly apiKey: string
  readonly model: string
}

export interface LocalAgentOptions {
  /** Calls at one time, each about 30 MB; the next is refused with HTTP 429. Default 4. */
  readonly maxCalls?: number
  readonly clock?: Clock
  readonly log?: Logger
  /** Its threads crashed (all sessions closed), and were started again or not. */
  readonly onEvent?: (event: SupervisorEvent) => void
  /** Ends the agent. */
  readonly signal?: AbortSignal
}

/** Loading two models on a busy machine [ms]; usually 700. */
const READY_MS = 30_000

/**
 * Starts the embedded agent: English, offline, one small domain, on the CPU. It is a demo: it cannot follow the
 * session's instructions, only say what stands behind `Say exactly:` or between quotation marks in those of one
 * response, and it calls a tool only where its domain asks for one.
 *
 * ```
 *   our process                       agent thread                    speech threads (1 or 2)
 *   Qwen client ◀─ loopback socket ─▶ wire server, minds, ears ◀─▶ recognisers, voice
 * ```
 * @throws Error naming the optional package that is missing and what to do; RangeError for `maxCalls` below 1; the
 * signal's reason when that aborts first.
 */
export async function startLocalAgent(options: LocalAgentOptions = {}): Promise<LocalAgent> {
  const { maxCalls = 4, clock = systemClock, log, onEvent, signal } = options
  if (!Number.isInteger(maxCalls) || maxCalls < 1) throw new RangeError(`maxCalls: expected 1 or more, got ${maxCalls}`)
  signal?.throwIfAborted()
  requirePackages(localPackages)
  const apiKey = randomBytes(24).toString('base64url')
  let port = 0
  const supervisor = await supervise({
    spawn: () => {
      const workerData: AgentWorkerData = { apiKey, maxCalls, port }
      return new Worker(new URL('./agent-worker.ts', import.meta.url), { workerData, execArgv: [], env: {} })
    },
    heard: (message) => {
      const told = message as AgentMessage
      if (told.type === 'ready') port = told.port
      else log?.warn({ reason: told.reason }, 'embedded agent could not answer')
      return told.type === 'ready'
    },
    readyMs: READY_MS,
    clock,
    onEvent: (event) => {
      record(log, event)
      onEvent?.(event)
    },
  })
  const end = () => void supervisor[Symbol.asyncDispose]()
  signal?.addEventListener('abort', end, { once: true })
  if (signal?.aborted) {
    await supervisor[Symbol.asyncDispose]()
    signal.throwIfAborted()
  }
  return {
    url: `ws://127.0.0.1:${port}/api-ws/v1/realtime`,
    apiKey,
    model: LOCAL_MODEL,
    async [Symbol.asyncDispose]() {
      signal?.removeEventListener('abort', end)
      await supervisor[Symbol.asyncDispose]()
    },
  }
}

function record(log: Logger | undefined, event: SupervisorEvent): void {
  if (event.type === 'restarted') log?.info('embedded agent restarted')
  else log?.error({ err: event.error, restarts: event.restarts }, 'embedded agent crashed; its calls are lost')
}
