import type { KeptEvent } from '../call/archive.ts'
import type { CallEvent } from '../call/events.ts'
import type { Marker } from './api.ts'
import { PIECE, type Steps } from './pieces.ts'
import { streamsOf } from './transcript-lines.ts'

type Kind = Marker['kind']

interface OpenMark {
  readonly kind: Kind
  readonly label: string
  readonly atMs: number
  /** When the last of it that is known of was over. */
  lastMs?: number
}

/** Marks that have begun and not ended yet, oldest first: one of a key at a time. */
class OpenMarks {
  readonly #stream: number
  readonly #open = new Map<string, OpenMark>()
  readonly marks: Marker[] = []

  constructor(stream: number) {
    this.#stream = stream
  }

  begin(key: string, kind: Kind, label: string, atMs: number): void {
    if (!this.#open.has(key)) this.#open.set(key, { kind, label, atMs })
  }

  /** Nothing, when nothing of that key has begun. */
  end(key: string, untilMs: number): void {
    const mark = this.#open.get(key)
    if (mark === undefined) return
    this.#open.delete(key)
    const { kind, label, atMs } = mark
    this.marks.push({ stream: this.#stream, kind, label, atMs, untilMs })
  }

  /** A part of it was over; the last, unless more is told. */
  partOver(key: string, atMs: number): void {
    const mark = this.#open.get(key)
    if (mark !== undefined) mark.lastMs = atMs
  }

  /** Ends those that have begun before this one and of which a part was over: no more of them comes. */
  endBefore(key: string, prefix: string): void {
    if (!this.#open.has(key)) return
    for (const [other, { lastMs }] of [...this.#open]) {
      if (other === key) return
      if (other.startsWith(prefix) && lastMs !== undefined) this.end(other, lastMs)
    }
  }

  /** The first that has begun of all whose key begins so. */
  firstOf(prefix: string): string | undefined {
    return this.#open.keys().find((key) => key.startsWith(prefix))
  }

  moment(kind: Kind, label: string, atMs: number): void {
    this.marks.push({ stream: this.#stream, kind, label, atMs })
  }

  /** The stream is over; `undefined`: nobody knows when, and what was open is left as moments. */
  close(untilMs: number | undefined): void {
    for (const [key, { kind, label, atMs, lastMs = untilMs }] of [...this.#open]) {
      if (lastMs === undefined) this.moment(kind, label, atMs)
      else this.end(key, lastMs)
    }
  }
}

/** Which answer each of the agent's items is a part of, and how many parts of it have not been heard yet. */
class Answers {
  readonly #answerOf = new Map<string, string>()
  readonly #unheard = new Map<string, Set<string>>()

  /** Words are told while their answer is being made, so they belong to the last that was begun. */
  constructor(events: readonly KeptEvent[]) {
    let answer: string | undefined
    for (const { event } of events) {
      if (event.type === 'response-started') answer = event.responseId
      if (event.type !== 'said' || event.speaker !== 'agent' || answer === undefined) continue
      if (this.#answerOf.has(event.itemId)) continue
      this.#answerOf.set(event.itemId, answer)
      const items = this.#unheard.get(answer) ?? new Set()
      this.#unheard.set(answer, items.add(event.itemId))
    }
  }

  /** An item was heard; returns its answer, if it is known, and whether it was the last of it. */
  heard(itemId: string): { readonly answer: string; readonly wasLast: boolean } | undefined {
    const answer = this.#answerOf.get(itemId)
    if (answer === undefined) return undefined
    const items = this.#unheard.get(answer)
    items?.delete(itemId)
    return { answer, wasLast: items === undefined || items.size === 0 }
  }
}

/**
 * What is marked on the waveforms of a call, by stream and time.
 *
 * ```
 *   turn       caller: speech-started ── speech-stopped       agent: audible ── heard (its last item), barge-in
 *   hold       held ── resumed | barge-in                     reconnect  provider-lost ── provider-restored
 *   tool       called ── answered                             operator   took-over ── handed-back
 *   a moment   barge-in, key, session-renewed, whispered, transferred, hung-up
 * ```
 */
export function* markersOf(events: readonly KeptEvent[]): Steps<readonly Marker[]> {
  const all: Marker[] = []
  for (const ofStream of streamsOf(events)) {
    const marks = new OpenMarks(ofStream[0]?.stream ?? 0)
    const answers = new Answers(ofStream)
    yield
    for (const [i, { event }] of ofStream.entries()) {
      if (event.type === 'heard') markHeard(marks, answers, event)
      else mark(marks, event)
      if (i % PIECE === 0) yield
    }
    marks.close(ofStream.find(({ event }) => event.type === 'ended')?.event.atMs)
    for (const one of marks.marks.sort((a, b) => a.atMs - b.atMs)) all.push(one)
    yield
  }
  return all
}

const AGENT = 'agent '

function markHeard(marks: OpenMarks, answers: Answers, { itemId, atMs }: Extract<CallEvent, { type: 'heard' }>): void {
  const of = answers.heard(itemId)
  // Of an item whose words were never told: the next answer may have begun in the last moments of this one.
  const key = of === undefined ? marks.firstOf(AGENT) : AGENT + of.answer
  if (key === undefined) return
  marks.endBefore(key, AGENT)
  if (of === undefined || of.wasLast) marks.end(key, atMs)
  else marks.partOver(key, atMs)
}

function mark(marks: OpenMarks, event: Exclude<CallEvent, { type: 'heard' }>): void {
  const { atMs } = event
  switch (event.type) {
    case 'caller-speech-started':
      marks.begin('caller', 'turn', 'caller', atMs)
      break
    case 'caller-speech-stopped':
      marks.end('caller', atMs)
      break
    case 'agent-audible':
      marks.begin(AGENT + event.responseId, 'turn', 'agent', atMs)
      break
    case 'held':
      marks.begin('hold', 'hold', event.by, atMs)
      break
    case 'resumed':
      marks.end('hold', atMs)
      break
    case 'barge-in':
      marks.end('hold', atMs)
      // All that was on its way to the caller's ear.
      for (let key = marks.firstOf(AGENT); key !== undefined; key = marks.firstOf(AGENT)) marks.end(key, atMs)
      marks.moment('barge-in', event.by, atMs)
      break
    case 'tool-called':
      marks.begin(`tool ${event.toolCallId}`, 'tool', event.name, atMs)
      break
    case 'tool-answered':
      marks.end(`tool ${event.toolCallId}`, atMs)
      break
    case 'provider-lost':
      marks.begin('model', 'reconnect', event.code ?? 'provider-lost', atMs)
      break
    case 'provider-restored':
      marks.end('model', atMs)
      break
    case 'session-renewed':
      marks.moment('reconnect', event.provider, atMs)
      break
    case 'dtmf':
      marks.moment('key', event.digit, atMs)
      break
    case 'operator':
      if (event.did === 'took-over') marks.begin('operator', 'operator', event.did, atMs)
      else if (event.did === 'handed-back') marks.end('operator', atMs)
      else marks.moment('operator', event.did, atMs)
      break
  }
}
