import { once } from 'node:events'
import { OpenAIRealtimeWebSocket } from '@openai/agents/realtime'
import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import { tone } from '../../../src/audio/tone.ts'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import { GA_MODEL } from './ga.ts'
import { KEY, serve } from './raw-client.ts'

const script: Script = {
  turns: [{ transcript: 'A table, please.' }],
  replies: [
    [{ do: 'call', name: 'look_up', args: '{"day":"Friday"}' }],
    [
      { do: 'say', text: 'For how many?' },
      { do: 'tone', hz: 440, ms: 300 },
    ],
  ],
}

describe('the makers’ own client', () => {
  it('has a turn, a call of a tool and an answer with this server', async () => {
    await using server = await serve(script, { dialect: 'openai' })
    const client = new OpenAIRealtimeWebSocket({ url: `${server.url}?model=${GA_MODEL}`, useInsecureApiKey: true })
    const heard: Buffer[] = []
    const errors: unknown[] = []
    client.on('audio', ({ data }) => heard.push(Buffer.from(data)))
    client.on('error', (error) => errors.push(error))
    client.on('function_call', (call) => client.sendFunctionCallOutput(call, 'one table', true))
    const turnDone = new Promise<void>((resolve) => client.on('audio_done', resolve))
    const initialSessionConfig = {
      instructions: 'Be brief.',
      voice: 'marin',
      audio: {
        input: {
          format: { type: 'audio/pcmu' as const },
          turnDetection: { type: 'server_vad' as const, silenceDurationMs: 200 },
        },
        output: { format: { type: 'audio/pcmu' as const } },
      },
    }
    try {
      await client.connect({ apiKey: KEY, model: GA_MODEL, initialSessionConfig })
      const sound = Buffer.concat([encodeMulaw(tone(300, 200, 8000)), Buffer.alloc(2400, 0xff)])
      client.sendAudio(new Uint8Array(sound).buffer)
      await Promise.race([turnDone, once(AbortSignal.timeout(5000), 'abort')])
    } finally {
      client.close()
    }
    expect(errors).toEqual([])
    expect(Buffer.concat(heard)).toEqual(Buffer.from(encodeMulaw(tone(440, 300, 8000))))
    expect(server.sessions[0]?.items.map((item) => [item.type, item.text])).toEqual([
      ['message', 'A table, please.'],
      ['function_call', '{"day":"Friday"}'],
      ['function_call_output', 'one table'],
      ['message', 'For how many?'],
    ])
  })
})
