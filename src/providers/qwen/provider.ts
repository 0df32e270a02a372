import type { RealtimeProvider } from '../../call/provider.ts'
import { openWire } from './connect.ts'
import { checkOptions, type QwenOptions } from './options.ts'
import { QwenSession } from './session.ts'
import { unmetWishes } from './session-config.ts'

/**
 * Qwen-Omni-Realtime, and everything that speaks its protocol: one WebSocket a conversation.
 *
 * The model's name tells its family, and the family what is sent (profiles.ts). A name we do not know is spoken to as
 * qwen3.5-omni-plus, with a warning, so that a model published tomorrow needs no release of ours.
 * @throws RangeError naming the option, what was expected and what was got.
 */
export function makeQwenProvider(options: QwenOptions): RealtimeProvider {
  const settings = checkOptions(options)
  const { profile } = settings
  const takesNotes = profile.textItems
  const { heardTruth = 'note' } = options
  return {
    name: options.name ?? 'qwen',
    async connect(session, signal) {
      const { callId } = session
      for (const wish of unmetWishes(settings, session)) options.log?.warn({ callId, model: options.model }, wish)
      const open = await openWire(settings, session, signal)
      const { batchMs, clock, log } = options
      if (settings.turnDetection === 'manual' && open.turnsBy === 'model') {
        log?.warn({ callId, model: options.model }, 'the model insists on ending the turns itself')
      }
      return new QwenSession(open, { callId, batchMs, takesNotes, heardTruth, clock, log })
    },
  }
}
