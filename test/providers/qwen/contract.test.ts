import { systemClock } from '../../../src/base/clock.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import { describeConversation, describeProvider, type ModelHand, type ProviderStage } from '../../contract/provider.ts'
import { deedDone } from '../realtime/deeds.ts'
import * as frames from '../realtime/frames.ts'
import { ModelPuppet, type PuppetClient } from '../realtime/model-puppet.ts'

function handOf(client: PuppetClient): ModelHand {
  const say = client.say.bind(client)
  return {
    speechStarts: (item_id) => say({ ...frames.speechStarted, item_id }),
    speechStops: (item_id) => say({ ...frames.speechStopped, item_id }),
    takesTurn: (itemId) => say(frames.committed(itemId), frames.turnCreated(itemId)),
    refusesTurn: () => say(frames.errorFrame('Error committing input audio buffer, maybe no audio data.')),
    callerSaid: (itemId, text) => say(frames.callerDone(itemId, text)),
    begins: (id) => say(frames.responseCreated(id)),
    says: (id, itemId, audio, words) =>
      say(frames.transcriptDelta(id, words, itemId), frames.audioDelta(id, audio, itemId)),
    callsTool: (id, toolCallId, name, args) => say(frames.argumentsDone(id, toolCallId, name, args)),
    ends: (id, status) => say(frames.responseDone(id, status)),
    breaks: () => client.reset(),
    done: (deed) => deedDone(client, deed),
  }
}

async function stage(): Promise<Required<ProviderStage>> {
  const puppet = await ModelPuppet.start()
  const model = 'qwen3.5-omni-flash-realtime'
  const base = { url: puppet.url, apiKey: 'sk-1', model, batchMs: 20, clock: systemClock } as const
  return {
    provider: makeQwenProvider(base),
    manual: makeQwenProvider({ ...base, turnDetection: 'manual' }),
    hand: () => handOf(puppet.client),
    [Symbol.asyncDispose]: () => puppet[Symbol.asyncDispose](),
  }
}

describeProvider('Qwen over a real socket', stage)
describeConversation('Qwen over a real socket', stage)
