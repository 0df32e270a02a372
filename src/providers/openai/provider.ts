import type { RealtimeProvider } from '../../call/provider.ts'
import { openWire } from '../realtime/connect.ts'
import type { Fields } from '../realtime/fields.ts'
import { WireSession } from '../realtime/session.ts'
import { openAiDialect } from './dialect.ts'
import { checkOptions, type OpenAiOptions } from './options.ts'
import { agreement, instructionsOf, sessionUpdate } from './session-config.ts'

/**
 * OpenAI's Realtime API as it is generally available, and Azure's form of it: one WebSocket a conversation, mu-law both
 * ways as the telephone has it.
 * @throws RangeError naming the option, what was expected and what was got.
 */
export function makeOpenAiProvider(options: OpenAiOptions): RealtimeProvider {
  const settings = checkOptions(options)
  const { name, url, headers, sessionMs } = settings
  const { batchMs, clock, heardTruth = 'truncate', log, model } = options
  return {
    name,
    sessionMs,
    async connect(session, signal) {
      const { callId } = session
      const dialect = openAiDialect(instructionsOf(settings, session))
      const opening = {
        ...{ url, headers, errors: dialect.errors, clock },
        update: JSON.stringify(sessionUpdate(settings, session)),
        agree: (stated: Fields) => agreement(settings, stated),
      }
      const open = await openWire(opening, signal)
      if (settings.turnDetection === 'manual' && open.turnsBy === 'model') {
        log?.warn({ callId, model }, 'the model insists on ending the turns itself')
      }
      return new WireSession(open, { dialect, callId, batchMs, takesNotes: true, heardTruth, clock, log })
    },
  }
}
