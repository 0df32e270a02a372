import type { Clock } from '../../base/clock.ts'
import { Alarm } from './alarm.ts'
import { type Create, Wishes } from './wishes.ts'

/** Asked for in the place of the model's own answer to the caller. */
const ownAnswer: Create = { kind: 'follow-up', again: true }

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
/** Pause before a failed answer is asked for again [ms]. */
const againMs = 250
/** How long a model that may have passed over a turn is waited for before it is asked to answer it [ms]. */
const passedOverMs = 400

export interface FloorOptions {
  readonly clock: Clock
  /** Sends `response.create` now. */
  readonly create: (instructions: string | undefined) => void
  /** The model has passed over one that was owed. */
  readonly dropped: () => void
  /** The model answers what was said over an answer when that is out; else it may pass over it. */
  readonly keepsTurns: boolean
}

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
  readonly #options: FloorOptions
  readonly #sentAlarm: Alarm
  readonly #answerAlarm: Alarm
  readonly #blockAlarm: Alarm
  readonly #wishes = new Wishes()
  #latest: Create | undefined
  /** What the latest response was asked for by; `undefined`: the model's own. */
  #answered: Create | undefined
  #underWay = false
  #unwanted = false
  #active = false
  #speaking = false
  #answerDue = false
  /** The caller went on speaking before the answer to what was said had begun. */
  #spokeOn = false
  /** An answer of the model was unwanted for that: if nothing comes of the speech, it is owed again. */
  #cutShort = false
  /** The caller's turn as the call hears it. */
  #turn: 'none' | 'open' | 'ended' = 'none'

  constructor(options: FloorOptions) {
    this.#options = options
    this.#sentAlarm = new Alarm(options.clock)
    this.#answerAlarm = new Alarm(options.clock)
    this.#blockAlarm = new Alarm(options.clock)
  }

  get callerSpeaks(): boolean {
    return this.#speaking
  }

  /** The call wants the agent to speak; a newer wish takes the place of one that still waits. */
  prompt(instructions: string | undefined): void {
    this.#ask('prompt', instructions)
  }

  /** The same, unless an answer is being given, or begins before it can be asked for. */
  remind(instructions: string | undefined): void {
    if (!this.#active) this.#ask('reminder', instructions)
  }

  /** All tools of a response are answered. */
  followUp(): void {
    this.#ask('follow-up')
  }

  /** The call wants silence: a waiting prompt is dropped. What is owed to tools stays. */
  hush(): void {
    this.#wishes.forgetWished()
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

  /** The speech gets no answer: it was noise, or the model forgot. @returns whether no other answer is due. */
  noTurn(): boolean {
    this.#speaking = false
    this.#spokeOn = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    if (this.#cutShort) this.#wishes.keep({ kind: 'follow-up', again: false })
    this.#cutShort = false
    this.#next()
    return this.#nothingDue()
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
    this.#wishes.put({ kind: 'follow-up', again: false })
    this.turnRefused()
  }

  /** The model did not take it: it gets no answer. @returns whether it was waited for, and no other answer is due. */
  turnRefused(): boolean {
    const awaited = this.#turn === 'ended'
    if (awaited) this.#turn = 'none'
    this.#next()
    return awaited && this.#nothingDue()
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
      this.#wishes.clear()
      if (!spokeOn) this.#speaking = false
    }
    this.#wishes.forgetReminder()
    // What tools are owed is owed still, when nobody wants to hear it now.
    this.#answered = own ? undefined : this.#latest
    this.#cutShort = spokeOn || (unwanted && !own && this.#latest?.kind === 'follow-up')
    this.#spokeOn = false
    this.#active = true
    this.#unwanted = false
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#settleSent()
    this.#blockAlarm.clear()
    if (unwanted) return 'unwanted'
    return own ? 'own' : 'asked'
  }

  /** A response, known or not, is over. */
  done(): void {
    this.#active = false
    this.#blockAlarm.clear()
    // The model, not interrupted, finished before it turns to what was said meanwhile.
    if (this.#answerDue && this.#options.keepsTurns) this.#awaitAnswer()
    else if (this.#answerDue) this.#owe(ownAnswer, passedOverMs)
    this.#next()
  }

  /**
   * Our create came while a response was active: once more after its end, but for a reminder, which has what it wants.
   * Or the model's own did, for a turn.
   */
  collided(): void {
    if (this.#answerDue && !this.#underWay) {
      this.#owe(ownAnswer, againMs)
      return
    }
    // What is active was not begun for it.
    if (this.#answered === this.#latest) this.#answered = undefined
    if (this.#latest?.kind === 'reminder') this.#latest = undefined
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
    else if (this.#answerDue) this.#wishes.put(ownAnswer)
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#block(backOffMs)
  }

  /** The latest answer failed: it is asked for once more, a little later. */
  askAgain(limited: boolean): void {
    this.#owe({ kind: 'follow-up', ...this.#answered, again: true }, limited ? backOffMs : againMs)
  }

  close(): void {
    this.#wishes.clear()
    for (const alarm of [this.#sentAlarm, this.#answerAlarm, this.#blockAlarm]) alarm.clear()
  }

  #ask(kind: Create['kind'], instructions?: string): void {
    this.#wishes.put({ kind, again: false, ...(instructions === undefined ? {} : { instructions }) })
    this.#next()
  }

  #nothingDue(): boolean {
    return !this.#underWay && !this.#wishes.any
  }

  #next(): void {
    const heldBack = this.#speaking || this.#answerDue || this.#turn !== 'none' || this.#blockAlarm.waits
    if (heldBack || this.#active || this.#underWay) return
    const next = this.#wishes.take()
    if (next === undefined) return
    this.#latest = next
    this.#underWay = true
    this.#unwanted = false
    const owed = next.kind === 'follow-up'
    this.#sentAlarm.set(owed ? owedDeadlineMs : createDeadlineMs, () => {
      if (owed) this.#options.dropped()
      if (owed && !this.#unwanted) this.#putBack()
      this.#settleSent()
      this.#next()
    })
    this.#options.create(next.instructions)
  }

  #awaitAnswer(): void {
    this.#answerDue = true
    this.#answerAlarm.set(answerDeadlineMs, () => {
      // An answer that is still being given comes first: then it is waited for anew.
      if (!this.#active) this.noTurn()
    })
  }

  /** The model's own answer to the caller does not come, or may not: this one is asked for, unless it begins meanwhile. */
  #owe(create: Create, afterMs: number): void {
    this.#answerDue = false
    this.#answerAlarm.clear()
    this.#wishes.keep(create)
    this.#block(afterMs)
  }

  #putBack(): void {
    const refused = this.#latest
    this.#latest = undefined
    this.#settleSent()
    if (refused?.again === false) this.#wishes.keep({ ...refused, again: true })
  }

  #settleSent(): void {
    this.#underWay = false
    this.#sentAlarm.clear()
  }

  #block(ms: number): void {
    this.#blockAlarm.set(ms, () => this.#next())
  }
}
