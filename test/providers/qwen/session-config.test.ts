import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { checkOptions, type QwenOptions } from '../../../src/providers/qwen/options.ts'
import { agreement, sessionUpdate, unmetWishes } from '../../../src/providers/qwen/session-config.ts'
import { plainSchema } from '../../../src/providers/qwen/tool-schema.ts'

const lookup = {
  name: 'lookup_order',
  description: 'Finds an order.',
  parameters: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
}
const conversation = { callId: 'call-1', instructions: 'Be brief.', tools: [lookup] }

function settings(model: string, more: Partial<QwenOptions> = {}) {
  return checkOptions({ url: 'wss://host/api', apiKey: 'sk-1', model, batchMs: 20, clock: systemClock, ...more })
}

test('the turbo family is spoken to as in its day', () => {
  expect(sessionUpdate(settings('qwen-omni-turbo-realtime'), conversation)).toEqual({
    type: 'session.update',
    session: {
      modalities: ['text', 'audio'],
      voice: 'Chelsie',
      instructions: 'Be brief.',
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: { model: 'gummy-realtime-v1' },
      turn_detection: { type: 'server_vad' },
    },
  })
})

test('qwen3 names its output rate and is given no tools, because it never calls one', () => {
  const qwen3 = settings('qwen3-omni-flash-realtime')
  const { session } = sessionUpdate(qwen3, conversation)
  expect(session).toMatchObject({ voice: 'Cherry', input_audio_format: 'pcm16', output_audio_format: 'pcm24' })
  expect(session).not.toHaveProperty('tools')
  expect(session).not.toHaveProperty('audio')
  expect(unmetWishes(qwen3, conversation)).toEqual([expect.stringContaining('never calls tools')])
})

test('qwen3.5 is given nested formats and tools, and only what was set', () => {
  const plus = settings('qwen3.5-omni-plus-realtime-2026-03-15', {
    turnDetection: 'semantic_vad',
    vadThreshold: 0.4,
    vadSilenceMs: 500,
    sampling: {
      temperature: 0.7,
      topP: 0.8,
      topK: 20,
      maxTokens: 2048,
      repetitionPenalty: 1,
      presencePenalty: 1,
      seed: 3,
    },
  })
  expect(sessionUpdate(plus, conversation)).toEqual({
    type: 'session.update',
    session: {
      modalities: ['text', 'audio'],
      voice: 'Tina',
      instructions: 'Be brief.',
      audio: {
        input: { format: { type: 'pcm', sample_rate: 16000 } },
        output: { format: { type: 'pcm', sample_rate: 24000 } },
      },
      input_audio_transcription: { model: 'qwen3-asr-flash-realtime' },
      turn_detection: { type: 'semantic_vad', threshold: 0.4, silence_duration_ms: 500 },
      tools: [{ type: 'function', function: lookup }],
      temperature: 0.7,
      top_p: 0.8,
      top_k: 20,
      max_tokens: 2048,
      repetition_penalty: 1,
      presence_penalty: 1,
      seed: 3,
    },
  })
})

test('qwen3.8 is told its input format alone', () => {
  expect(sessionUpdate(settings('qwen3.8-omni-flash-realtime'), conversation)['session']).toMatchObject({
    audio: { input: { format: { type: 'pcm', sample_rate: 16000 } } },
  })
})

test('search and tools exclude each other, and tools win', () => {
  const searching = settings('qwen3.5-omni-plus-realtime', { search: true })
  expect(sessionUpdate(searching, { ...conversation, tools: [] })['session']).toMatchObject({ enable_search: true })
  expect(sessionUpdate(searching, conversation)['session']).not.toHaveProperty('enable_search')
  expect(unmetWishes(searching, conversation)).toEqual(['tools exclude search, so search is off'])
  expect(unmetWishes(searching, { ...conversation, tools: [] })).toEqual([])
})

test('what the model does not support is never sent', () => {
  for (const model of ['qwen-omni-turbo-realtime', 'qwen3-omni-flash-realtime', 'qwen3.5-omni-flash-realtime', 'new']) {
    const { session } = sessionUpdate(settings(model), conversation)
    expect(session).not.toHaveProperty('tool_choice')
    expect(session).not.toHaveProperty('parallel_tool_calls')
    expect('audio' in Object(session) && 'input_audio_format' in Object(session)).toBe(false)
  }
})

test('a language that looks like a tag and is none stands for itself', () => {
  const odd = settings('qwen3.5-omni-plus-realtime', { language: 'any-old-lang' })
  expect(JSON.stringify(sessionUpdate(odd, conversation))).toContain('Speak any-old-lang unless')
})

test('a language, by tag or by name, becomes a sentence of the instructions', () => {
  const said = (language: string, instructions = 'Be brief.') =>
    sessionUpdate(settings('qwen3.5-omni-plus-realtime', { language }), { ...conversation, instructions })['session']
  expect(said('de')).toMatchObject({
    instructions: 'Be brief.\n\nSpeak German unless the caller asks for another language.',
  })
  expect(said('pt-BR', '')).toMatchObject({
    instructions: 'Speak Brazilian Portuguese unless the caller asks for another language.',
  })
  expect(said('Klingon')).toMatchObject({ instructions: expect.stringContaining('Speak Klingon') })
})

test('8 kHz is asked for only where wanted', () => {
  const narrow = sessionUpdate(settings('qwen3.5-omni-plus-realtime', { narrowband: true }), conversation)
  expect(narrow['session']).toMatchObject({
    audio: { input: { format: { sample_rate: 8000 } }, output: { format: { sample_rate: 8000 } } },
  })
  const stated = { audio: { input: { format: { sample_rate: 8000 } } } }
  expect(agreement({ turnDetection: 'server_vad' }, stated)).toEqual({
    input: { encoding: 'pcm16', sampleRate: 8000 },
    output: { encoding: 'pcm16', sampleRate: 24000 },
    turnsBy: 'model',
  })
})

test('a schema loses the unions that the model refuses, and nothing else', () => {
  const rich = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      day: { anyOf: [{ type: 'null' }, { type: 'string', enum: ['mon'] }], description: 'When' },
      people: { type: ['integer', 'null'], nullable: true },
      names: { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'number' }] } },
    },
    required: ['day'],
    additionalProperties: false,
  }
  expect(plainSchema(rich)).toEqual({
    type: 'object',
    properties: {
      day: { type: 'string', enum: ['mon'], description: 'When' },
      people: { type: 'integer' },
      names: { type: 'array', items: { type: 'string' } },
    },
    required: ['day'],
    additionalProperties: false,
  })
  const endless: Record<string, unknown> = { type: 'object' }
  endless['properties'] = { again: endless }
  expect(() => JSON.stringify(plainSchema(endless))).not.toThrow()
})

test.each([
  'qwen-omni-turbo-realtime',
  'qwen3-omni-flash-realtime',
  'qwen3.5-omni-plus-realtime',
  'qwen3.5-omni-flash-realtime',
  'qwen3.8-omni-flash-realtime',
])('%s is told to leave the turns to the call', (model) => {
  const manual = settings(model, { turnDetection: 'manual', vadThreshold: 0.5, vadSilenceMs: 500 })
  expect(sessionUpdate(manual, conversation)['session']).toMatchObject({ turn_detection: null })
})

test('the server is asked not to stop answers by itself only when that is wanted', () => {
  const detection = (modelInterrupts?: boolean) =>
    sessionUpdate(
      settings('qwen3.5-omni-plus-realtime', modelInterrupts === undefined ? {} : { modelInterrupts }),
      conversation,
    )['session']
  expect(detection(false)).toMatchObject({ turn_detection: { type: 'server_vad', interrupt_response: false } })
  for (const session of [detection(), detection(true)]) {
    expect(session).toMatchObject({ turn_detection: { type: 'server_vad' } })
    expect(JSON.stringify(session)).not.toContain('interrupt_response')
  }
  // Older families do not know it.
  const old = sessionUpdate(settings('qwen3-omni-flash-realtime', { modelInterrupts: false }), conversation)
  expect(JSON.stringify(old)).not.toContain('interrupt_response')
})
