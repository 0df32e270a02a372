import type { AudioFormat } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import { CallError } from '../../base/errors.ts'
import { Alarm } from './alarm.ts'
import type { Dialect } from './dialect.ts'
import { errorOf, judgeError } from './errors.ts'
import type { ServerEvent } from './events.ts'
import type { Fields } from './fields.ts'
import { SocketWire, type Wire } from './wire.ts'

/** What a session agreed to be, as the server confirmed it; where it said nothing, as it was asked. */
export interface Agreement {
  readonly input: AudioFormat
  readonly output: AudioFormat
  readonly turnsBy: 'model' | 'caller'
}

/** How one conversation is opened. */
export interface Opening {
  /** With the model in its query. */
  readonly url: string
  /** Of the upgrade; the key is among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly errors: Dialect['errors']
  /** The one `session.update`, as text. */
  readonly update: string
  /**
   * Reads the session that `session.updated` states.
   * @throws CallError `provider-protocol` when it is not one that we can lead.
   */
  readonly agree: (session: Fields) => Agreement
  readonly clock: Clock
}

/** A wire whose session is configured: the next thing it takes is sound. Nobody attends it yet. */
export interface OpenWire extends Agreement {
  readonly wire: Wire
}

/** From the first byte to `session.updated` [ms]: somebody is on the line and hears nothing. */
const openMs = 15_000

/**
 * Opens a socket and configures its session.
 *
 * ```
 *   upgrade ─▶ ◀ session.created ─▶ session.update ▶ ─▶ ◀ session.updated ─▶ ready          one deadline over all
 *                                                      ◀ error ─▶ refused, closed
 * ```
 * Sound before `session.updated` would be taken in the wrong format, so nothing else is sent.
 * @throws CallError `provider-*`; the reason of `signal` when that aborts first. The socket is gone either way.
 */
export async function openWire(opening: Opening, signal: AbortSignal): Promise<OpenWire> {
  signal.throwIfAborted()
  const { url, headers, errors, clock, agree } = opening
  const wire = new SocketWire(url, headers, errors, clock)
  const deadline = new Alarm(clock)
  const given = Promise.withResolvers<never>()
  const giveUp = () => given.reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  deadline.set(openMs, () =>
    given.reject(new CallError('provider-timeout', `the session was not ready in ${openMs} ms`)),
  )
  try {
    const session = await Promise.race([configure(wire, opening), given.promise])
    return { wire, ...agree(session) }
  } catch (error) {
    // Not awaited: whoever gave up has waited long enough, and the socket goes by itself within a second.
    void wire.close()
    throw error
  } finally {
    deadline.clear()
    signal.removeEventListener('abort', giveUp)
  }
}

/** Resolves on `session.updated`; what follows it is kept for the session. */
function configure(wire: Wire, { update, errors }: Opening): Promise<Fields> {
  return new Promise((resolve, reject) => {
    let sent = false
    const frame = (event: ServerEvent) => {
      if (event.type === 'session-created' && !sent) {
        sent = true
        wire.send(update)
      } else if (event.type === 'session-updated' && sent) {
        wire.release()
        resolve(event.session)
      } else if (event.type === 'error') {
        const verdict = judgeError(errors, event.error)
        if (verdict.outcome !== 'swallow') reject(errorOf(event.error, verdict))
      }
    }
    wire.attend({ frame, broken: reject })
  })
}
