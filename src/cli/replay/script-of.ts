import { CallError, type ErrorCode } from '../../base/errors.ts'
import type { SessionEvent } from '../../call/provider.ts'
import type { Deed, ScriptStep } from '../../providers/scripted/script.ts'
import type { Flight } from '../../store/flights/read.ts'
import { Lateness } from './lateness.ts'
import type { RecordedSession } from './recorded-call.ts'

type Line = Flight['lines'][number]
type WrittenEvent = Extract<Line, { type: 'session-event' }>['event']

/** Something that the call did, after which a model speaks. */
interface Anchor {
  readonly after: Deed['type']
  readonly nth: number
  readonly atMs: number
}

/**
 * What the model told in each session of a stream, as a script that can be followed again.
 *
 * ```
 *   respond ──120 ms──▶ response-started ─▶ audio … ─▶ response-ended      all of it: so long after the deed
 *   speech-stopped ───▶ response-started ─▶ audio … ─▶ response-ended      at its time since the session was opened
 * ```
 * An answer to something that the call did (asked for words, gave a tool's result, ended a turn) follows that deed, whenever
 * it is done now. What the model did by itself, or because of the caller, has the time that it had.
 */
export function sessionsOf(lines: readonly Line[]): readonly RecordedSession[] {
  const lateness = new Lateness()
  const lateMs = new Map(lines.map((line) => [line, lateness.own(line)]))
  return lines.flatMap((line) => {
    if (line.type !== 'session-opened') return []
    const { session: number, facts, atMs: openedMs } = line
    const own = lines.filter((other) => 'session' in other && other.session === number)
    return [{ facts, openedMs, script: new ScriptWriter(openedMs, own, lateMs).write() }]
  })
}

class ScriptWriter {
  readonly #openedMs: number
  readonly #lines: readonly Line[]
  readonly #lateMs: ReadonlyMap<Line, number>
  readonly #counts = new Map<string, number>()
  readonly #responses = new Map<string, Anchor | undefined>()
  readonly #responseOfItem = new Map<string, string>()
  #asked: Anchor | undefined
  #turnEnded: Anchor | undefined
  #latest: string | undefined

  constructor(openedMs: number, lines: readonly Line[], lateMs: ReadonlyMap<Line, number>) {
    this.#lateMs = lateMs
    this.#openedMs = openedMs
    this.#lines = lines
    for (const line of lines) {
      if (line.type === 'session-event' && line.event.type === 'audio') {
        this.#responseOfItem.set(line.event.itemId, line.event.responseId)
      }
    }
  }

  write(): readonly ScriptStep[] {
    return this.#lines.flatMap((line): ScriptStep[] => {
      if (line.type === 'session-deed') this.#did(line.deed.type, line.atMs - (this.#lateMs.get(line) ?? 0))
      if (line.type !== 'session-event') return []
      const anchor = this.#anchorOf(line.event)
      const event = eventOf(line.event)
      if (anchor === undefined) return [{ atMs: Math.max(0, line.atMs - this.#openedMs), event }]
      const { after, nth, atMs } = anchor
      return [{ atMs: line.atMs - atMs, after, nth, event }]
    })
  }

  /** @param atMs when it would have been done in a house that is not late: so it is in a replay. */
  #did(type: Deed['type'], atMs: number): void {
    const nth = (this.#counts.get(type) ?? 0) + 1
    this.#counts.set(type, nth)
    const anchor = { after: type, nth, atMs }
    if (type === 'respond' || type === 'answer-tool' || type === 'end-turn') this.#asked = anchor
    if (type === 'end-turn') this.#turnEnded = anchor
  }

  #anchorOf(event: WrittenEvent): Anchor | undefined {
    switch (event.type) {
      case 'speech-started':
      case 'speech-stopped':
        // What it says next it says to the caller.
        this.#asked = undefined
        return undefined
      case 'response-started':
        this.#responses.set(event.responseId, this.#asked)
        this.#latest = event.responseId
        this.#asked = undefined
        return this.#responses.get(event.responseId)
      case 'audio':
      case 'response-ended':
        return this.#responses.get(event.responseId)
      case 'transcript':
        if (event.speaker === 'caller') return undefined
        return this.#responses.get(this.#responseOfItem.get(event.itemId) ?? this.#latest ?? '')
      case 'tool-call':
        return this.#responses.get(this.#latest ?? '')
      case 'turn-named':
      case 'turn-refused':
        return this.#turnEnded
      default:
        return undefined
    }
  }
}

function eventOf(event: WrittenEvent): SessionEvent {
  switch (event.type) {
    case 'audio':
      return { ...event, audio: new Uint8Array(Buffer.from(event.audio, 'base64')) }
    case 'lost':
      return { type: 'lost', error: errorOf(event.error) }
    case 'closed':
      return { type: 'closed', ...(event.error === undefined ? {} : { error: errorOf(event.error) }) }
    case 'speech-started':
    case 'speech-stopped':
      return event.itemId === undefined ? { type: event.type } : { type: event.type, itemId: event.itemId }
    case 'response-ended': {
      const { usage, ...rest } = event
      return usage === undefined ? rest : { ...rest, usage }
    }
    default:
      return event
  }
}

const codes: ReadonlySet<string> = new Set<ErrorCode>([
  ...(['carrier-protocol', 'carrier-lost', 'provider-refused', 'provider-config', 'provider-busy'] as const),
  ...(['provider-timeout', 'provider-lost', 'provider-protocol'] as const),
])

function errorOf({ message, code }: { readonly message: string; readonly code?: string | undefined }): Error {
  const isOurs = (text: string | undefined): text is ErrorCode => text !== undefined && codes.has(text)
  return isOurs(code) ? new CallError(code, message) : new Error(message)
}
