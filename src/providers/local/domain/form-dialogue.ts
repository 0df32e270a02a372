import type { Heard } from '../recogniser/recogniser.ts'
import type { Dialogue, Reply, ToolCall } from './domain.ts'

/**
 * A domain for `formDialogue`: questions that are answered at once, and one form whose slots are asked for one by one.
 * `Form` is what a filled form holds.
 */
export interface FormScript<Form extends object> {
  /** Tried in order on what was heard; the first whose pattern matches is taken. */
  readonly topics: readonly Topic[]
  /** Asked in this order while they are missing. */
  readonly slots: readonly Slot<Form>[]
  /** What opens the form though it names no slot: "a table please". */
  readonly opens: RegExp
  readonly cancels: RegExp
  readonly repeats: RegExp
  readonly agrees: RegExp
  readonly refuses: RegExp
  /** Slots that are named in a sentence; `asked` is the slot of the last question. */
  read(text: string, asked: keyof Form | undefined): Partial<Form>
  /** Why a form cannot be accepted, and the slot that has to be asked again. */
  objection(form: Partial<Form>): { readonly slot: keyof Form; readonly sentences: string[] } | undefined
  /** "So, a table for four. Is that right?" */
  confirm(form: Form): string[]
  /** What is done with a confirmed form, and said where no tool does it. */
  accept(form: Form): { readonly sentences: string[]; readonly toolCall: ToolCall }
  /** What is said after a tool's answer. */
  toolResult(name: string, output: string): string[]
  readonly phrases: Phrases
}

interface Topic {
  readonly pattern: RegExp
  readonly reply: (text: string) => Reply
}

interface Slot<Form extends object> {
  readonly name: keyof Form
  readonly question: string[]
}

interface Phrases {
  /** Said at the first miss, and at the second in a row. */
  readonly notUnderstood: readonly [string[], string[]]
  /** The third miss in a row: offers a person; "yes" asks for `person`. */
  readonly offerPerson: string[]
  readonly person: Reply
  readonly anythingElse: string[]
  readonly goodbye: string[]
  readonly cancelled: string[]
  readonly nothingToCancel: string[]
  readonly whatToChange: string[]
  readonly goOn: string[]
}

/** What the last reply asked. */
type Asked<Form> =
  | { readonly type: 'slot'; readonly slot: keyof Form }
  | { readonly type: 'confirm' }
  | { readonly type: 'change' }
  | { readonly type: 'anything-else' }
  | { readonly type: 'person' }
  | { readonly type: 'nothing' }

/**
 * Fills a form by talking.
 *
 * ```
 *   nothing ─▶ slot ─▶ slot ─▶ confirm ─yes─▶ accepted ─▶ anything else? ─no─▶ goodbye
 *                ▲               │ no, make it five
 *                └── change ◀────┘
 * ```
 */
export function formDialogue<Form extends object>(script: FormScript<Form>): Dialogue {
  return new FormDialogue(script)
}

class FormDialogue<Form extends object> implements Dialogue {
  readonly #script: FormScript<Form>
  #form: Partial<Form> | undefined
  #asked: Asked<Form> = { type: 'nothing' }
  #misses = 0
  #last: Reply
  #cut = false

  constructor(script: FormScript<Form>) {
    this.#script = script
    this.#last = { sentences: script.phrases.notUnderstood[0] }
  }

  hear(heard: Heard): Reply {
    const reply = (heard.rejected ? undefined : this.#answer(heard.text)) ?? this.#miss()
    this.#cut = false
    this.#last = reply
    return reply
  }

  toolResult(name: string, output: string): Reply {
    this.#last = { sentences: this.#script.toolResult(name, output) }
    return this.#last
  }

  interrupted(): void {
    this.#cut = true
  }

  /** Undefined: it makes no sense at this point. */
  #answer(text: string): Reply | undefined {
    const { topics, repeats, cancels, phrases } = this.#script
    if (repeats.test(text)) return { sentences: this.#last.sentences }
    const topic = topics.find(({ pattern }) => pattern.test(text))
    if (topic !== undefined) return this.#understood(this.#returnToForm(topic.reply(text)))
    if (cancels.test(text)) {
      const sentences = this.#form === undefined ? phrases.nothingToCancel : phrases.cancelled
      this.#form = undefined
      return this.#understood(this.#ask({ type: 'anything-else' }, sentences))
    }
    return this.#fill(text) ?? this.#yesOrNo(text)
  }

  #fill(text: string): Reply | undefined {
    const { read, opens } = this.#script
    const slots = read(text, this.#asked.type === 'slot' ? this.#asked.slot : undefined)
    const named = Object.keys(slots).length > 0
    if (!named && !opens.test(text)) return undefined
    this.#form = { ...this.#form, ...slots }
    return this.#understood(this.#nextQuestion(this.#form))
  }

  #yesOrNo(text: string): Reply | undefined {
    const { agrees, refuses, accept, phrases } = this.#script
    const asked = this.#asked.type
    if (agrees.test(text)) {
      if (asked === 'confirm') {
        const { sentences, toolCall } = accept(this.#form as Form)
        this.#form = undefined
        return { ...this.#understood(this.#ask({ type: 'anything-else' }, sentences)), toolCall }
      }
      if (asked === 'person') return this.#understood(phrases.person)
      if (asked === 'anything-else' || asked === 'nothing') return this.#understood({ sentences: phrases.goOn })
      return undefined
    }
    if (!refuses.test(text)) return undefined
    if (asked === 'confirm') return this.#understood(this.#ask({ type: 'change' }, phrases.whatToChange))
    if (asked === 'anything-else') return this.#understood({ sentences: phrases.goodbye, ends: true })
    if (asked === 'person' || asked === 'nothing') return this.#understood({ sentences: phrases.goOn })
    return undefined
  }

  #nextQuestion(form: Partial<Form>): Reply {
    const { slots, objection, confirm } = this.#script
    const problem = objection(form)
    if (problem !== undefined) {
      delete form[problem.slot]
      return this.#ask({ type: 'slot', slot: problem.slot }, problem.sentences)
    }
    const missing = slots.find(({ name }) => form[name] === undefined)
    if (missing !== undefined) return this.#ask({ type: 'slot', slot: missing.name }, missing.question)
    return this.#ask({ type: 'confirm' }, confirm(form as Form))
  }

  /** After a question in between, the form's own is asked again. */
  #returnToForm(reply: Reply): Reply {
    if (this.#form === undefined) {
      this.#asked = { type: 'nothing' }
      return reply
    }
    const again = this.#nextQuestion(this.#form)
    return reply.ends === true || reply.toolCall !== undefined
      ? reply
      : { sentences: [...reply.sentences, ...again.sentences] }
  }

  #ask(asked: Asked<Form>, sentences: string[]): Reply {
    this.#asked = asked
    const more = asked.type === 'anything-else' ? this.#script.phrases.anythingElse : []
    return { sentences: [...sentences, ...more] }
  }

  #understood(reply: Reply): Reply {
    this.#misses = 0
    return reply
  }

  #miss(): Reply {
    const { phrases, slots } = this.#script
    // Who spoke into a reply was perhaps not speaking to us: that is no further failure.
    if (!this.#cut) this.#misses++
    if (this.#misses > 2) {
      this.#misses = 0
      return this.#ask({ type: 'person' }, phrases.offerPerson)
    }
    const asked = this.#asked
    const question = asked.type === 'slot' ? slots.find(({ name }) => name === asked.slot)?.question : undefined
    if (question !== undefined) return { sentences: ['Sorry, I did not understand.', ...question] }
    if (asked.type === 'confirm' && this.#form !== undefined) {
      return { sentences: ['Sorry, I did not understand.', ...this.#script.confirm(this.#form as Form)] }
    }
    return { sentences: phrases.notUnderstood[this.#misses > 1 ? 1 : 0] }
  }
}
