import { type AudioFormat, pcm16k, pcm24k } from '../../../src/audio/format.ts'
import type { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { SessionEvent } from '../../../src/call/provider.ts'
import { qwenDialect } from '../../../src/providers/qwen/dialect.ts'
import type { Dialect } from '../../../src/providers/realtime/dialect.ts'
import { readServerEvent } from '../../../src/providers/realtime/events.ts'
import type { HeardTruth } from '../../../src/providers/realtime/heard-truth.ts'
import { WireSession } from '../../../src/providers/realtime/session.ts'
import type { Wire, WireHandler } from '../../../src/providers/realtime/wire.ts'
import type { Frame } from './frames.ts'

/** A wire without a socket: tests say what the model says, and see what it was sent. */
class PaperWire implements Wire {
  readonly sent: Frame[] = []
  backlogBytes = 0
  closed = false
  #handler: WireHandler | undefined

  attend(handler: WireHandler): void {
    this.#handler = handler
  }

  release(): void {
    this.#handler = undefined
  }

  send(frame: string | Buffer): void {
    if (!this.closed) this.sent.push(JSON.parse(String(frame)) as Frame)
  }

  async close(): Promise<void> {
    this.closed = true
    this.#handler = undefined
  }

  say(...frames: readonly (Frame | string)[]): void {
    for (const frame of frames) {
      this.#handler?.frame(readServerEvent(typeof frame === 'string' ? frame : JSON.stringify(frame)))
    }
  }

  break(error: CallError): void {
    const handler = this.#handler
    this.#handler = undefined
    handler?.broken(error)
  }

  /** Frames of this type that were sent, in order. */
  of(type: string): readonly Frame[] {
    return this.sent.filter((frame) => frame['type'] === type)
  }
}

/** A manual clock that knows how many of its alarms may still ring. */
class CountingClock extends ManualClock {
  #set = 0

  get pending(): number {
    return this.#set
  }

  override after(delayMs: number, task: () => void, signal: AbortSignal): void {
    this.#set++
    const off = () => {
      this.#set--
    }
    signal.addEventListener('abort', off, { once: true })
    const ring = () => {
      signal.removeEventListener('abort', off)
      this.#set--
      task()
    }
    super.after(delayMs, ring, signal)
  }
}

interface PaperOptions {
  readonly turnsBy?: 'model' | 'caller'
  readonly takesNotes?: boolean
  readonly heardTruth?: HeardTruth
  readonly dialect?: Dialect
  /** Both ways; default 16 kHz in and 24 kHz out. */
  readonly format?: AudioFormat
}

/** A session on paper, on a clock that is moved by hand; nobody listens yet. */
export function unheardSession(options: PaperOptions = {}) {
  const { turnsBy = 'model', takesNotes = true, heardTruth = 'off', dialect = qwenDialect, format } = options
  const clock = new CountingClock()
  const wire = new PaperWire()
  const session = new WireSession(
    { wire, input: format ?? pcm16k, output: format ?? pcm24k, turnsBy },
    { dialect, callId: 'call-1', batchMs: 20, takesNotes, heardTruth, clock, log: undefined },
  )
  return { clock, wire, session }
}

/** The same, with everything it tells. */
export function paperSession(options: PaperOptions = {}) {
  const paper = unheardSession(options)
  const events: SessionEvent[] = []
  paper.session.listen((event) => events.push(event))
  return { ...paper, events, types: () => events.map(({ type }) => type) }
}
