import type { Clock } from '../../base/clock.ts'
import type { KeptEvent } from '../../call/archive.ts'
import type { Answers, FromThread, Question, ToThread } from './messages.ts'

const DEADLINE_MS = 1000
/** For what is read of all that is kept, by people who can wait. */
const ARCHIVE_DEADLINE_MS = 10_000
const ofCalls = new Set<Question['type']>(['recall', 'claim', 'forget', 'scrub'])
/** Questions that may wait for their answer; each does for ten seconds at most. */
const MAX_QUESTIONS = 1000

interface Asked {
  readonly question: Question
  readonly untilMs: number
  /** What of the answer has been told so far. */
  parts: KeptEvent[]
  readonly settle: (answer: FromThread) => void
}

/** What the thread was asked and has not answered yet: each gets an answer, or none within its deadline. */
export class Questions {
  readonly #clock: Clock
  readonly #post: (message: ToThread) => void
  readonly #asked = new Map<number, Asked>()
  #count = 0
  #closed = false

  /** @param post gives it to the thread, if there is one. */
  constructor(clock: Clock, post: (message: ToThread) => void) {
    this.#clock = clock
    this.#post = post
  }

  /** @throws Error when there is no answer within a second, or ten for what the archive is asked. */
  ask<T extends Question['type']>(question: Extract<Question, { type: T }>): Promise<Answers[T]> {
    const { promise, resolve, reject } = Promise.withResolvers<Answers[T]>()
    const id = this.#count++
    if (this.#closed) reject(new Error('store: it is closed'))
    else if (this.#asked.size >= MAX_QUESTIONS) reject(new Error('store: too many questions at a time'))
    else {
      const answered = new AbortController()
      const settle = (message: FromThread) => {
        answered.abort()
        if (message.type === 'answered') resolve(message.answer as Answers[T])
        else reject(new Error(`store: ${message.type === 'unanswered' ? message.reason : 'no answer'}`))
      }
      const deadlineMs = ofCalls.has(question.type) ? DEADLINE_MS : ARCHIVE_DEADLINE_MS
      this.#asked.set(id, { question, untilMs: this.#clock.now() + deadlineMs, parts: [], settle })
      const late = () => this.settle({ type: 'unanswered', id, reason: `no answer within ${deadlineMs} ms` })
      this.#clock.after(deadlineMs, late, answered.signal)
      this.#put(id)
    }
    return promise
  }

  /** Takes the thread's answer; one that came too late is nothing. */
  settle(message: Extract<FromThread, { readonly id: number }>): void {
    const asked = this.#asked.get(message.id)
    if (message.type === 'part') {
      asked?.parts.push(...message.events)
      return
    }
    this.#asked.delete(message.id)
    const whole = message.type === 'answered' && asked?.question.type === 'events'
    asked?.settle(whole ? { ...message, answer: asked.parts } : message)
  }

  /** To a new thread, which knows nothing of what the last one was asked. */
  repeat(): void {
    for (const id of this.#asked.keys()) this.#put(id)
  }

  /** Nobody is left to answer. */
  close(): void {
    this.#closed = true
    for (const id of this.#asked.keys()) this.settle({ type: 'unanswered', id, reason: 'it is closed' })
  }

  #put(id: number): void {
    const asked = this.#asked.get(id)
    if (asked === undefined) return
    asked.parts = []
    this.#post({ type: 'ask', id, question: asked.question, deadlineMs: asked.untilMs - this.#clock.now() })
  }
}
