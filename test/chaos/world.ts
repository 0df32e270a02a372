import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SimulatedCall, startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { SimulatedCallOptions } from '../../src/simulators/carrier/options.ts'
import { type Balancer, startBalancer } from './balancer.ts'
import { type ChaosModels, MODEL_KEY, modelNameOf, numberOf, SLOTS } from './model.ts'
import { type Holdings, nap, ServerProcess } from './server-process.ts'

const AUTH_TOKEN = 'chaos-auth-token-0123456789'
const PUBLIC_URL = 'https://voice.example.com'
/** Where callers go when no model can be had. */
export const FALLBACK_NUMBER = '+15550199'
/** How long servers have to let go of what they held, once all calls are over [ms]. */
const LET_GO_MS = 8000

/** How the servers are set up. */
interface WorldSpec {
  readonly processes: 1 | 2
  readonly env: Readonly<Record<string, string>>
}

const specs = {
  main: { processes: 1, env: { REALTIME_PROVIDERS: 'qwen,openai' } },
  alone: { processes: 1, env: { FALLBACK_NUMBER } },
  single: { processes: 1, env: {} },
  renewal: { processes: 1, env: { QWEN_SESSION_MIN: '1' } },
  pair: { processes: 2, env: { DRAIN_S: '1' } },
  workers: { processes: 1, env: { WORKERS: '2' } },
  'full-say': { processes: 1, env: { MAX_CALLS: '2', OVERFLOW: 'say' } },
  'full-queue': { processes: 1, env: { MAX_CALLS: '2', OVERFLOW: 'queue', QUEUE_MAX_S: '60' } },
  'full-dial': { processes: 1, env: { MAX_CALLS: '2', OVERFLOW: 'dial', FALLBACK_NUMBER } },
} as const satisfies Record<string, WorldSpec>

export type WorldName = keyof typeof specs

/** All of them, in the order in which they are best run. */
export const worldNames = Object.keys(specs) as readonly WorldName[]

/** What is left over when every call is over; 0 of everything, or something leaks. */
export interface Leaks {
  readonly sockets: number
  readonly timers: number
  readonly sessions: number
  readonly connections: number
}

/** What a world is put on. */
export interface Ground {
  readonly models: ChaosModels
  readonly toolUrl: string
  /** The checkout whose server runs. */
  readonly folder: string
  /** Settings over all others. */
  readonly env?: Readonly<Record<string, string>>
}

/** One set-up of the house: its processes, a balancer before them, a folder of data. */
export class World implements AsyncDisposable {
  readonly name: WorldName
  readonly #spec: WorldSpec
  readonly #ground: Ground
  readonly #data: string
  #servers: ServerProcess[] = []
  /** The dead ones too. */
  readonly #all: ServerProcess[] = []
  #baseline = new Map<ServerProcess, Holdings>()
  readonly #balancer: Balancer
  /** How long `/readyz` took to say so after SIGTERM [ms], and the exit codes after it. */
  readonly stops: { readonly unreadyMs: number; readonly code: Promise<number | null> }[] = []
  readonly #calls = new Set<SimulatedCall>()
  /** Sockets and timers that there were when it was looked last, each in words; those of the beginning among them. */
  held: string[] = []

  private constructor(name: WorldName, ground: Ground, data: string, balancer: Balancer) {
    this.name = name
    this.#spec = specs[name]
    this.#ground = ground
    this.#data = data
    this.#balancer = balancer
  }

  static async open(name: WorldName, ground: Ground): Promise<World> {
    const data = await mkdtemp(join(tmpdir(), 'offhook-chaos-'))
    await writeFile(join(data, 'agents.yaml'), agentsFile(ground.toolUrl))
    const backends = () => world.#servers
    const balancer = await startBalancer(backends)
    const world: World = new World(name, ground, data, balancer)
    try {
      while (world.#servers.length < specs[name].processes) await world.restart()
      return world
    } catch (error) {
      await world[Symbol.asyncDispose]()
      throw error
    }
  }

  /** What the servers said of a call, and what went wrong with them. */
  linesOf(callId: string): readonly string[] {
    const isOf = (line: string) => line.includes(callId) || /"level":[56]0/.test(line) || !line.startsWith('{')
    return this.#all.flatMap(({ lines }) => lines.filter(isOf))
  }

  /** How often the agent was held in this call, and went on. */
  resumed(callId: string): number {
    return this.#all.reduce((sum, server) => sum + server.resumed(callId), 0)
  }

  /** Starts a process more, behind the others. */
  async restart(): Promise<void> {
    const { models, folder, env } = this.#ground
    const server = await ServerProcess.start(folder, {
      ...{ PORT: '0', HOST: '127.0.0.1', PUBLIC_URL, TWILIO_AUTH_TOKEN: AUTH_TOKEN, DATA_DIR: this.#data },
      ...{ DASHSCOPE_API_KEY: MODEL_KEY, REALTIME_PROVIDERS: 'qwen', REALTIME_URL: models.url, ANALYSIS: 'off' },
      ...models.secondEnv,
      AGENTS_FILE: join(this.#data, 'agents.yaml'),
      ...{ IDLE_PROMPT_S: '0', MAX_CALLS: '200' },
      ...{ CALLER_CALLS_PER_HOUR: '10000', MAX_CALLS_PER_CALLER: '200', LOG_LEVEL: 'debug', MAX_LAG_MS: '5000' },
      ...this.#spec.env,
      ...env,
    })
    this.#servers.push(server)
    this.#all.push(server)
    // The tool's server is connected after the start.
    await nap(500)
    this.#baseline.set(server, await server.holdings())
  }

  async killFirst(): Promise<void> {
    const first = this.#servers.shift()
    await first?.kill()
  }

  async killWorker(): Promise<void> {
    await this.#servers[0]?.killWorker()
  }

  async terminateFirst(): Promise<void> {
    const [first] = this.#servers
    if (first === undefined) return
    const unreadyMs = await first.terminate()
    this.stops.push({ unreadyMs, code: first.ended() })
    void first.ended().then(() => {
      this.#servers = this.#servers.filter((server) => server !== first)
    })
  }

  /** Processes that died are replaced. */
  async mend(): Promise<void> {
    await Promise.all(this.stops.map(({ code }) => code))
    while (this.#servers.length < this.#spec.processes) await this.restart()
  }

  call(options: Omit<SimulatedCallOptions, 'webhookUrl'>): SimulatedCall {
    const call = startSimulatedCall({
      webhookUrl: `${PUBLIC_URL}/twilio/voice`,
      fallbackUrl: `${PUBLIC_URL}/twilio/voice`,
      connectTo: this.#balancer.url,
      authToken: AUTH_TOKEN,
      maxCallMs: 180_000,
      record: false,
      dial: () => ({ status: 'completed', ringMs: 500, talkMs: 1000 }),
      ...options,
    })
    this.#calls.add(call)
    return call
  }

  /** Once all calls are over: what was not let go of. */
  async leaks(): Promise<Leaks> {
    for (const call of this.#calls) await call[Symbol.asyncDispose]()
    const byMs = performance.now() + LET_GO_MS
    for (;;) {
      const leaks = await this.#held()
      if (Object.values(leaks).every((count) => count === 0) || performance.now() > byMs) return leaks
      await nap(200)
    }
  }

  async #held(): Promise<Leaks> {
    let sockets = 0
    let timers = 0
    this.held = this.#balancer.open.map((connection) => `connection to the balancer ${connection}`)
    for (const server of this.#servers.filter(({ alive }) => alive)) {
      const before = this.#baseline.get(server)
      const now = await server.holdings()
      sockets += Math.max(0, this.#ofCalls(now) - (before === undefined ? 0 : this.#ofCalls(before)))
      timers += Math.max(0, now.timers.length - (before?.timers.length ?? 0))
      this.held.push(...now.sockets, ...now.timers)
    }
    return { sockets, timers, sessions: this.#ground.models.open, connections: this.#balancer.open.length }
  }

  /** Those to the tool's server are a pool for all calls, which grows and shrinks by itself. */
  #ofCalls({ sockets }: Holdings): number {
    const tool = `to ${new URL(this.#ground.toolUrl).port},`
    return sockets.filter((socket) => !socket.includes(tool)).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#calls].map((call) => call[Symbol.asyncDispose]()))
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()))
    await this.#balancer[Symbol.asyncDispose]()
    await rm(this.#data, { recursive: true, force: true })
  }
}

/** Each slot's number has an agent with a model of its own, which knows from its instructions whose it is. */
function agentsFile(toolUrl: string): string {
  const numbers = Array.from({ length: SLOTS }, (_, index) => [
    `  "${numberOf(index)}":`,
    `    instructions: You are the agent of slot ${index}.`,
    `    model: ${modelNameOf(index)}`,
  ])
  const servers = `default:\n  mcpServers:\n    - { name: chaos, url: ${JSON.stringify(toolUrl)} }`
  return `${servers}\nnumbers:\n${numbers.flat().join('\n')}\n`
}
