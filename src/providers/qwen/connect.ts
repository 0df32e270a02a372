import type { AudioFormat } from '../../audio/format.ts'
import { CallError } from '../../base/errors.ts'
import type { SessionOptions } from '../../call/provider.ts'
import { Alarm } from './alarm.ts'
import { errorOf, judgeError } from './errors.ts'
import type { ServerEvent } from './events.ts'
import type { Settings } from './options.ts'
import { agreedFormats, type Echo, sessionUpdate } from './session-config.ts'
import { SocketWire, type Wire } from './wire.ts'

/** A wire whose session is configured: the next thing it takes is sound. Nobody attends it yet. */
export interface OpenWire {
  readonly wire: Wire
  readonly input: AudioFormat
  readonly output: AudioFormat
  /** As the server confirmed it; where it said nothing, as it was asked. */
  readonly turnsBy: 'model' | 'caller'
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
export async function openWire(settings: Settings, session: SessionOptions, signal: AbortSignal): Promise<OpenWire> {
  signal.throwIfAborted()
  const { clock, apiKey } = settings.options
  const wire = new SocketWire(settings.url, apiKey, clock)
  const deadline = new Alarm(clock)
  const given = Promise.withResolvers<never>()
  const giveUp = () => given.reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  deadline.set(openMs, () =>
    given.reject(new CallError('provider-timeout', `the session was not ready in ${openMs} ms`)),
  )
  try {
    const echo = await Promise.race([configure(wire, JSON.stringify(sessionUpdate(settings, session))), given.promise])
    // A turn ended by hand while the server listens for its end is an error: what it says counts, not what we asked.
    const turnsBy = settings.turnDetection === 'manual' && echo.listens !== true ? 'caller' : 'model'
    return { wire, ...agreedFormats(echo), turnsBy }
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
function configure(wire: Wire, update: string): Promise<Echo> {
  return new Promise((resolve, reject) => {
    let sent = false
    const frame = (event: ServerEvent) => {
      if (event.type === 'session-created' && !sent) {
        sent = true
        wire.send(update)
      } else if (event.type === 'session-updated' && sent) {
        wire.release()
        resolve(event.echo)
      } else if (event.type === 'error') {
        const verdict = judgeError(event.error)
        if (verdict.outcome !== 'swallow') reject(errorOf(event.error, verdict))
      }
    }
    wire.attend({ frame, broken: reject })
  })
}
