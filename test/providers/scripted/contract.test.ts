import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { makeScriptedProvider } from '../../../src/providers/scripted/provider.ts'
import type { ScriptedSession } from '../../../src/providers/scripted/session.ts'
import { describeConversation, describeProvider, type ModelHand, type ProviderStage } from '../../contract/provider.ts'

function handOf(session: ScriptedSession): ModelHand {
  let sound: number[] = []
  let text = ''
  return {
    speechStarts: (itemId) => session.tell({ type: 'speech-started', ...(itemId === undefined ? {} : { itemId }) }),
    speechStops: (itemId) => session.tell({ type: 'speech-stopped', ...(itemId === undefined ? {} : { itemId }) }),
    takesTurn: () => {},
    refusesTurn: () => session.tell({ type: 'turn-refused' }),
    callerSaid: (itemId, words) =>
      session.tell({ type: 'transcript', speaker: 'caller', itemId, text: words, final: true }),
    begins: (responseId) => session.tell({ type: 'response-started', responseId }),
    says(responseId, itemId, audio, words) {
      sound.push(...audio)
      const whole = sound.length - (sound.length % 2)
      text += words
      session.tell({ type: 'transcript', speaker: 'agent', itemId, text, final: false })
      session.tell({ type: 'audio', responseId, itemId, audio: Uint8Array.from(sound.slice(0, whole)) })
      sound = sound.slice(whole)
    },
    callsTool: (_, toolCallId, name, args) => session.tell({ type: 'tool-call', toolCallId, name, args }),
    ends: (responseId, status) => session.tell({ type: 'response-ended', responseId, status }),
    breaks: () => session.tell({ type: 'closed', error: new CallError('provider-lost', 'the script broke off') }),
    async done(deed) {
      const seen = deed === 'append' ? session.appendedBytes > 0 : session.deeds.some(({ type }) => type === deed)
      if (!seen) throw new Error(`the call did not ${deed}`)
    },
  }
}

async function stage(): Promise<Required<ProviderStage>> {
  const clock = new ManualClock()
  const provider = makeScriptedProvider({ clock, script: [] })
  const manual = makeScriptedProvider({ clock, script: [], turnsBy: 'caller' })
  return {
    provider,
    manual,
    hand() {
      const session = provider.sessions.at(-1) ?? manual.sessions.at(-1)
      if (session === undefined) throw new Error('no session is open')
      return handOf(session)
    },
    [Symbol.asyncDispose]: async () => {},
  }
}

describeProvider('a script', stage)
describeConversation('a script', stage)
