import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { checkOptions, type OpenAiOptions } from '../../../src/providers/openai/options.ts'
import { agreement, sessionUpdate } from '../../../src/providers/openai/session-config.ts'

const lookup = {
  name: 'lookup_order',
  description: 'Finds an order.',
  parameters: { type: 'object', properties: { id: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
}

function updateOf(more: Partial<OpenAiOptions> = {}, tools = [lookup]) {
  const base = { url: 'wss://host/v1', apiKey: 'sk-1', model: 'gpt-realtime', auth: 'bearer', batchMs: 20 } as const
  const settings = checkOptions({ ...base, clock: systemClock, ...more })
  return sessionUpdate(settings, { callId: 'call-1', instructions: 'Be brief.', tools })
}

test('a session is asked for as it will be: mu-law both ways, sound out, flat tools as they are', () => {
  expect(updateOf()).toEqual({
    type: 'session.update',
    session: {
      type: 'realtime',
      output_modalities: ['audio'],
      instructions: 'Be brief.',
      audio: {
        input: {
          format: { type: 'audio/pcmu' },
          transcription: { model: 'gpt-4o-transcribe' },
          turn_detection: { type: 'server_vad', create_response: true, interrupt_response: true },
        },
        output: { format: { type: 'audio/pcmu' }, voice: 'marin' },
      },
      tools: [{ type: 'function', ...lookup }],
      tool_choice: 'auto',
    },
  })
})

test('a session without tools names none', () => {
  expect(Object.keys(updateOf({}, [])['session'] as object)).not.toContain('tool_choice')
})

test.each<[string, Partial<OpenAiOptions>, unknown]>([
  [
    'by loudness, as it is set',
    { vadThreshold: 0.7, vadSilenceMs: 400, modelInterrupts: false },
    {
      type: 'server_vad',
      threshold: 0.7,
      silence_duration_ms: 400,
      create_response: true,
      interrupt_response: false,
    },
  ],
  [
    'by sense, which has no threshold',
    { turnDetection: 'semantic_vad', vadThreshold: 0.7, vadSilenceMs: 400 },
    { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true },
  ],
  ['by the call', { turnDetection: 'manual', vadThreshold: 0.7 }, null],
])('turns are ended %s', (_, options, expected) => {
  expect(updateOf(options)).toMatchObject({ session: { audio: { input: { turn_detection: expected } } } })
})

test('a language is a sentence of the instructions, and a tag helps who writes the words down', () => {
  const instructions = 'Be brief.\n\nSpeak German unless the caller asks for another language.'
  const transcription = { model: 'whisper-1', language: 'de' }
  expect(updateOf({ language: 'de-CH', auth: 'api-key' })).toMatchObject({
    session: { instructions: instructions.replace('German', 'Swiss High German'), audio: { input: { transcription } } },
  })
  const byName = updateOf({ language: 'German', transcriptionModel: 'gpt-transcribe' })
  expect(byName).toMatchObject({ session: { instructions } })
  expect(JSON.stringify(byName)).toContain('"transcription":{"model":"gpt-transcribe"}')
})

const mulaw = { encoding: 'mulaw', sampleRate: 8000 }

test.each<[string, object, object]>([
  ['nothing', {}, { input: mulaw, output: mulaw, turnsBy: 'caller' }],
  [
    'what was asked',
    { input: { format: { type: 'audio/pcmu' }, turn_detection: null }, output: { format: { type: 'audio/pcmu' } } },
    { input: mulaw, output: mulaw, turnsBy: 'caller' },
  ],
  [
    'other formats, and that it listens for turns itself',
    {
      input: { format: { type: 'audio/pcma' }, turn_detection: { type: 'server_vad' } },
      output: { format: { type: 'audio/pcm', rate: 24000 } },
    },
    {
      input: { encoding: 'alaw', sampleRate: 8000 },
      output: { encoding: 'pcm16', sampleRate: 24000 },
      turnsBy: 'model',
    },
  ],
])('a session is what the server says it is: %s', (_, audio, expected) => {
  expect(agreement({ turnDetection: 'manual' }, { audio })).toEqual(expected)
})

test('a session whose sound nobody can read is none', () => {
  const stated = { audio: { output: { format: { type: 'audio/opus' } } } }
  expect(() => agreement({ turnDetection: 'server_vad' }, stated)).toThrow(
    expect.objectContaining({ code: 'provider-protocol' }),
  )
})
