import type { RealtimeProvider } from '../../call/provider.ts'
import { openWire } from '../realtime/connect.ts'
import type { Fields } from '../realtime/fields.ts'
import { WireSession } from '../realtime/session.ts'
import { qwenDialect as dialect } from './dialect.ts'
import { checkOptions, type QwenOptions } from './options.ts'
import { agreement, sessionUpdate, unmetWishes } from './session-config.ts'

/**
 * Qwen-Omni-Realtime, and everything that speaks its protocol: one WebSocket a conversation.
 *
 * The model's name tells its family, and the family what is sent (profiles.ts). A name we do not know is spoken to as
 * qwen3.5-omni-plus, with a warning, so that a model published tomorrow needs no release of ours.
 * @throws RangeError naming the option, what was expected and what was got.
 */
export function makeQwenProvider(options: QwenOptions): RealtimeProvider {
  const settings = checkOptions(options)
  const { url, profile, sessionMs } = settings
  const takesNotes = profile.textItems
  const { apiKey, batchMs, clock, heardTruth = 'note', log, model } = options
  return {
    name: options.name ?? 'qwen',
    sessionMs,
    async connect(session, signal) {
      const { callId } = session
      for (const wish of unmetWishes(settings, session)) log?.warn({ callId, model }, wish)
      const opening = {
        ...{ url, errors: dialect.errors, clock },
        headers: { Authorization: `Bearer ${apiKey}` },
        update: JSON.stringify(sessionUpdate(settings, session)),
        agree: (stated: Fields) => agreement(settings, stated),
      }
      const open = await openWire(opening, signal)
      if (settings.turnDetection === 'manual' && open.turnsBy === 'model') {
        log?.warn({ callId, model }, 'the model insists on ending the turns itself')
      }
      return new WireSession(open, { dialect, callId, batchMs, takesNotes, heardTruth, clock, log })
    },
  }
}
