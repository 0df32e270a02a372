import { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.ts'
import type { Heard } from './recogniser/recogniser.ts'
import type { FromSpeech, SpeechWorkerData, ToSpeech } from './speech-messages.ts'
import type { VoiceName } from './voice.ts'

/** One call's share of a speech thread: its recogniser, and the thread's voice. */
export interface SpeechLine extends Disposable {
  /** Begins an utterance; one in progress is dropped. */
  start(): void
  /** 16 kHz mono, of the utterance. */
  push(samples: Int16Array): void
  /** Ends the utterance and tells what it was. */
  finish(): Promise<Heard>
  abort(): void
  /**
   * @returns PCM16 little-endian mono at `sampleRate`.
   * @throws Error when the voice cannot say it.
   */
  say(sentence: string, voice: VoiceName, sampleRate: number): Promise<Uint8Array>
}

/** Speech threads. A call stays on the one it was given, the least busy at that time. */
export interface SpeechPool extends AsyncDisposable {
  open(): SpeechLine
}

export interface SpeechPoolOptions {
  readonly threads: number
  readonly grammar: string
  readonly voice: WebAssembly.Module
  readonly clock: Clock
  /** A thread ended or does not answer: the pool is of no more use. */
  readonly crashed: (error: Error) => void
}

/** A sentence takes 0.15 s; a thread that takes this long hangs [ms]. */
const ANSWER_MS = 10_000
/** Loading a model on a busy machine [ms]. */
const READY_MS = 20_000

/**
 * Starts the threads, each with one recogniser loaded: 0.5 s.
 * @throws Error when one does not start.
 */
export async function startSpeechPool(options: SpeechPoolOptions): Promise<SpeechPool> {
  await using starting = new AsyncDisposableStack()
  const threads = Array.from({ length: options.threads }, () => starting.use(new SpeechThread(options)))
  await Promise.all(threads.map((thread) => thread.ready))
  const running = starting.move()
  let lines = 0
  return {
    open() {
      const thread = threads.reduce((best, each) => (each.lines < best.lines ? each : best))
      return thread.open(lines++)
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

interface Job {
  readonly settle: (answer: FromSpeech) => void
  readonly answered: AbortController
}

class SpeechThread implements AsyncDisposable {
  readonly ready: Promise<void>
  lines = 0
  readonly #worker: Worker
  readonly #options: SpeechPoolOptions
  readonly #jobs = new Map<number, Job>()
  readonly #ended = new AbortController()
  #nextJob = 0

  constructor(options: SpeechPoolOptions) {
    this.#options = options
    const workerData: SpeechWorkerData = { voice: options.voice, grammar: options.grammar }
    this.#worker = new Worker(new URL('./speech-worker.ts', import.meta.url), { workerData, execArgv: [], env: {} })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.ready = promise
    const crash = (error: Error) => {
      if (this.#ended.signal.aborted) return
      this.#ended.abort()
      reject(error)
      options.crashed(error)
    }
    const started = new AbortController()
    options.clock.after(READY_MS, () => crash(new Error(`speech thread: not ready in ${READY_MS} ms`)), started.signal)
    this.#worker.on('message', (message: FromSpeech) => {
      if (message.type === 'ready') {
        started.abort()
        resolve()
      } else this.#jobs.get(message.job)?.settle(message)
    })
    this.#worker.on('error', (error) => crash(error instanceof Error ? error : new Error(String(error))))
    this.#worker.on('exit', (code) => {
      started.abort()
      crash(new Error(`speech thread: ended with ${code}`))
    })
    this.#crash = crash
  }

  readonly #crash: (error: Error) => void

  open(line: number): SpeechLine {
    this.lines++
    this.#send({ type: 'open', line })
    let open = true
    return {
      start: () => this.#send({ type: 'start', line }),
      push: (samples) => this.#send({ type: 'sound', line, samples }),
      finish: async () => {
        const answer = await this.#ask((job) => ({ type: 'finish', line, job }))
        if (answer.type !== 'heard') throw new Error('speech thread: expected what was heard')
        return answer.heard
      },
      abort: () => this.#send({ type: 'abort', line }),
      say: async (sentence, voice, sampleRate) => {
        const answer = await this.#ask((job) => ({ type: 'say', job, sentence, voice, sampleRate }))
        if (answer.type !== 'said') throw new Error(answer.type === 'failed' ? answer.reason : 'expected audio')
        return answer.audio
      },
      [Symbol.dispose]: () => {
        if (!open) return
        open = false
        this.lines--
        this.#send({ type: 'close', line })
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    for (const { answered } of this.#jobs.values()) answered.abort()
    this.#jobs.clear()
    await this.#worker.terminate()
  }

  #send(message: ToSpeech): void {
    this.#worker.postMessage(message)
  }

  #ask(message: (job: number) => ToSpeech): Promise<FromSpeech> {
    const job = this.#nextJob++
    const { promise, resolve } = Promise.withResolvers<FromSpeech>()
    const answered = new AbortController()
    const late = () => this.#crash(new Error(`speech thread: no answer in ${ANSWER_MS} ms`))
    this.#options.clock.after(ANSWER_MS, late, answered.signal)
    this.#jobs.set(job, {
      answered,
      settle: (answer) => {
        answered.abort()
        this.#jobs.delete(job)
        resolve(answer)
      },
    })
    this.#send(message(job))
    return promise
  }
}
