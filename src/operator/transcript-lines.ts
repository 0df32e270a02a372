import type { KeptEvent } from '../call/archive.ts'
import type { CallEvent } from '../call/events.ts'
import { recollect } from '../call/recollect.ts'
import type { TranscriptLine } from './api.ts'
import { PIECE, type Steps } from './pieces.ts'

type Placed = Extract<CallEvent, { type: 'said' | 'heard' | 'tool-answered' }>
type Event<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

interface Line {
  /** Where it stands in its stream's conversation. */
  readonly place: number
  readonly line: TranscriptLine
}

/**
 * The conversation of a call with what was heard of it, in the order in which it was said, stream after stream.
 *
 * ```
 *   speech-started ─ speech-stopped ─ agent audible ─ said by caller, place 1 ─ said by agent, place 2 ─ heard, place 2
 *   └ when place 1 was said                └ when place 2 was said        tool-answered, whisper: at their own time
 * ```
 */
export function* transcriptLines(events: readonly KeptEvent[]): Steps<readonly TranscriptLine[]> {
  const all: TranscriptLine[] = []
  for (const ofStream of streamsOf(events)) {
    yield
    for (const { line } of yield* linesOf(ofStream)) all.push(line)
    yield
  }
  return all
}

/** Stream by stream, in the order in which they were answered. */
export function streamsOf(events: readonly KeptEvent[]): readonly (readonly KeptEvent[])[] {
  const streams = Map.groupBy(events, ({ stream }) => stream)
  return [...streams].sort(([a], [b]) => a - b).map(([, ofStream]) => ofStream)
}

function* linesOf(events: readonly KeptEvent[]): Steps<readonly Line[]> {
  const stream = events[0]?.stream ?? 0
  const begun = yield* beginnings(events)
  const byPlace = yield* placesOf(events)
  const lastCut = events.findLast(({ event }) => event.type === 'barge-in' || event.type === 'ended')?.event
  const timed = (atMs: number) => ({ at: Math.round(stream + atMs), atMs: Math.max(0, Math.round(atMs)), stream })
  const lines: Line[] = []
  yield
  for (const [place, ofPlace] of byPlace) {
    const line = lineOf(ofPlace, lastCut)
    if (line !== undefined) lines.push({ place, line: { ...timed(begun.get(place) ?? 0), ...line } })
    if (lines.length % PLACES === 0) yield
  }
  yield
  for (const whisper of whispersIn(events, timed)) lines.push(whisper)
  yield
  return lines.sort((a, b) => a.place - b.place)
}

/** What is told of each place of a conversation. */
function* placesOf(events: readonly KeptEvent[]): Steps<ReadonlyMap<number, readonly Placed[]>> {
  const places = new Map<number, Placed[]>()
  for (const [i, { event }] of events.entries()) {
    if (i % PIECE === 0) yield
    if (!isPlaced(event)) continue
    const place = places.get(event.place)
    if (place === undefined) places.set(event.place, [event])
    else place.push(event)
  }
  return places
}

/** One weighs as much as some events. */
const PLACES = PIECE / 4

type Words = TranscriptLine extends infer L
  ? L extends TranscriptLine
    ? Omit<L, 'at' | 'atMs' | 'stream'>
    : never
  : never

/** One place of the conversation, told by its own events and the last that cut the agent off: one after it is enough. */
function lineOf(ofPlace: readonly Placed[], lastCut: CallEvent | undefined): Words | undefined {
  const isCut = lastCut !== undefined && ofPlace.some(({ atMs }) => atMs <= lastCut.atMs)
  const [utterance] = recollect(isCut ? [...ofPlace, lastCut] : ofPlace)
  const tool = ofPlace.find((event): event is Event<'tool-answered'> => event.type === 'tool-answered')
  if (tool !== undefined) return { speaker: 'tool', name: tool.name, ok: tool.ok, output: tool.output }
  return utterance === undefined || utterance.speaker === 'tool' ? undefined : utterance
}

function isPlaced(event: CallEvent): event is Placed {
  return event.type === 'said' || event.type === 'heard' || event.type === 'tool-answered'
}

function whispersIn(
  events: readonly KeptEvent[],
  timed: (atMs: number) => Pick<TranscriptLine, 'at' | 'atMs' | 'stream'>,
) {
  const lines: Line[] = []
  let place = -1
  for (const { event } of events) {
    if (isPlaced(event)) place = Math.max(place, event.place)
    if (event.type !== 'operator' || event.did !== 'whispered') continue
    // Behind the latest that was said by then.
    lines.push({ place: place + 0.5, line: { ...timed(event.atMs), speaker: 'operator', text: event.text } })
  }
  return lines
}

/** When what stands at each place began [ms of the stream]. Words come later than the sound they are of. */
function* beginnings(events: readonly KeptEvent[]): Steps<ReadonlyMap<number, number>> {
  const begun = new Map<number, number>()
  const speech = new SpeechTimes()
  const audible = new AudibleTimes()
  const told = new Set<number>()
  for (const [i, { event }] of events.entries()) {
    if (i % PIECE === 0) yield
    speech.take(event)
    audible.take(event)
    if (event.type === 'tool-answered') begun.set(event.place, event.atMs)
    if (event.type === 'heard' && !told.has(event.place)) {
      told.add(event.place)
      begun.set(event.place, audible.claim(event.atMs - event.heardMs))
    }
    if (event.type === 'said' && !begun.has(event.place)) {
      begun.set(event.place, event.speaker === 'caller' ? speech.claim(event.atMs) : audible.guess(event.atMs))
    }
  }
  return begun
}

/** What got no words for so long gets none any more: a model that writes nothing down. */
const KEPT = 50

/** When the caller spoke. */
class SpeechTimes {
  #spoken: { readonly fromMs: number; stopped: boolean }[] = []

  take({ type, atMs }: CallEvent): void {
    if (type === 'caller-speech-started') {
      this.#spoken.push({ fromMs: atMs, stopped: false })
      if (this.#spoken.length > KEPT) this.#spoken.shift()
    }
    if (type === 'caller-speech-stopped') for (const one of this.#spoken) one.stopped = true
  }

  /** When that was said whose words have come now; what was spoken before it and got no words was a noise. */
  claim(atMs: number): number {
    const of = this.#spoken.findLast(({ stopped }) => stopped) ?? this.#spoken.at(-1)
    if (of === undefined) return atMs
    this.#spoken = this.#spoken.filter(({ fromMs }) => fromMs > of.fromMs)
    return of.fromMs
  }
}

/** The first sound goes to the carrier so much before it is heard, at most [ms]. */
const AHEAD_MS = 400

/** When the agent's answers could be heard first. */
class AudibleTimes {
  #free: number[] = []

  take({ type, atMs }: CallEvent): void {
    if (type !== 'agent-audible') return
    this.#free.push(atMs)
    if (this.#free.length > KEPT) this.#free.shift()
  }

  /** The beginning of an answer that by its length began `aboutMs`: a hold makes it seem later. */
  claim(aboutMs: number): number {
    const of = this.#free.findLast((atMs) => atMs <= aboutMs + AHEAD_MS)
    if (of === undefined) return aboutMs
    this.#free = this.#free.filter((atMs) => atMs > of)
    return of
  }

  /** While it is being said. */
  guess(atMs: number): number {
    return this.#free[0] ?? atMs
  }
}
