import { describe, expect, it } from 'vitest'
import { connect, KEY, MODEL, refusal, serve } from './raw-client.ts'

const PLUS = 'qwen3.5-omni-plus-realtime'
const QWEN38 = 'qwen3.8-omni-flash-realtime'
const QWEN3 = 'qwen3-omni-flash-realtime-2025-12-01'
const TURBO = 'qwen-omni-turbo-realtime-latest'

describe('a new session', () => {
  it.each([
    [
      MODEL,
      { voice: 'Tina', input_audio_format: 'pcm', output_audio_format: 'pcm', temperature: 0.7, enable_search: false },
    ],
    [PLUS, { voice: 'Tina', input_audio_transcription: { model: 'qwen3-asr-flash-realtime' } }],
    [QWEN38, { voice: 'Tina', temperature: 0.6 }],
    [QWEN3, { voice: 'Cherry', input_audio_format: 'pcm16', output_audio_format: 'pcm24', tool_choice: 'auto' }],
    [
      TURBO,
      { voice: 'Chelsie', output_audio_format: 'pcm16', input_audio_transcription: { model: 'gummy-realtime-v1' } },
    ],
  ])('of %s begins with the defaults of its family', async (model, defaults) => {
    await using server = await serve({})
    await using client = await connect(server, model)
    const { session } = await client.next('session.created')
    expect(session).toMatchObject({
      object: 'realtime.session',
      model,
      modalities: ['text', 'audio'],
      turn_detection: {
        type: 'server_vad',
        threshold: 0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 800,
        create_response: true,
        interrupt_response: true,
      },
      tools: [],
      ...defaults,
    })
    expect(session.id).toMatch(/^sess_[A-Za-z0-9]{21}$/)
  })

  it('exists only for the models of the service', async () => {
    await using server = await serve({})
    for (const model of ['qwen3.8-omni-plus-realtime', 'qwen3.5-omni-flash', 'qwen3-omni-flash-realtime-x']) {
      expect(await refusal(`${server.url}?model=${model}`, KEY)).toMatchObject({ status: 400 })
    }
  })
})
