import { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { endThread } from '../base/end-thread.ts'
import type { AnalystTask, FromAnalyst, Judged, Question, ToAnalyst } from './analyst-messages.ts'

const GRACE_MS = 1000

/**
 * Asks the analyst from a thread of its own: a recording of 8 minutes is 10 MB of base64 in JSON, and a process with
 * calls has a tick every 20 ms. What the model answers is read there too. The thread is begun with the first question, and anew when it has died.
 */
export class Analyst implements AsyncDisposable {
  readonly #task: AnalystTask
  readonly #clock: Clock
  readonly #waiting = new Map<number, (answer: Judged) => void>()
  #thread: Worker | undefined
  #asked = 0

  constructor(task: AnalystTask, clock: Clock) {
    this.#task = task
    this.#clock = clock
  }

  /** One attempt; never rejects. */
  ask(question: Question, signal: AbortSignal): Promise<Judged> {
    if (signal.aborted) return Promise.resolve({ ok: false, why: 'aborted' })
    const id = this.#asked++
    this.#thread ??= this.#begin()
    const thread = this.#thread
    const post = (message: ToAnalyst) => thread.postMessage(message)
    return new Promise((resolve) => {
      // Answered at once: a thread that is busy for good must not hold whoever has stopped waiting.
      const stop = () => {
        post({ type: 'abort', id })
        this.#waiting.get(id)?.({ ok: false, why: 'aborted' })
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id)
        signal.removeEventListener('abort', stop)
        resolve(answer)
      })
      post({ type: 'ask', id, question })
    })
  }

  #begin(): Worker {
    const url = new URL('./analyst-worker.ts', import.meta.url)
    // No environment: the package would find settings of its own in it.
    const thread = new Worker(url, { workerData: this.#task, execArgv: [], env: {} })
    thread.unref()
    thread.on('message', ({ id, answer }: FromAnalyst) => this.#waiting.get(id)?.(answer))
    // It ends with `exit` then.
    thread.on('error', () => {})
    thread.on('exit', () => {
      if (this.#thread !== thread) return
      this.#thread = undefined
      for (const answer of [...this.#waiting.values()]) answer({ ok: false, why: 'thread' })
    })
    return thread
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    for (const answer of [...this.#waiting.values()]) answer({ ok: false, why: 'aborted' })
    if (thread !== undefined) await endThread(thread, { type: 'end' } satisfies ToAnalyst, GRACE_MS, this.#clock)
  }
}
