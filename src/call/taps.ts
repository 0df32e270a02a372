import type { AudioFormat } from '../audio/format.ts'
import type { Clock } from '../base/clock.ts'
import type { CarrierEvent, CarrierLeg } from './carrier.ts'
import type { RealtimeSession, SessionEvent } from './provider.ts'
import type { CallTap, LegDeed, PlayedSink, SessionDeed, Tapped } from './tap.ts'

type NewTapped = Tapped extends infer T ? (T extends Tapped ? Omit<T, 'atMs'> : never) : never

/**
 * Who listens to one stream of a call: a recorder, a flight recorder, an operator.
 *
 * ```
 *   carrier ══ tapLeg ══ call ══ session() ══ model           while nobody listens a wire costs one look
 *                 └────── tell ──────┘──▶ taps
 * ```
 */
export class Taps {
  readonly #clock: Clock
  readonly #startedMs: number
  #taps: readonly CallTap[] = []
  #sessions = 0

  /** @param startedMs when the stream began [ms of the clock]. */
  constructor(clock: Clock, startedMs: number) {
    this.#clock = clock
    this.#startedMs = startedMs
  }

  /** Whether anybody listens: what is dear to make is made only then. */
  get wanted(): boolean {
    return this.#taps.length > 0
  }

  /** Where the playout tells what was heard. */
  get heard(): PlayedSink {
    const wanted = () => this.wanted
    return {
      get wanted() {
        return wanted()
      },
      take: (audio, atMs) => this.tell({ type: 'heard', audio }, atMs),
    }
  }

  /** Listens from now on, until disposed of. */
  add(tap: CallTap): Disposable {
    this.#taps = [...this.#taps, tap]
    return {
      [Symbol.dispose]: () => {
        this.#taps = this.#taps.filter((other) => other !== tap)
      },
    }
  }

  /** One more session of the stream is there; returns it, with what crosses it told. */
  session(session: RealtimeSession, provider: string): RealtimeSession {
    const number = this.#sessions++
    const { inputFormat, outputFormat, turnsBy, takesNotes } = session
    const facts = { provider, inputFormat, outputFormat, turnsBy, takesNotes }
    this.tell({ type: 'session-opened', session: number, facts })
    return new TappedSession(session, number, this)
  }

  /** @param atClockMs when it happened [ms of the clock]; default: now. */
  tell(what: NewTapped, atClockMs = this.#clock.now()): void {
    const tapped = { ...what, atMs: atClockMs - this.#startedMs }
    for (const tap of this.#taps) {
      try {
        tap(tapped)
      } catch {
        // A listener that fails is not heard of again, and the call goes on without it.
        this.#taps = this.#taps.filter((other) => other !== tap)
      }
    }
  }
}

/** The leg, with what crosses it told to the taps. */
export function tapLeg(leg: CarrierLeg, taps: Taps): CarrierLeg {
  const did = (deed: LegDeed) => {
    if (taps.wanted) taps.tell({ type: 'leg-deed', deed })
  }
  return {
    callId: leg.callId,
    format: leg.format,
    gone: leg.gone,
    listen(listener) {
      leg.listen((event: CarrierEvent) => {
        if (taps.wanted) taps.tell({ type: 'leg-event', event })
        listener(event)
      })
    },
    play(audio) {
      did({ type: 'play', audio })
      leg.play(audio)
    },
    mark(name) {
      did({ type: 'mark', name })
      leg.mark(name)
    },
    clear() {
      did({ type: 'clear' })
      leg.clear()
    },
    async [Symbol.asyncDispose]() {
      did({ type: 'hang-up' })
      await leg[Symbol.asyncDispose]()
    },
  }
}

/** The same for a session. */
class TappedSession implements RealtimeSession {
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  readonly takesNotes: boolean
  readonly #session: RealtimeSession
  readonly #number: number
  readonly #taps: Taps

  /** @param number counts the sessions of the stream, from 0. */
  constructor(session: RealtimeSession, number: number, taps: Taps) {
    this.inputFormat = session.inputFormat
    this.outputFormat = session.outputFormat
    this.takesNotes = session.takesNotes
    this.#session = session
    this.#number = number
    this.#taps = taps
  }

  /** A server that hears speech all the same is let have its way, so it may change. */
  get turnsBy(): 'model' | 'caller' {
    return this.#session.turnsBy
  }

  get droppedMs(): number {
    return this.#session.droppedMs ?? 0
  }

  listen(listener: (event: SessionEvent) => void): void {
    this.#session.listen((event) => {
      if (this.#taps.wanted) this.#taps.tell({ type: 'session-event', session: this.#number, event })
      listener(event)
    })
  }

  append(audio: Uint8Array): void {
    this.#session.append(audio)
  }

  beginTurn(): void {
    this.#did({ type: 'begin-turn' })
    this.#session.beginTurn()
  }

  endTurn(): void {
    this.#did({ type: 'end-turn' })
    this.#session.endTurn()
  }

  dropTurn(): void {
    this.#did({ type: 'drop-turn' })
    this.#session.dropTurn()
  }

  note(text: string): void {
    this.#did({ type: 'note', text })
    this.#session.note(text)
  }

  respond(instructions?: string, unless?: 'answered'): void {
    const how = { ...(instructions === undefined ? {} : { instructions }), ...(unless === undefined ? {} : { unless }) }
    this.#did({ type: 'respond', ...how })
    this.#session.respond(instructions, unless)
  }

  cancel(): void {
    this.#did({ type: 'cancel' })
    this.#session.cancel()
  }

  truncate(itemId: string, heardMs: number, heardText: string): void {
    this.#did({ type: 'truncate', itemId, heardMs, heardText })
    this.#session.truncate(itemId, heardMs, heardText)
  }

  answerTool(toolCallId: string, output: string): void {
    this.#did({ type: 'answer-tool', toolCallId, output })
    this.#session.answerTool(toolCallId, output)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#did({ type: 'dispose' })
    await this.#session[Symbol.asyncDispose]()
  }

  #did(deed: SessionDeed): void {
    if (this.#taps.wanted) this.#taps.tell({ type: 'session-deed', session: this.#number, deed })
  }
}
