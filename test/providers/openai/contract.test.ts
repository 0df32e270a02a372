import { systemClock } from '../../../src/base/clock.ts'
import { makeOpenAiProvider } from '../../../src/providers/openai/provider.ts'
import { scriptedMinds } from '../../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../../src/simulators/realtime/server.ts'
import { describeConversation, describeProvider, type ModelHand, type ProviderStage } from '../../contract/provider.ts'
import { deedDone } from '../realtime/deeds.ts'
import { ModelPuppet, type PuppetClient } from '../realtime/model-puppet.ts'
import * as frames from './ga-frames.ts'

const base = { apiKey: 'sk-1', model: 'gpt-realtime', batchMs: 20, clock: systemClock } as const

function bothOf(options: { readonly url: string; readonly auth: 'bearer' | 'api-key' }) {
  return {
    provider: makeOpenAiProvider({ ...base, ...options }),
    manual: makeOpenAiProvider({ ...base, ...options, turnDetection: 'manual' }),
  }
}

function handOf(client: PuppetClient): ModelHand {
  const say = client.say.bind(client)
  return {
    speechStarts: (itemId) => say(frames.speech('started', itemId)),
    speechStops: (itemId) => say(frames.speech('stopped', itemId)),
    takesTurn: (itemId) => say(...frames.turnTaken(itemId)),
    refusesTurn: () => say(frames.emptyCommit),
    // The contract's models say it once; that it comes in pieces here is seen elsewhere.
    callerSaid: (itemId, text) => say(...frames.callerSaid(itemId, text).slice(-1)),
    begins: (id) => say(frames.responseCreated(id), frames.rateLimits),
    says: (id, itemId, audio, words) =>
      say(frames.transcriptDelta(id, itemId, words), frames.audioDelta(id, itemId, audio)),
    callsTool: (id, toolCallId, name, args) => say(...frames.toolCall(id, toolCallId, name, args)),
    ends: (id, status) => say(frames.responseDone(id, status)),
    breaks: () => client.reset(),
    done: (deed) => deedDone(client, deed),
  }
}

async function puppetStage(): Promise<Required<ProviderStage>> {
  const puppet = await ModelPuppet.start()
  return {
    ...bothOf({ url: puppet.url, auth: 'bearer' }),
    hand: () => handOf(puppet.client),
    [Symbol.asyncDispose]: () => puppet[Symbol.asyncDispose](),
  }
}

const simulatorStage = (dialect: 'openai' | 'azure') => async (): Promise<ProviderStage> => {
  const makeMind = scriptedMinds(systemClock, {})
  const server = await startRealtimeServer({ dialect, makeMind, apiKey: 'sk-1' })
  return {
    ...bothOf({ url: server.url, auth: dialect === 'azure' ? 'api-key' : 'bearer' }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describeProvider('OpenAI, simulated', simulatorStage('openai'))
describeProvider('Azure, simulated', simulatorStage('azure'))
describeConversation('OpenAI over a real socket', puppetStage)
