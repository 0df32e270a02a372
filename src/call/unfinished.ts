/** What a session that takes over has to do first. */
export interface Inheritance {
  /** The caller's sound from this place on is given to it. */
  readonly soundFrom?: number
  /** What that is: a turn that goes on, or one that is over and to be answered. */
  readonly turn?: 'open' | 'ended'
  /** It speaks, by these instructions. */
  readonly say?: Prompt
}

/** How a model is asked to speak; without instructions it goes on from what it knows. */
export interface Prompt {
  readonly instructions: string | undefined
}

interface Turn {
  /** Where it begins in the caller's sound. */
  readonly from: number
  itemId: string | undefined
  ended: boolean
  /** Its words are in the transcript. */
  worded: boolean
}

/** What is waited for. */
interface Owed {
  readonly turn: Turn | undefined
  readonly asked: Prompt | undefined
  /** An answer that the loss ended. */
  readonly cutOff: { readonly audible: boolean } | undefined
}

const NOTHING: Owed = { turn: undefined, asked: undefined, cutOff: undefined }

const GO_ON: Prompt = {
  instructions:
    'The connection to you broke off, and this is where the conversation stands. Answer what the caller said last, or go ' +
    'on from where you were interrupted. Do not greet, and do not mention the connection.',
}

/**
 * What a model has been told and has not answered yet: what is lost with its session, and asked of the next one.
 *
 * ```
 *   caller speaks ─▶ open ─▶ ended ──▶ answered: nothing is owed
 *      └─ it was a noise: what it had pushed aside is owed again
 *   prompt, tool answered ─▶ asked ─▶ answer begins ─▶ answered
 * ```
 *
 * | when the session is lost                              | the next one                                   |
 * |-------------------------------------------------------|------------------------------------------------|
 * | the caller is speaking                                | hears the turn from its beginning, and goes on |
 * | it was in the middle of an answer that was heard      | knows how far it came, and is asked to go on   |
 * | a turn is over, not answered, its words are not known | hears it again, and answers                    |
 * | it was asked to speak, and has not begun              | is asked the same                              |
 * | a turn is over, not answered, its words are known     | knows them, and is asked to go on              |
 * | it was in the middle of any other answer              | is asked to go on                              |
 * | nothing of that                                       | waits for the caller                           |
 */
export class Unfinished {
  #owed = NOTHING
  /** What a turn has pushed aside that may turn out to be none. */
  #aside = NOTHING
  /** The answer that is being made. */
  #answer: { hushed: boolean; audible: boolean } | undefined

  /** Where the sound begins that must not be forgotten; `undefined`: none. */
  get from(): number | undefined {
    return this.#owed.turn?.from
  }

  /** How it was asked to speak, and has not yet; `undefined`: it was not, or without instructions. */
  get prompt(): string | undefined {
    const asked = this.#owed.asked ?? this.#aside.asked
    const cutOff = this.#owed.cutOff ?? this.#aside.cutOff
    return (asked ?? (cutOff === undefined ? undefined : GO_ON))?.instructions
  }

  /** @param from where the turn begins in the caller's sound. One that goes on keeps its beginning. */
  callerBegan(from: number, itemId?: string): void {
    const { turn } = this.#owed
    if (turn !== undefined && !turn.ended) {
      turn.itemId ??= itemId
      return
    }
    this.#setAside()
    // What was said before and never answered belongs to it, unless its words are known.
    const begins = turn?.worded === false && this.#answer === undefined ? turn.from : from
    this.#owed = { ...NOTHING, turn: { from: begins, itemId, ended: false, worded: false } }
  }

  callerEnded(): void {
    if (this.#owed.turn !== undefined) this.#owed.turn.ended = true
  }

  /** It was no turn: what was waited for before is waited for again. */
  turnDropped(): void {
    this.#owed = this.#aside
    this.#aside = NOTHING
  }

  /** What the latest turn is called. */
  named(itemId: string): void {
    if (this.#owed.turn !== undefined) this.#owed.turn.itemId ??= itemId
  }

  /** The words of a turn are known. */
  worded(itemId: string): void {
    if (this.#owed.turn?.itemId === itemId) this.#owed.turn.worded = true
  }

  /** The model is asked to speak; what it was asked before and has not begun is asked no more. */
  asked(instructions: string | undefined): void {
    this.#owed = { ...this.#owed, asked: { instructions } }
  }

  began(): void {
    this.#answer = { hushed: false, audible: false }
    this.#owed = { ...NOTHING, turn: this.#owed.turn }
    this.#aside = NOTHING
  }

  /** Something of the answer was heard. */
  sounded(): void {
    if (this.#answer !== undefined) this.#answer.audible = true
  }

  ended(status: string): void {
    const answer = this.#answer
    this.#answer = undefined
    if (status === 'failed' && answer?.hushed !== true) {
      this.#owed = { ...this.#owed, cutOff: { audible: answer?.audible === true } }
    } else if (this.#owed.turn?.ended === true) {
      // Also when it was cancelled: then the caller has spoken since, or wants no answer.
      this.#owed = { ...this.#owed, turn: undefined }
    }
  }

  /** Nobody wants to hear what it was about to say, or says. */
  hushed(): void {
    this.#setAside()
    const { turn } = this.#owed
    const isAnswered = this.#answer !== undefined && turn?.ended === true
    if (this.#answer !== undefined) this.#answer.hushed = true
    this.#owed = { ...NOTHING, turn: isAnswered ? undefined : turn }
  }

  /** The session is lost: what the next one inherits. */
  get inheritance(): Inheritance {
    const { turn, asked, cutOff } = this.#owed
    const answer = this.#answer?.hushed === false ? this.#answer : cutOff
    if (turn?.ended === false) return { soundFrom: turn.from, turn: 'open' }
    if (answer?.audible === true) return { say: GO_ON }
    if (turn?.worded === false) return { soundFrom: turn.from, turn: 'ended' }
    if (asked !== undefined) return { say: asked }
    return turn !== undefined || answer !== undefined ? { say: GO_ON } : {}
  }

  #setAside(): void {
    if (!isNothing(this.#owed)) this.#aside = this.#owed
  }
}

function isNothing({ turn, asked, cutOff }: Owed): boolean {
  return turn === undefined && asked === undefined && cutOff === undefined
}
