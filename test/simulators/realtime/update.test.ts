import { describe, expect, it } from 'vitest'
import { connect, type Event, MODEL, serve, serveByHand, silence } from './raw-client.ts'

const QWEN38 = 'qwen3.8-omni-flash-realtime'
const QWEN3 = 'qwen3-omni-flash-realtime-2025-12-01'
const TURBO = 'qwen-omni-turbo-realtime-latest'
const tool = {
  type: 'function',
  function: { name: 'hours', description: 'Opening hours', parameters: { type: 'object' } },
}
const mcp = { type: 'mcp', server_label: 'shop', server_url: 'https://shop.example/mcp', authorization: 'secret' }

describe('an update', () => {
  it('is echoed with the whole configuration, and the mind is told', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    client.update({
      modalities: ['audio', 'text'],
      voice: 'Ethan',
      instructions: 'You are the front desk.',
      audio: { input: { format: { type: 'pcm', sample_rate: 8000 } }, output: { format: { sample_rate: 16000 } } },
      turn_detection: { type: 'semantic_vad', threshold: -0.5, silence_duration_ms: 500 },
      tools: [tool],
      temperature: 1.2,
      top_k: null,
      seed: 7,
      unheard_of: { yes: true },
    })
    const { session } = await client.next('session.updated')
    expect(session).toEqual({
      id: expect.stringMatching(/^sess_/),
      object: 'realtime.session',
      model: MODEL,
      modalities: ['text', 'audio'],
      instructions: 'You are the front desk.',
      voice: 'Ethan',
      input_audio_format: 'pcm',
      output_audio_format: 'pcm',
      audio: {
        input: { format: { type: 'pcm', sample_rate: 8000 } },
        output: { format: { type: 'pcm', sample_rate: 16000 } },
      },
      input_audio_transcription: { model: 'qwen3-asr-flash-realtime' },
      turn_detection: {
        type: 'semantic_vad',
        threshold: -0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
        create_response: true,
        interrupt_response: true,
      },
      enable_search: false,
      search_options: {},
      tools: [tool],
      temperature: 1.2,
      max_response_output_token: 'inf',
      top_p: 0.8,
      top_k: null,
      max_tokens: 16384,
      repetition_penalty: 1,
      presence_penalty: 1.5,
      seed: 7,
    })
    expect(minds[0]?.config).toEqual({
      instructions: 'You are the front desk.',
      voice: 'Ethan',
      inputRate: 8000,
      outputRate: 16000,
      vad: { type: 'semantic_vad', threshold: -0.5, silenceMs: 500 },
      tools: [{ name: 'hours', description: 'Opening hours', parameters: { type: 'object' } }],
    })
    client.update({ instructions: 'Be brief.' })
    expect((await client.next('session.updated', 2))['session']).toEqual({ ...session, instructions: 'Be brief.' })
  })

  it('takes null for what is not set, and for turns that the client ends', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.update({
      modalities: null,
      voice: null,
      instructions: null,
      input_audio_format: null,
      input_audio_transcription: { model: null },
      tools: null,
      temperature: null,
      enable_search: null,
      smooth_output: null,
      turn_detection: { type: null, threshold: null, silence_duration_ms: null, idle_timeout_ms: null },
    })
    const first = (await client.next('session.updated'))['session']
    expect(first).toMatchObject({ voice: 'Tina', temperature: 0.7, turn_detection: { threshold: 0.5 } })
    expect(first.input_audio_transcription).toEqual({ model: 'qwen3-asr-flash-realtime' })
    client.update({ turn_detection: null, input_audio_transcription: null })
    const second = (await client.next('session.updated', 2))['session']
    expect(second).toMatchObject({ turn_detection: null, input_audio_transcription: null })
    expect(client.types).not.toContain('error')
  })

  it('takes the form of 2025', async () => {
    await using server = await serve({})
    await using client = await connect(server, TURBO)
    client.update({
      modalities: ['text', 'audio'],
      voice: 'Cherry',
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: { model: 'gummy-realtime-v1' },
      turn_detection: { type: 'server_vad', threshold: 0.1, prefix_padding_ms: 500, silence_duration_ms: 900 },
      temperature: 0.1,
    })
    const { session } = await client.next('session.updated')
    // The sampling of turbo is fixed, and it knows no search.
    expect(session).toMatchObject({ voice: 'Cherry', temperature: 1, turn_detection: { prefix_padding_ms: 500 } })
    expect(session).not.toHaveProperty('enable_search')
    expect(session).not.toHaveProperty('audio')
  })

  it.each<[string, Event, string]>([
    [MODEL, { modalities: ['audio'] }, 'modalities'],
    [MODEL, { modalities: 'text' }, 'modalities'],
    [MODEL, { instructions: 7 }, 'instructions'],
    [MODEL, { input_audio_format: 'g711_ulaw' }, 'input_audio_format'],
    [MODEL, { output_audio_format: 'mulaw' }, 'output_audio_format'],
    [MODEL, { audio: { input: { format: { sample_rate: 11_025 } } } }, 'audio.input.format.sample_rate'],
    [MODEL, { audio: { output: { format: { sample_rate: '8000' } } } }, 'audio.output.format.sample_rate'],
    [MODEL, { audio: { output: { format: { type: 'wav' } } } }, 'audio.output.format.type'],
    [QWEN38, { audio: { input: { format: { sample_rate: 8000 } } } }, 'audio.input.format.sample_rate'],
    [MODEL, { input_audio_transcription: 'gummy' }, 'input_audio_transcription'],
    [MODEL, { turn_detection: 'server_vad' }, 'turn_detection'],
    [MODEL, { turn_detection: { type: 'smart_turn' } }, 'turn_detection.type'],
    [QWEN3, { turn_detection: { type: 'semantic_vad' } }, 'turn_detection.type'],
    [MODEL, { turn_detection: { threshold: 1.1 } }, 'turn_detection.threshold'],
    [MODEL, { turn_detection: { threshold: -1.1 } }, 'turn_detection.threshold'],
    [MODEL, { turn_detection: { silence_duration_ms: 199 } }, 'turn_detection.silence_duration_ms'],
    [MODEL, { turn_detection: { silence_duration_ms: 6001 } }, 'turn_detection.silence_duration_ms'],
    [MODEL, { turn_detection: { create_response: 'no' } }, 'turn_detection.create_response'],
    [MODEL, { turn_detection: { idle_timeout_ms: 4999 } }, 'turn_detection.idle_timeout_ms'],
    [MODEL, { turn_detection: { idle_timeout_ms: 30_001 } }, 'turn_detection.idle_timeout_ms'],
    [MODEL, { turn_detection: { type: 'semantic_vad', idle_timeout_ms: 5000 } }, 'turn_detection.idle_timeout_ms'],
    [QWEN3, { turn_detection: { idle_timeout_ms: 5000 } }, 'turn_detection.idle_timeout_ms'],
    [QWEN38, { turn_detection: { idle_timeout_ms: 5000 } }, 'turn_detection.idle_timeout_ms'],
    [MODEL, { temperature: 2 }, 'temperature'],
    [MODEL, { top_p: 0 }, 'top_p'],
    [MODEL, { top_k: -1 }, 'top_k'],
    [MODEL, { max_tokens: 0 }, 'max_tokens'],
    [MODEL, { presence_penalty: 2.1 }, 'presence_penalty'],
    [MODEL, { seed: -2 }, 'seed'],
    [MODEL, { enable_search: 1 }, 'enable_search'],
    [MODEL, { tools: {} }, 'tools'],
    [MODEL, { tools: [{ type: 'function', name: 'flat' }] }, 'tools[0].function'],
    [MODEL, { tools: [tool, { type: 'retrieval' }] }, 'tools[1].type'],
    [MODEL, { tools: [{ type: 'function', function: { name: '' } }] }, 'tools[0].function.name'],
    [MODEL, { tools: [withSchema({ x: { anyOf: [] } })] }, 'tools[0].function.parameters'],
    [MODEL, { tools: [withSchema({ x: { type: ['string', 'null'] } })] }, 'tools[0].function.parameters'],
    [MODEL, { tools: [tool], enable_search: true }, 'tools'],
    [MODEL, { tools: [mcp] }, 'tools[0].type'],
    [QWEN38, { tools: [{ ...mcp, server_url: 'https://shop.example:8443/' }] }, 'tools[0].server_url'],
    [QWEN38, { tools: [{ ...mcp, server_label: '' }] }, 'tools[0].server_label'],
    [QWEN38, { tools: [{ ...mcp, require_approval: 'sometimes' }] }, 'tools[0].require_approval'],
  ])('of %s is refused with %j, and nothing of it holds', async (model, session, param) => {
    await using server = await serve({})
    await using client = await connect(server, model)
    client.update({ instructions: 'changed', ...session })
    const { error } = await client.next('error')
    expect(error).toMatchObject({
      type: 'invalid_request_error',
      code: 'invalid_value',
      param: `session.${param}`,
      message: expect.any(String),
    })
    client.update({})
    const updated = (await client.next('session.updated'))['session']
    expect(updated).not.toHaveProperty('instructions')
    expect(client.ofType('session.updated')).toHaveLength(1)
  })

  it('is refused in the very words of the service where they are known', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.update({ modalities: ['audio'] })
    expect((await client.next('error'))['error'].message).toBe(
      "Invalid modalities: ['audio']. Supported combinations are: ['text'] and ['audio', 'text'].",
    )
    client.update({ tools: [tool], enable_search: true })
    expect((await client.next('error', 2))['error'].message).toBe('Agent mode does not support tools')
    client.send({ type: 'session.update', session: 7 })
    expect((await client.next('error', 3))['error'].param).toBe('session')
  })

  it('costs the connection when the voice is unknown, unless any voice will do', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.update({ voice: 'Cherry' })
    expect((await client.next('error'))['error'].message).toBe("Voice 'Cherry' is not supported.")
    expect(await client.closed()).toEqual({ code: 1007, reason: "Voice 'Cherry' is not supported." })
    await using any = await serve({}, { voices: 'any' })
    await using other = await connect(any)
    other.update({ voice: 'Cherry' })
    expect((await other.next('session.updated'))['session'].voice).toBe('Cherry')
    await using own = await serve({}, { voices: ['slt'] })
    await using third = await connect(own)
    third.update({ voice: 'slt' })
    expect((await third.next('session.updated'))['session'].voice).toBe('slt')
  })

  it('sets the voice of the newest family where it looks first', async () => {
    await using server = await serve({})
    await using client = await connect(server, QWEN38)
    client.update({ voice: 'Tina', audio: { output: { voice: 'longanlingxin' } } })
    expect((await client.next('session.updated'))['session'].voice).toBe('longanlingxin')
  })

  it('cannot change the audio format once there was audio', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.append(silence(20))
    client.update({ audio: { input: { format: { type: 'pcm', sample_rate: 8000 } } } })
    expect((await client.next('error'))['error'].param).toBe('session.audio')
    client.update({ audio: { input: { format: { type: 'pcm', sample_rate: 16000 } } }, instructions: 'ok' })
    await client.next('session.updated')
  })

  it('changes no rate where the model only seems to take the nested form', async () => {
    const { server, minds } = await serveByHand({ behaviour: { nestedAudio: false } })
    await using _server = server
    await using client = await connect(server)
    client.update({ audio: { input: { format: { type: 'pcm', sample_rate: 8000 } } } })
    expect((await client.next('session.updated'))['session']).not.toHaveProperty('audio')
    expect(minds[0]?.config?.inputRate).toBe(16_000)
  })

  it('takes flat tools where the model is of that kind, and echoes them nested', async () => {
    await using server = await serve({}, { behaviour: { flatTools: true } })
    await using client = await connect(server)
    client.update({ tools: [{ ...tool.function, type: 'function' }] })
    expect((await client.next('session.updated'))['session'].tools).toEqual([tool])
  })

  it('never echoes the address or the secrets of an MCP server, nor changes one during an answer', async () => {
    await using server = await serve({ replies: [[{ do: 'pause', ms: 60_000 }]] })
    await using client = await connect(server, QWEN38)
    client.update({ tools: [mcp] })
    const { session } = await client.next('session.updated')
    expect(session.tools).toEqual([{ type: 'mcp', server_label: 'shop', require_approval: 'always' }])
    client.send({ type: 'response.create' })
    client.update({ tools: [] })
    expect((await client.next('error'))['error'].message).toContain('MCP')
  })
})

function withSchema(properties: object): object {
  return { type: 'function', function: { name: 'f', parameters: { type: 'object', properties } } }
}
