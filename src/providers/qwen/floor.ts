import type { Clock } from '../../base/clock.ts'
import { Alarm } from './alarm.ts'

/** A `response.create`: `prompt` is asked for by the call, `follow-up` is owed to answered tools or to a manual turn. */
interface Create {
  readonly kind: 'prompt' | 'follow-up'
  readonly instructions?: string
  /** Refused once already: it is not sent a third time. */
  readonly again: boolean
}

/** A create may be dropped without a word; after this long [ms] it counts as dropped. */
const createDeadlineMs = 5000
/** The same for one that is owed, which is then sent once more: somebody waits for an answer. */
const owedDeadlineMs = 3000
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
 *   owed ──────┼── a manual turn is going on, or was not taken yet
 *   (one deep) ├── a response is active                                ──all clear──▶ create ──▶ response.created
 *              └── a create is under way, or was refused a moment ago
 *
 *   speech_stopped ─▶ speech_started ─▶ response.created      the answer to half a sentence: unwanted
 *   speech_started ───────────────────▶ response.created      the model's answer ends the turn, as if it had said so
 * ```
 */
export class Floor {
  readonly #create: (instructions: string | undefined) => void
  readonly #dropped: () => void
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
  /** The caller went on speaking before the answer to what was said had begun. */
  #spokeOn = false
  /** An answer of the model was unwanted for that: if nothing comes of the speech, it is owed again. */
  #cutShort = false
  /** The caller's turn as the call hears it. */
  #turn: 'none' | 'open' | 'ended' = 'none'

  /**
   * @param create sends `response.create` now.
   * @param dropped the model has passed over one that was owed.
   */
  constructor(clock: Clock, create: (instructions: string | undefined) => void, dropped: () => void) {
    this.#create = create
    this.#dropped = dropped
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
    this.#spokeOn = this.#answerDue
    this.#answerDue = false
    this.#answerAlarm.clear()
  }

  speechStopped(): void {
    this.#speaking = false
    this.#spokeOn = false
    this.#awaitAnswer()
  }

  /** The speech gets no answer: it was noise, or the model forgot. */
  noTurn(): void {
    this.#speaking = false
    this.#spokeOn = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    if (this.#cutShort) this.#followUp ??= { kind: 'follow-up', again: false }
    this.#cutShort = false
    this.#next()
  }

  /** A manual turn has begun: nothing may be asked for while it lasts. */
  turnBegins(): void {
    this.#turn = 'open'
  }

  /** It was a noise, or empty. What was owed before it still is. */
  turnDrops(): void {
    this.#turn = 'none'
    this.#next()
  }

  /** It is over and committed; the model has not taken it yet. */
  turnEnds(): void {
    this.#turn = 'ended'
  }

  /** The model has it, so an answer is owed: at once, or after the turn that has begun since. */
  turnTaken(): void {
    this.#followUp = { kind: 'follow-up', again: false }
    this.turnRefused()
  }

  /** The model did not take it: it gets no answer. */
  turnRefused(): void {
    if (this.#turn === 'ended') this.#turn = 'none'
    this.#next()
  }

  /**
   * A response has begun: one that we asked for, or the model's own answer, which ends the caller's turn.
   * @returns `unwanted` when the call has wanted silence since it was asked for, or when the caller speaks on since
   *   what it answers was said: it is to be cancelled at once.
   */
  created(): 'asked' | 'unwanted' | 'own' {
    const spokeOn = this.#spokeOn
    const unwanted = spokeOn || (this.#underWay && this.#unwanted && !this.#answerDue)
    const own = !this.#underWay
    if (own) {
      // The model has heard everything that was owed.
      this.#prompt = undefined
      this.#followUp = undefined
      if (!spokeOn) this.#speaking = false
    }
    // What tools are owed is owed still, when nobody wants to hear it now.
    this.#cutShort = spokeOn || (unwanted && !own && this.#latest?.kind === 'follow-up')
    this.#spokeOn = false
    this.#active = true
    this.#unwanted = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#settleSent()
    this.#unblock()
    if (unwanted) return 'unwanted'
    return own ? 'own' : 'asked'
  }

  /** A response, known or not, is over. */
  done(): void {
    this.#active = false
    this.#unblock()
    // The model, not interrupted, finished before it turns to what was said meanwhile.
    if (this.#answerDue) this.#awaitAnswer()
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
    const heldBack = this.#speaking || this.#answerDue || this.#turn !== 'none'
    if (heldBack || this.#active || this.#underWay || this.#blocked) return
    const next = this.#followUp ?? this.#prompt
    if (next === undefined) return
    if (next === this.#followUp) this.#followUp = undefined
    else this.#prompt = undefined
    this.#latest = next
    this.#underWay = true
    this.#unwanted = false
    const owed = next.kind === 'follow-up'
    this.#sentAlarm.set(owed ? owedDeadlineMs : createDeadlineMs, () => {
      if (owed) this.#dropped()
      if (owed && !this.#unwanted) this.#putBack()
      this.#settleSent()
      this.#next()
    })
    this.#create(next.instructions)
  }

  #awaitAnswer(): void {
    this.#answerDue = true
    this.#answerAlarm.set(answerDeadlineMs, () => {
      // An answer that is still being given comes first: then it is waited for anew.
      if (!this.#active) this.noTurn()
    })
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
