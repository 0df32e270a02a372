import type { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import { endThread } from '../../base/end-thread.ts'
import type { FromThread, ToThread } from './messages.ts'

/** A thread that has not opened the database by then never will [ms]. */
const READY_MS = 10_000
const RESTART_MS = 200
const MAX_RESTART_MS = 5000

export interface ThreadOptions {
  readonly spawn: () => Worker
  /** The setting that says where the database is. */
  readonly setting: string
  readonly clock: Clock
  /** A thread has opened the database: the first one, or the next after a crash, which knows nothing of what was sent. */
  readonly ready: () => void
  readonly heard: (message: FromThread) => void
  readonly crashed: (error: Error) => void
}

/**
 * A thread that is there again whenever it dies.
 *
 * ```
 *   start ─▶ ready ── crash ─▶ 200 ms ─▶ ready            … 5 s between two tries, for as long as it takes
 *        └─ refused: start rejects
 * ```
 */
export class Thread {
  readonly #options: ThreadOptions
  readonly #ended = new AbortController()
  #worker: Worker | undefined
  #ready = false
  #restartMs = RESTART_MS

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  get ready(): boolean {
    return this.#ready
  }

  /** @throws Error when the database cannot be opened. */
  async start(): Promise<void> {
    const failure = await this.#spawn()
    if (failure !== undefined) {
      this.#ended.abort()
      throw failure
    }
  }

  /** To the thread that is there now; `ready` says whether there is one. */
  post(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  /** Asks it to close the database, and ends it when it does not within `graceMs`. */
  async end(graceMs: number): Promise<void> {
    this.#ended.abort()
    const farewell: ToThread = { type: 'end' }
    if (this.#worker !== undefined) await endThread(this.#worker, farewell, graceMs, this.#options.clock)
  }

  /** Resolves when the thread is ready, or with why it is not. */
  #spawn(): Promise<Error | undefined> {
    const { promise, resolve } = Promise.withResolvers<Error | undefined>()
    const { clock, ready, heard, setting } = this.#options
    const worker = this.#options.spawn()
    this.#worker = worker
    const started = new AbortController()
    let cause: Error | undefined
    clock.after(
      READY_MS,
      () => {
        cause = new Error(`${setting}: not opened within ${READY_MS} ms`)
        worker.terminate()
      },
      started.signal,
    )
    worker.on('message', (message: FromThread) => {
      if (message.type === 'refused') cause = new Error(message.reason)
      // Whoever can open the database may still die of what it is to write.
      if (message.type === 'written') this.#restartMs = RESTART_MS
      if (message.type !== 'ready') {
        heard(message)
        return
      }
      started.abort()
      this.#ready = true
      resolve(undefined)
      ready()
    })
    worker.on('error', (error) => {
      cause ??= error instanceof Error ? error : new Error(String(error))
    })
    worker.once('exit', (code) => {
      started.abort()
      const wasReady = this.#ready
      this.#ready = false
      this.#worker = undefined
      const error = cause ?? new Error(`the thread ended with ${code}`)
      resolve(error)
      if (wasReady) this.#restart(error)
    })
    return promise
  }

  #restart(error: Error): void {
    if (this.#ended.signal.aborted) return
    this.#options.crashed(error)
    const afterMs = this.#restartMs
    this.#restartMs = Math.min(2 * afterMs, MAX_RESTART_MS)
    const again = () => this.#spawn().then((failure) => failure !== undefined && this.#restart(failure))
    this.#options.clock.after(afterMs, again, this.#ended.signal)
  }
}
