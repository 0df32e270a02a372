import { pcm16k, pcm24k } from '../../../src/audio/format.ts'
import type { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { SessionEvent } from '../../../src/call/provider.ts'
import { readServerEvent } from '../../../src/providers/qwen/events.ts'
import type { HeardTruth } from '../../../src/providers/qwen/heard-truth.ts'
import { QwenSession } from '../../../src/providers/qwen/session.ts'
import type { Wire, WireHandler } from '../../../src/providers/qwen/wire.ts'
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
}

/** A session on paper, on a clock that is moved by hand; nobody listens yet. */
export function unheardSession({ turnsBy = 'model', takesNotes = true, heardTruth = 'off' }: PaperOptions = {}) {
  const clock = new CountingClock()
  const wire = new PaperWire()
  const session = new QwenSession(
    { wire, input: pcm16k, output: pcm24k, turnsBy },
    { callId: 'call-1', batchMs: 20, takesNotes, heardTruth, clock, log: undefined },
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
