import type { Clock } from '../base/clock.ts'
import type { CallCommand, CommandOutcome, LineSound, Supervision } from '../call/supervision.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { Questions } from './questions.ts'

/** A worker that is well answers in a few [ms]. */
const COMMAND_MS = 2000

interface Listener {
  readonly onSound: (sound: LineSound) => void
  readonly ended: () => void
}

/**
 * The reception's end of reaching into the calls of one worker.
 *
 * ```
 *   command ── question ──▶ worker ── commanded ──▶ outcome, or `no-answer`
 *   listen ── listen ─────▶ worker ── sound … silent ──▶ the listener
 * ```
 */
export class RemoteSupervision implements Supervision {
  readonly #tell: (message: ToWorker) => void
  readonly #commands: Questions<CommandOutcome>
  readonly #listeners = new Map<number, Listener>()
  #last = 0
  #abandoned = false

  constructor(clock: Clock, tell: (message: ToWorker) => void) {
    this.#tell = tell
    this.#commands = new Questions(clock)
  }

  async command(callId: string, command: CallCommand): Promise<CommandOutcome> {
    const outcome = await this.#commands.ask((ask) => this.#tell({ type: 'command', ask, callId, command }), COMMAND_MS)
    return outcome ?? 'no-answer'
  }

  speak(callId: string, audio: Uint8Array): void {
    this.#tell({ type: 'speak', callId, audio })
  }

  listen(callId: string, onSound: (sound: LineSound) => void, ended: () => void): Disposable {
    const listener = ++this.#last
    if (this.#abandoned) queueMicrotask(ended)
    else {
      this.#listeners.set(listener, { onSound, ended })
      this.#tell({ type: 'listen', listener, callId })
    }
    return {
      [Symbol.dispose]: () => {
        if (this.#listeners.delete(listener)) this.#tell({ type: 'unlisten', listener })
      },
    }
  }

  /** What the worker says of it. */
  hear(message: Extract<FromWorker, { type: 'commanded' | 'sound' | 'silent' }>): void {
    switch (message.type) {
      case 'commanded':
        this.#commands.answer(message.ask, message.outcome)
        return
      case 'sound':
        this.#listeners.get(message.listener)?.onSound(message.sound)
        return
      case 'silent':
        this.#end(message.listener)
    }
  }

  /** The worker is gone. */
  abandon(): void {
    this.#abandoned = true
    this.#commands.abandon()
    for (const listener of [...this.#listeners.keys()]) this.#end(listener)
  }

  #end(number: number): void {
    const listener = this.#listeners.get(number)
    this.#listeners.delete(number)
    listener?.ended()
  }
}
