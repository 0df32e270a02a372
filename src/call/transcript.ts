import type { SessionEvent } from './provider.ts'
import { heardLength } from './spoken-words.ts'

/** One side's words, in the order of the conversation. Of the agent's only `heard` reached the caller. */
export type Utterance =
  | { readonly speaker: 'caller'; readonly text: string }
  | { readonly speaker: 'agent'; readonly heard: string; readonly unheard: string }
  /** What a tool that the agent had called answered: a model that takes over must not call it again. */
  | { readonly speaker: 'tool'; readonly name: string; readonly output: string }

interface CallerTurn {
  readonly speaker: 'caller'
  itemId: string | undefined
  text: string
}

interface AgentItem {
  readonly speaker: 'agent'
  readonly itemId: string
  text: string
  /** Sound that was made of it, and heard [ms]. */
  madeMs: number
  heardMs: number
  /** No more sound of it comes. */
  complete: boolean
  /** What was heard of it is known; until then it is on its way to the caller. */
  told: boolean
  wholly: boolean
}

interface ToolNote {
  readonly speaker: 'tool'
  readonly name: string
  readonly output: string
}

type Turn = CallerTurn | AgentItem | ToolNote

/** Of what a tool answered so much is remembered [characters]. */
const KEPT_OUTPUT = 600

/** A call of hours; the oldest words are forgotten first. */
const MAX_TURNS = 1000

/**
 * What was said, in the order in which it was said and as far as it was heard.
 *
 * ```
 *   caller speaks (a place is taken) ── agent answers (the next place) ── the caller's words come: into their place
 *   agent's item: words, sound made, sound heard ──▶ heard | unheard
 * ```
 * Models tell the caller's words late, often after the reply to them; so a turn takes its place when it begins.
 */
export class Transcript {
  readonly #before: readonly Utterance[]
  #turns: Turn[] = []
  #dropped = 0

  /** @param before what was said earlier in the same call. */
  constructor(before: readonly Utterance[]) {
    this.#before = before
  }

  /** The conversation so far, oldest first. Turns without words are left out. */
  get said(): readonly Utterance[] {
    return this.#utterances(false)
  }

  /** The same, in the middle of it: what is on its way to the caller counts as heard. */
  get soFar(): readonly Utterance[] {
    return this.#utterances(true)
  }

  #utterances(arrives: boolean): readonly Utterance[] {
    const turns = this.#turns.map((turn) => utteranceOf(turn, arrives))
    return [...this.#before, ...turns].filter((utterance) => wordsOf(utterance) !== '')
  }

  /** The caller begins to speak; `itemId` where it is known already. */
  callerBegan(itemId: string | undefined): void {
    const last = this.#turns.at(-1)
    // A place that nobody has filled is as good as a new one.
    if (last?.speaker === 'caller' && last.text === '' && last.itemId === undefined) last.itemId = itemId
    else if (itemId === undefined || this.#callerOf(itemId) === undefined) {
      this.#add({ speaker: 'caller', itemId, text: '' })
    }
  }

  /** What the caller's latest turn is called; those before it that have no name were noises, and get no words any more. */
  callerNamed(itemId: string): void {
    const latest = this.#turns.findLast((turn): turn is CallerTurn => turn.speaker === 'caller')
    if (latest?.itemId === undefined && latest !== undefined) latest.itemId = itemId
  }

  /** Words of either side, as a model tells them. Returns their place; `undefined`: they are nothing yet. */
  take(words: Extract<SessionEvent, { type: 'transcript' }>): number | undefined {
    const { speaker, itemId, text, final } = words
    if (text === '' || (speaker === 'caller' && !final)) return undefined
    return speaker === 'caller' ? this.callerSaid(itemId, text) : this.agentSaid(itemId, text)
  }

  /** The caller's words are known. Returns their place in the conversation, which grows and may have gaps. */
  callerSaid(itemId: string, text: string): number {
    const known = this.#callerOf(itemId)
    const waiting = this.#turns.find(
      (turn): turn is CallerTurn => turn.speaker === 'caller' && turn.itemId === undefined && turn.text === '',
    )
    const turn = known ?? waiting ?? this.#add({ speaker: 'caller', itemId, text: '' })
    turn.itemId = itemId
    turn.text = text
    return this.#placeOf(turn)
  }

  /** The caller has pressed keys, told in words. */
  callerKeyed(text: string): void {
    this.#add({ speaker: 'caller', itemId: `keys ${this.#dropped + this.#turns.length}`, text })
  }

  /** The agent's words so far, the whole of them. Returns their place. */
  agentSaid(itemId: string, text: string): number {
    const item = this.#agentItem(itemId)
    item.text = text
    return this.#placeOf(item)
  }

  agentMade(itemId: string, ms: number): void {
    this.#agentItem(itemId).madeMs += ms
  }

  /** No more of this item's sound comes. */
  agentFinished(itemId: string): void {
    this.#agentItem(itemId).complete = true
  }

  /** So much of an item was heard [ms], besides what was told before. Returns its heard words so far, and its place. */
  agentHeard(itemId: string, ms: number, wholly: boolean): { readonly heardText: string; readonly place: number } {
    const item = this.#agentItem(itemId)
    item.heardMs += ms
    item.wholly = wholly
    item.told = true
    return { heardText: heardOf(item), place: this.#placeOf(item) }
  }

  /** What a tool answered. Returns its place, and what is remembered of it. */
  toolAnswered(name: string, output: string): { readonly output: string; readonly place: number } {
    const note = this.#add({ speaker: 'tool', name, output: output.slice(0, KEPT_OUTPUT) })
    return { output: note.output, place: this.#placeOf(note) }
  }

  #agentItem(itemId: string): AgentItem {
    const known = this.#turns.findLast((turn): turn is AgentItem => turn.speaker === 'agent' && turn.itemId === itemId)
    return (
      known ??
      this.#add({
        speaker: 'agent',
        itemId,
        text: '',
        madeMs: 0,
        heardMs: 0,
        complete: false,
        told: false,
        wholly: false,
      })
    )
  }

  #callerOf(itemId: string): CallerTurn | undefined {
    return this.#turns.findLast((turn): turn is CallerTurn => turn.speaker === 'caller' && turn.itemId === itemId)
  }

  #add<T extends Turn>(turn: T): T {
    this.#turns.push(turn)
    if (this.#turns.length > MAX_TURNS) {
      this.#turns = this.#turns.slice(1)
      this.#dropped++
    }
    return turn
  }

  #placeOf(turn: Turn): number {
    return this.#dropped + this.#turns.indexOf(turn)
  }
}

function heardOf({ text, heardMs, madeMs, complete, wholly }: AgentItem): string {
  return wholly ? text : text.slice(0, heardLength(text, heardMs, madeMs, complete))
}

/** All of an utterance's words, heard or not. */
export function wordsOf(utterance: Utterance): string {
  switch (utterance.speaker) {
    case 'caller':
      return utterance.text
    case 'agent':
      return utterance.heard + utterance.unheard
    case 'tool':
      return utterance.output
  }
}

function utteranceOf(turn: Turn, arrives: boolean): Utterance {
  if (turn.speaker === 'tool') return { speaker: 'tool', name: turn.name, output: turn.output }
  if (turn.speaker === 'caller') return { speaker: 'caller', text: turn.text }
  const heard = heardOf(arrives && !turn.told ? { ...turn, heardMs: turn.madeMs } : turn)
  return { speaker: 'agent', heard, unheard: turn.text.slice(heard.length) }
}
