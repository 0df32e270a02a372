import { type AudioFormat, bytesPerSample, describe, pcm16k, pcm24k } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import type { RealtimeProvider } from '../../call/provider.ts'
import type { ScriptStep } from './script.ts'
import { ScriptedSession } from './session.ts'

/** How a scripted model is set up. */
export interface ScriptedOptions {
  readonly clock: Clock
  /** What every session tells, or what each tells, by its number from 0. */
  readonly script: readonly ScriptStep[] | ((session: number) => readonly ScriptStep[])
  /** Default PCM16 at 16 kHz. */
  readonly input?: AudioFormat
  /** Default PCM16 at 24 kHz. */
  readonly output?: AudioFormat
  /** Who ends the caller's turns; default `model`. */
  readonly turnsBy?: 'model' | 'caller'
  /** Default true. */
  readonly takesNotes?: boolean
  /** How long `connect` takes [ms]; default 0: no timer at all. */
  readonly connectMs?: number
  /** Why no session is opened, ever or by the number of the attempt from 0; `connect` then throws it. */
  readonly refusal?: Error | ((attempt: number) => Error | undefined)
  /** How long its sessions may last, as it says [ms]; it ends none by itself. */
  readonly sessionMs?: number
  /** Default `scripted`. */
  readonly name?: string
}

/** A provider whose sessions can be looked into. */
export interface ScriptedProvider extends RealtimeProvider {
  /** In the order they were opened; they stay here when they are over. */
  readonly sessions: readonly ScriptedSession[]
  connect(...args: Parameters<RealtimeProvider['connect']>): Promise<ScriptedSession>
}

function checkScript(script: readonly ScriptStep[], output: AudioFormat): readonly ScriptStep[] {
  for (const [i, { atMs, event }] of script.entries()) {
    if (!Number.isFinite(atMs) || atMs < 0) throw new RangeError(`script[${i}].atMs: expected 0 or more, got ${atMs}`)
    if (event.type === 'audio' && event.audio.length % bytesPerSample(output) !== 0) {
      throw new RangeError(
        `script[${i}].event.audio: expected whole samples of ${describe(output)}, got ${event.audio.length} bytes`,
      )
    }
  }
  return script
}

/**
 * A provider without any network: each session follows a script and records what the call did, on the given clock.
 * For replays of recorded calls and for tests of the heart.
 * @throws RangeError when the script is not one; with a script by number, `connect` throws it.
 */
export function makeScriptedProvider(options: ScriptedOptions): ScriptedProvider {
  const {
    clock,
    script,
    input = pcm16k,
    output = pcm24k,
    connectMs = 0,
    refusal,
    name = 'scripted',
    turnsBy = 'model',
    takesNotes = true,
    sessionMs,
  } = options
  if (typeof script !== 'function') checkScript(script, output)
  const kind = { inputFormat: input, outputFormat: output, turnsBy, takesNotes }
  const sessions: ScriptedSession[] = []
  let attempts = 0
  return {
    name,
    sessions,
    ...(sessionMs === undefined ? {} : { sessionMs }),
    async connect(session, signal) {
      signal.throwIfAborted()
      if (connectMs > 0) await passed(clock, connectMs, signal)
      const why = typeof refusal === 'function' ? refusal(attempts++) : refusal
      if (why !== undefined) throw why
      const steps = typeof script === 'function' ? checkScript(script(sessions.length), output) : script
      const opened = new ScriptedSession(session, kind, clock, steps)
      sessions.push(opened)
      return opened
    },
  }
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
