import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import type { RealtimeProvider, RealtimeSession, SessionOptions } from '../../call/provider.ts'
import { ScriptedSession } from '../../providers/scripted/session.ts'
import type { Description } from './description.ts'
import type { RecordedSession, RecordedStream } from './recorded-call.ts'

/**
 * The models of a recorded stream: who asks for a session gets the next one that was recorded, when it was there then.
 *
 * ```
 *   recorded   asked ─── session 0 ─── closed · asked ─ refused ─ another provider: session 1 ───
 *   replayed   asked ─── session 0 ─── closed · asked ─ busy ──── another provider: session 1 ───
 * ```
 */
export class RecordedModel {
  readonly providers: readonly [RealtimeProvider, ...RealtimeProvider[]]
  readonly #stream: RecordedStream
  readonly #clock: Clock
  readonly #startMs: number
  readonly #opened: ScriptedSession[] = []
  #used = 0

  constructor(providers: Description['providers'], stream: RecordedStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
    this.#startMs = clock.now()
    const [first, ...others] = providers.map(
      ({ name, sessionMs }): RealtimeProvider => ({
        name,
        ...(sessionMs === undefined ? {} : { sessionMs }),
        connect: (options, signal) => this.#connect(name, options, signal),
      }),
    )
    if (first === undefined) throw new RangeError('a recorded call has at least one provider')
    this.providers = [first, ...others]
  }

  /** In the order in which they were opened. */
  get sessions(): readonly ScriptedSession[] {
    return this.#opened
  }

  /** The call has taken one into use: the next one asked for is another. */
  used(): void {
    this.#used++
  }

  async #connect(name: string, options: SessionOptions, signal: AbortSignal): Promise<RealtimeSession> {
    signal.throwIfAborted()
    const { sessions, settings } = this.#stream
    const recorded = sessions[this.#used]
    if (recorded === undefined && settings.noneLeft !== undefined) {
      throw new CallError(settings.noneLeft, 'there was no session any more when this was recorded')
    }
    const facts = (recorded ?? sessions[0])?.facts
    if (facts === undefined || (recorded === undefined && settings.sessions !== undefined)) return never(signal)
    if (facts.provider !== name) throw new CallError('provider-busy', 'it was another provider when this was recorded')
    const waitMs = this.#waitMs(recorded)
    if (waitMs > 0) await passed(this.#clock, waitMs, signal)
    const session = new ScriptedSession(options, facts, this.#clock, recorded?.script ?? [])
    this.#opened.push(session)
    return session
  }

  #waitMs(recorded: RecordedSession | undefined): number {
    if (recorded?.openedMs === undefined) return this.#stream.settings.connectMs
    return recorded.openedMs - (this.#clock.now() - this.#startMs)
  }
}

function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
}

function passed(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    clock.after(
      ms,
      () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      },
      signal,
    )
  })
}
