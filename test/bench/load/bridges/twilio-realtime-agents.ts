import { Agent, TwilioRealtimeBridge } from 'twilio-realtime-agents'
import { openaiRealtime } from 'twilio-realtime-agents/openai'
import { serveBridge } from './serve.ts'

const bridges = new Map<string, TwilioRealtimeBridge>()

/**
 * As its README has it, over its own mu-law dialect: payloads pass through untouched. The caller speaks first, because
 * else it hears nothing of the caller until its greeting is over.
 */
function bridgeTo(modelUrl: string): TwilioRealtimeBridge {
  return new TwilioRealtimeBridge({
    agent: new Agent({ name: 'Receptionist', instructions: 'Answer the phone briefly and warmly.', voice: 'marin' }),
    provider: openaiRealtime({ apiKey: 'any', baseUrl: modelUrl }),
    session: { greeting: { mode: 'user-initiates' } },
  })
}

serveBridge((carrier, modelUrl) => {
  const bridge = bridges.get(modelUrl) ?? bridgeTo(modelUrl)
  bridges.set(modelUrl, bridge)
  bridge.handleConnection(carrier)
})
