import type { CallEvent } from './events.ts'
import { heardLength } from './spoken-words.ts'
import { type Utterance, wordsOf } from './transcript.ts'

const KEPT_UTTERANCES = 200
const KEPT_CHARACTERS = 64 * 1024

/** An agent's item as its events tell it. */
interface AgentItem {
  readonly speaker: 'agent'
  /** `undefined`: its final words were never told. */
  text: string | undefined
  /** What was told last of its being heard; `undefined`: nothing was. */
  heard: { readonly text: string; readonly wholly: boolean; readonly beforeWords: boolean } | undefined
  heardMs: number
  /** The agent was cut off, or the stream ended, and none of its sound had been heard. */
  missed: boolean
}

type Turn = Exclude<Utterance, { speaker: 'agent' }> | AgentItem
type Events<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

/**
 * The conversation as a call's events tell it, oldest first: what `Transcript` told from the inside, by whoever was left
 * to tell it; bounded as in `lastWords`.
 *
 * ```
 *   answered ─ said, heard, tool-answered: each into its place ─ (line or process lost) ─ answered ─ places begin anew
 * ```
 * Of words that nobody said had been heard the whole counts as heard, when the stream has no end: its process died while
 * they were being said, and most of them probably were. Words that came after the end of their own sound are split at an
 * ordinary pace.
 */
export function recollect(events: readonly CallEvent[]): readonly Utterance[] {
  const said: Utterance[] = []
  let turns = new Map<number, Turn>()
  const closeStream = () => {
    const inOrder = [...turns].sort(([a], [b]) => a - b)
    said.push(...inOrder.map(([, turn]) => utteranceOf(turn)))
    turns = new Map()
  }
  for (const event of events) {
    if (event.type === 'answered') closeStream()
    else take(turns, event)
  }
  closeStream()
  return lastWords(said.filter((utterance) => wordsOf(utterance) !== ''))
}

/** The types of event that `recollect` goes by; it passes over the others. */
export const recollectedTypes: ReadonlySet<CallEvent['type']> = new Set([
  'answered',
  'said',
  'heard',
  'tool-answered',
  'barge-in',
  'ended',
])

/** The end of a conversation, kept for a caller who comes back: at most 200 utterances of 64 K characters together. */
export function lastWords(said: readonly Utterance[]): readonly Utterance[] {
  let characters = 0
  let first = said.length
  while (first > 0 && said.length - first < KEPT_UTTERANCES) {
    const utterance = said[first - 1]
    if (utterance === undefined) break
    characters += wordsOf(utterance).length
    if (characters > KEPT_CHARACTERS) break
    first--
  }
  return said.slice(first)
}

function take(turns: Map<number, Turn>, event: CallEvent): void {
  switch (event.type) {
    case 'said':
      if (event.speaker === 'caller') turns.set(event.place, { speaker: 'caller', text: event.text })
      else takeWords(itemAt(turns, event.place), event)
      return
    case 'heard':
      takeHeard(itemAt(turns, event.place), event)
      return
    case 'tool-answered':
      turns.set(event.place, { speaker: 'tool', name: event.name, output: event.output })
      return
    // Whatever had sound in the line has been told by now, as heard or as cut.
    case 'barge-in':
    case 'ended':
      for (const turn of turns.values()) if (turn.speaker === 'agent') turn.missed = turn.heard === undefined
  }
}

function takeWords(item: AgentItem, { text }: Events<'said'>): void {
  item.text = text
  if (item.heard !== undefined) item.heard = { ...item.heard, beforeWords: true }
}

function takeHeard(item: AgentItem, { heardText, heardMs, wholly }: Events<'heard'>): void {
  item.heard = { text: heardText, wholly, beforeWords: item.text === undefined }
  item.heardMs += heardMs
}

function itemAt(turns: Map<number, Turn>, place: number): AgentItem {
  const known = turns.get(place)
  if (known?.speaker === 'agent') return known
  const item: AgentItem = { speaker: 'agent', text: undefined, heard: undefined, heardMs: 0, missed: false }
  turns.set(place, item)
  return item
}

function utteranceOf(turn: Turn): Utterance {
  if (turn.speaker !== 'agent') return turn
  const text = turn.text ?? turn.heard?.text ?? ''
  const length = heardOf(turn, text)
  return { speaker: 'agent', heard: text.slice(0, length), unheard: text.slice(length) }
}

/** How much of an item's text was heard [characters]. */
function heardOf({ heard, heardMs, missed }: AgentItem, text: string): number {
  if (heard === undefined) return missed ? 0 : text.length
  if (heard.wholly) return text.length
  const known = text.startsWith(heard.text)
  if (known && (heard.text !== '' || !heard.beforeWords)) return heard.text.length
  return heardLength(text, heardMs, 0, false)
}
