import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AgentPlans } from '../agents/plan.ts'
import type { Clock } from '../base/clock.ts'
import { refuseUpgrade } from '../base/http.ts'
import type { Logger } from '../base/log.ts'
import type { CallInfo } from '../call/info.ts'
import type { LineSound, Supervision } from '../call/supervision.ts'
import type { MediaSockets } from '../carriers/twilio/register.ts'
import type { Vitals } from '../operator/vitals.ts'
import type { CallRoom, CallRoomOptions, Load } from './call-room.ts'
import { WorkerLink } from './link.ts'

export interface PoolOptions extends CallRoomOptions {
  /** How many processes. */
  readonly workers: number
  readonly logLevel: string
  /** What they inherit. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** One worker after another, under the same name. */
interface Slot {
  readonly worker: string
  link: WorkerLink
  ready: boolean
  /** Until when each call that was announced to it may still come [ms], in that order. */
  expected: number[]
  /** Calls and sockets given to it since the start. */
  given: number
  deaths: number
  /** Deaths in a row, each within a minute of its start. */
  streak: number
}

/** From a call's announcement to its stream [ms]; a worker does not keep its model open for longer either. */
const EXPECTED_MS = 20_000
/** A worker that lived so long did not die of its start [ms]. */
const STEADY_MS = 60_000
/** How often a worker is asked whether it is there, and how late it is [ms]. */
const CHECK_MS = 1000
/** From the first death to the next start, twice as long each time, up to the longest [ms]. */
const RESTART_MS = 200
const LONGEST_RESTART_MS = 30_000
/** So many deaths in a row are no accident. */
const TOO_MANY = 5

/**
 * Spreads calls over processes of their own: each goes to the one with the fewest, and is announced there, so that its
 * model is open when its stream comes.
 *
 * ```
 *   webhook ─▶ the least busy is told to expect it ─▶ /2 in the stream's path ─▶ worker 2, or the least busy if that died
 *
 *   starting ─▶ ready ── dies ─▶ its callers come to another one ── 0.2, 0.4 … 30 s ─▶ starting
 *                 └─ drain, dispose: ended, not started again
 * ```
 * New calls are welcome while one worker is ready.
 * @throws when a worker does not start; none is left then.
 */
export async function startWorkers(options: PoolOptions): Promise<CallRoom> {
  const pool = new Pool(options)
  try {
    await pool.started()
  } catch (error) {
    await pool[Symbol.asyncDispose]()
    throw error
  }
  return pool
}

class Pool implements CallRoom {
  readonly media: MediaSockets
  readonly supervision: Supervision
  readonly #options: PoolOptions
  readonly #clock: Clock
  readonly #log: Logger
  readonly #slots: readonly Slot[]
  readonly #end = new AbortController()
  /** Who waits until no socket is open, and none is to come. */
  readonly #waiting = new Set<() => void>()
  #draining = false
  #plans: AgentPlans

  constructor(options: PoolOptions) {
    this.#options = options
    this.#plans = options.settings.plans
    this.#clock = options.clock
    this.#log = options.log
    this.media = {
      expect: (info) => this.#expect(info),
      open: (request, socket, head) => this.#give(request, socket, head),
      [Symbol.asyncDispose]: () => this[Symbol.asyncDispose](),
    }
    this.supervision = {
      command: async (callId, command) => (await this.#carrier(callId)?.command(callId, command)) ?? 'no-call',
      speak: (callId, audio) => this.#carrier(callId)?.speak(callId, audio),
      listen: (callId, onSound, ended) => this.#listen(callId, onSound, ended),
    }
    this.#slots = Array.from({ length: options.workers }, (_, i) => {
      const worker = `${i + 1}`
      return { worker, link: this.#spawn(worker), ready: false, expected: [], given: 0, deaths: 0, streak: 0 }
    })
    for (const slot of this.#slots) this.#watch(slot)
  }

  async started(): Promise<void> {
    await Promise.all(this.#slots.map(({ link }) => link.ready))
  }

  get open(): boolean {
    return !this.#draining && this.#slots.some(({ ready }) => ready)
  }

  get load(): readonly Load[] {
    return this.#slots.map(({ worker, link, ready, deaths }) => ({
      worker,
      ready: ready && !this.#draining,
      liveCalls: link.liveCalls,
      mediaSockets: link.sockets,
      deaths,
    }))
  }

  get lagMs(): number {
    return Math.max(0, ...this.#slots.filter(({ ready }) => ready).map(({ link }) => link.lagMs))
  }

  employ(plans: AgentPlans): void {
    this.#plans = plans
    for (const { link } of this.#slots) link.employ(plans)
  }

  async drain(ms: number): Promise<void> {
    this.#draining = true
    await this.#quiet(ms)
    await Promise.all(this.#slots.map(({ link }) => link.stop()))
  }

  async vitals(): Promise<ReadonlyMap<string, Vitals>> {
    const ready = this.#slots.filter((slot) => slot.ready)
    const answers = await Promise.all(ready.map(async ({ worker, link }) => ({ worker, vitals: await link.vitals() })))
    return new Map(answers.flatMap(({ worker, vitals }) => (vitals === undefined ? [] : [[worker, vitals]])))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining = true
    this.#end.abort()
    await Promise.all(this.#slots.map(({ link }) => link.end()))
  }

  #carrier(callId: string): Supervision | undefined {
    const since = ({ link }: Slot) => link.carriesSince(callId) ?? Number.NEGATIVE_INFINITY
    const newest = this.#slots.reduce((best, slot) => (since(slot) > since(best) ? slot : best))
    return newest.link.carriesSince(callId) === undefined ? undefined : newest.link.supervision
  }

  #listen(callId: string, ...listener: [(sound: LineSound) => void, () => void]): Disposable {
    const carrier = this.#carrier(callId)
    if (carrier !== undefined) return carrier.listen(callId, ...listener)
    queueMicrotask(listener[1])
    return { [Symbol.dispose]() {} }
  }

  #expect(info: CallInfo): string {
    const slot = this.#leastBusy()
    if (slot === undefined) return ''
    slot.given++
    slot.expected.push(this.#clock.now() + EXPECTED_MS)
    slot.link.expect(info)
    return `/${slot.worker}`
  }

  #give(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = request.url?.replace(/\/+$/, '')
    const announced = this.#slots.find(({ worker, ready }) => ready && path?.endsWith(`/${worker}`))
    const slot = announced ?? this.#leastBusy()
    if (slot === undefined || this.#end.signal.aborted) {
      refuseUpgrade(socket, 503)
      return
    }
    // Whose socket it is shows later. As many come as were announced, and none is counted twice.
    if (announced === undefined || announced.expected.shift() === undefined) slot.given++
    slot.link.take(request, socket, head)
  }

  #leastBusy(): Slot | undefined {
    const nowMs = this.#clock.now()
    for (const slot of this.#slots) while ((slot.expected[0] ?? nowMs) < nowMs) slot.expected.shift()
    const ready = this.#slots.filter((slot) => slot.ready)
    return ready.reduce<Slot | undefined>((best, slot) => (best && !isLess(slot, best) ? best : slot), undefined)
  }

  #spawn(worker: string): WorkerLink {
    const { settings, logLevel, env, register, onCallEvent } = this.#options
    return new WorkerLink({
      setup: { worker, settings: { ...settings, plans: this.#plans }, logLevel },
      ...{ env, register, onCallEvent, clock: this.#clock },
      onSocketClosed: () => this.#wake(),
    })
  }

  #watch(slot: Slot): void {
    const { link } = slot
    const startedMs = this.#clock.now()
    link.ready.then(
      () => {
        slot.ready = true
        this.#check(slot.worker, link)
        this.#log.info({ worker: slot.worker, pid: link.pid }, 'worker ready')
      },
      () => {},
    )
    link.gone.then((why) => {
      slot.ready = false
      slot.expected = []
      if (!this.#end.signal.aborted) this.#onDeath(slot, why, this.#clock.now() - startedMs)
    })
  }

  /** A worker that hangs would keep its callers in silence, and be given more of them. */
  #check(worker: string, link: WorkerLink): void {
    const check = async () => {
      if (await link.answers()) {
        this.#check(worker, link)
        return
      }
      this.#log.error({ worker, pid: link.pid }, 'worker does not answer; it is killed')
      link.kill()
    }
    const over = AbortSignal.any([this.#end.signal, link.over])
    this.#clock.after(CHECK_MS, () => void check(), over)
  }

  #onDeath(slot: Slot, why: string, livedMs: number): void {
    slot.deaths++
    slot.streak = livedMs < STEADY_MS ? slot.streak + 1 : 1
    const restartMs = Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** (slot.streak - 1))
    const { worker, streak } = slot
    this.#log.error({ worker, why, streak, restartMs }, 'worker died; its calls go on in another one')
    if (streak === TOO_MANY) this.#log.fatal({ worker, why, streak }, 'a worker dies again and again')
    if (this.#draining) return
    const restart = () => {
      slot.link = this.#spawn(worker)
      this.#watch(slot)
    }
    this.#clock.after(restartMs, restart, this.#end.signal)
  }

  async #quiet(ms: number): Promise<void> {
    const done = new AbortController()
    await new Promise<void>((resolve) => {
      this.#waiting.add(resolve)
      this.#clock.after(ms, resolve, done.signal)
      // Nobody is announced any more: by then whoever was is here, or never comes.
      this.#clock.after(EXPECTED_MS, () => this.#wake(), done.signal)
      if (ms <= 0) resolve()
      this.#wake()
      done.signal.addEventListener('abort', () => this.#waiting.delete(resolve), { once: true })
    })
    done.abort()
  }

  #wake(): void {
    if (this.#waiting.size === 0) return
    const nowMs = this.#clock.now()
    const isBusy = ({ link, expected }: Slot) => link.sockets > 0 || expected.some((untilMs) => untilMs > nowMs)
    if (!this.#slots.some(isBusy)) for (const resolve of this.#waiting) resolve()
  }
}

/** Fewer calls; as many, and fewer given so far. A call counts from its announcement, a socket from when it is given. */
function isLess(a: Slot, b: Slot): boolean {
  const difference = callsOf(a) - callsOf(b)
  return difference === 0 ? a.given < b.given : difference < 0
}

function callsOf({ link, expected }: Slot): number {
  return link.sockets + expected.length
}
