import type { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { endThread } from '../../base/end-thread.ts'

/** What became of a supervised thread. */
export type SupervisorEvent =
  | {
      readonly type: 'crashed'
      readonly error: Error /** False: it crashed too often, and stays down. */
      readonly restarts: boolean
    }
  | { readonly type: 'restarted' }

export interface SupervisorOptions {
  readonly spawn: () => Worker
  /** Takes what a thread says; true: it is ready. */
  readonly heard: (message: unknown) => boolean
  readonly readyMs: number
  readonly clock: Clock
  readonly onEvent: (event: SupervisorEvent) => void
}

/** Three crashes within a minute are no accident. */
const MAX_CRASHES = 3
const CRASH_WINDOW_MS = 60_000
const RESTART_AFTER_MS = 200
/** For a thread that is asked to end to close its sockets [ms]. */
const GRACE_MS = 2000

/**
 * Keeps a thread alive.
 *
 * ```
 *   spawn ─▶ ready ──── crash ─▶ 200 ms ─▶ spawn ─▶ ready ──── third crash in a minute: down for good
 * ```
 * Dispose asks it to end by the message 'end', and terminates it when it does not.
 * @throws what the thread ended with before it was ready the first time.
 */
export async function supervise(options: SupervisorOptions): Promise<AsyncDisposable> {
  const supervisor = new Supervisor(options)
  await supervisor.start()
  return supervisor
}

class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions
  readonly #ended = new AbortController()
  readonly #crashes: number[] = []
  #worker: Worker | undefined

  constructor(options: SupervisorOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { worker, ready, exited } = this.#spawn()
    const error = await Promise.race([ready, exited])
    if (error instanceof Error) throw error
    this.#watch(worker, exited)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended.signal.aborted) return
    this.#ended.abort()
    if (this.#worker !== undefined) await endThread(this.#worker, 'end', GRACE_MS, this.#options.clock)
  }

  /** `exited` never rejects: it tells why the thread ended. */
  #spawn(): { worker: Worker; ready: Promise<void>; exited: Promise<Error> } {
    const worker = this.#options.spawn()
    this.#worker = worker
    const ready = Promise.withResolvers<void>()
    const exited = Promise.withResolvers<Error>()
    const started = new AbortController()
    let cause: Error | undefined
    this.#options.clock.after(
      this.#options.readyMs,
      () => {
        cause = new Error(`not ready in ${this.#options.readyMs} ms`)
        worker.terminate()
      },
      started.signal,
    )
    worker.on('message', (message) => {
      if (!this.#options.heard(message)) return
      started.abort()
      ready.resolve()
    })
    worker.on('error', (error) => {
      cause = error instanceof Error ? error : new Error(String(error))
    })
    worker.once('exit', (code) => {
      started.abort()
      exited.resolve(cause ?? new Error(`the thread ended with ${code}`))
    })
    return { worker, ready: ready.promise, exited: exited.promise }
  }

  #watch(worker: Worker, exited: Promise<Error>): void {
    exited.then((error) => {
      if (this.#worker === worker) this.#worker = undefined
      if (!this.#ended.signal.aborted) this.#crashed(error)
    })
  }

  #crashed(error: Error): void {
    const { clock, onEvent } = this.#options
    const now = clock.now()
    this.#crashes.push(now)
    const restarts = this.#crashes.filter((at) => at > now - CRASH_WINDOW_MS).length < MAX_CRASHES
    onEvent({ type: 'crashed', error, restarts })
    if (restarts) clock.after(RESTART_AFTER_MS, () => this.#restart(), this.#ended.signal)
  }

  #restart(): void {
    const { worker, ready, exited } = this.#spawn()
    this.#watch(worker, exited)
    ready.then(() => this.#options.onEvent({ type: 'restarted' }))
  }
}
