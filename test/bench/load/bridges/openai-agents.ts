import { RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import { serveBridge } from './serve.ts'

const agent = new RealtimeAgent({ name: 'Receptionist', instructions: 'Answer the phone briefly and warmly.' })

/** As its documentation has it: a session of the agents SDK over its Twilio transport, mu-law both ways. */
serveBridge((carrier, modelUrl) => {
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket: carrier })
  const session = new RealtimeSession(agent, { transport, model: 'gpt-realtime' })
  session.on('error', ({ error }) => process.stderr.write(`${JSON.stringify(error)}\n`))
  session.connect({ apiKey: 'any', url: modelUrl }).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    carrier.close()
  })
})
