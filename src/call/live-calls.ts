import type { AudioFormat } from '../audio/format.ts'
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw } from '../audio/g711.ts'
import type { CallHandle } from './answer.ts'
import type { CallCommand, CommandOutcome, LineSound, Supervision } from './supervision.ts'
import type { Tapped } from './tap.ts'

/** The live calls of this process, as operators reach them. A call whose stream is opened again is its newest stream. */
export class LiveCalls implements Supervision {
  readonly #handles = new Map<string, CallHandle>()

  /** A stream of a call is live, until disposed of. */
  add(callId: string, handle: CallHandle): Disposable {
    this.#handles.set(callId, handle)
    return {
      [Symbol.dispose]: () => {
        if (this.#handles.get(callId) === handle) this.#handles.delete(callId)
      },
    }
  }

  async command(callId: string, command: CallCommand): Promise<CommandOutcome> {
    const handle = this.#handles.get(callId)
    if (handle === undefined) return 'no-call'
    try {
      return handle.command(command) ? 'done' : 'not-now'
    } catch {
      return 'not-now'
    }
  }

  speak(callId: string, audio: Uint8Array): void {
    const handle = this.#handles.get(callId)
    if (handle !== undefined) handle.speak(isAlaw(handle.format) ? encodeAlaw(decodeMulaw(audio)) : audio)
  }

  listen(callId: string, onSound: (sound: LineSound) => void, ended: () => void): Disposable {
    const handle = this.#handles.get(callId)
    if (handle === undefined) {
      queueMicrotask(ended)
      return { [Symbol.dispose]() {} }
    }
    return handle.listen((what) => {
      if (what.type === 'happened' && what.event.type === 'ended') ended()
      const sound = soundOf(what, handle.format)
      if (sound !== undefined) onSound(sound)
    })
  }
}

function isAlaw({ encoding }: AudioFormat): boolean {
  return encoding === 'alaw'
}

function soundOf(what: Tapped, format: AudioFormat): LineSound | undefined {
  const { atMs } = what
  const mulaw = (audio: Uint8Array) => (isAlaw(format) ? encodeMulaw(decodeAlaw(audio)) : audio)
  if (what.type === 'heard') return { from: 'agent', atMs, audio: mulaw(what.audio) }
  if (what.type !== 'leg-event' || what.event.type !== 'audio') return undefined
  return { from: 'caller', atMs, audio: mulaw(what.event.audio) }
}
