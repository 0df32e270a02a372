import type { Clock } from '../../base/clock.ts'
import { Alarm } from './alarm.ts'

/** A `response.create`: `prompt` is asked for by the call, `follow-up` is owed to answered tools. */
interface Create {
  readonly kind: 'prompt' | 'follow-up'
  readonly instructions?: string
  /** Refused once already: it is not sent a third time. */
  readonly again: boolean
}

/** A create may be dropped without a word; after this long [ms] it counts as dropped. */
const createDeadlineMs = 5000
/** How long after the end of the caller's speech the model's own answer is waited for [ms]. */
const answerDeadlineMs = 3000
/** How long a response that we do not see may block ours [ms]. */
const collisionDeadlineMs = 2000
/** Pause after a rate limit [ms]. */
const backOffMs = 1000

/**
 * Who has the floor, and so when a `response.create` may go out: a second one while a response is active, or one while
 * the caller speaks, is an error; one that crosses the model's own answer makes it speak twice.
 *
 * ```
 *              ┌── caller speaks, or has just spoken (the model answers by itself: what was owed is dropped)
 *   owed ──────┼── a response is active                                ──all clear──▶ create ──▶ response.created
 *   (one deep) └── a create is under way, or was refused a moment ago
 * ```
 */
export class Floor {
  readonly #create: (instructions: string | undefined) => void
  readonly #sentAlarm: Alarm
  readonly #answerAlarm: Alarm
  readonly #blockAlarm: Alarm
  #prompt: Create | undefined
  #followUp: Create | undefined
  #latest: Create | undefined
  #underWay = false
  #unwanted = false
  #active = false
  #speaking = false
  #answerDue = false
  #blocked = false

  /** @param create sends `response.create` now. */
  constructor(clock: Clock, create: (instructions: string | undefined) => void) {
    this.#create = create
    this.#sentAlarm = new Alarm(clock)
    this.#answerAlarm = new Alarm(clock)
    this.#blockAlarm = new Alarm(clock)
  }

  get callerSpeaks(): boolean {
    return this.#speaking
  }

  /** The call wants the agent to speak; a newer wish takes the place of one that still waits. */
  prompt(instructions: string | undefined): void {
    this.#prompt = { kind: 'prompt', again: false, ...(instructions === undefined ? {} : { instructions }) }
    this.#next()
  }

  /** All tools of a response are answered. */
  followUp(): void {
    this.#followUp = { kind: 'follow-up', again: false }
    this.#next()
  }

  /** The call wants silence: a waiting prompt is dropped. What is owed to tools stays. */
  hush(): void {
    this.#prompt = undefined
    this.#unwanted = this.#underWay
  }

  speechStarted(): void {
    this.#speaking = true
    this.#answerDue = false
    this.#answerAlarm.clear()
  }

  speechStopped(): void {
    this.#speaking = false
    this.#answerDue = true
    this.#answerAlarm.set(answerDeadlineMs, () => this.noTurn())
  }

  /** The speech gets no answer: it was noise, or the model forgot. */
  noTurn(): void {
    this.#speaking = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#next()
  }

  /**
   * A response has begun: one that we asked for, or the model's own answer, which ends the caller's turn.
   * @returns `unwanted` when we asked for it and the call has wanted silence since: it is to be cancelled at once.
   */
  created(): 'asked' | 'unwanted' | 'own' {
    const asked = this.#unwanted && !this.#answerDue ? 'unwanted' : 'asked'
    const kind = this.#underWay ? asked : 'own'
    if (kind === 'own') {
      // The model has heard everything that was owed.
      this.#prompt = undefined
      this.#followUp = undefined
      this.#speaking = false
    }
    this.#active = true
    this.#unwanted = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#settleSent()
    this.#unblock()
    return kind
  }

  /** A response, known or not, is over. */
  done(): void {
    this.#active = false
    this.#unblock()
    this.#next()
  }

  /** Our create came while a response was active: once more after its end. */
  collided(): void {
    this.#putBack()
    // What is active may be something we were never told of; then its end is not told either.
    if (!this.#active) this.#block(collisionDeadlineMs)
  }

  /** Our create came while the caller was speaking: once more after that, unless the model answers. */
  tooEarly(): void {
    this.#putBack()
    if (!this.#speaking && !this.#answerDue) this.#block(collisionDeadlineMs)
  }

  /** A rate limit refused the answer, ours or the model's own: once more after a pause. */
  backOff(): void {
    if (this.#active) return
    if (this.#underWay) this.#putBack()
    else if (this.#answerDue) this.#followUp = { kind: 'follow-up', again: true }
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#block(backOffMs)
  }

  close(): void {
    this.#prompt = undefined
    this.#followUp = undefined
    this.#sentAlarm.clear()
    this.#answerAlarm.clear()
    this.#blockAlarm.clear()
  }

  #next(): void {
    if (this.#speaking || this.#answerDue || this.#active || this.#underWay || this.#blocked) return
    const next = this.#followUp ?? this.#prompt
    if (next === undefined) return
    if (next === this.#followUp) this.#followUp = undefined
    else this.#prompt = undefined
    this.#latest = next
    this.#underWay = true
    this.#sentAlarm.set(createDeadlineMs, () => {
      this.#settleSent()
      this.#next()
    })
    this.#create(next.instructions)
  }

  #putBack(): void {
    const refused = this.#latest
    this.#latest = undefined
    this.#settleSent()
    if (refused === undefined || refused.again) return
    if (refused.kind === 'follow-up') this.#followUp ??= { ...refused, again: true }
    else this.#prompt ??= { ...refused, again: true }
  }

  #settleSent(): void {
    this.#underWay = false
    this.#sentAlarm.clear()
  }

  #block(ms: number): void {
    this.#blocked = true
    this.#blockAlarm.set(ms, () => {
      this.#blocked = false
      this.#next()
    })
  }

  #unblock(): void {
    this.#blocked = false
    this.#blockAlarm.clear()
  }
}
