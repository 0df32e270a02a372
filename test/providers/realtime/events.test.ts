import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readServerEvent } from '../../../src/providers/realtime/events.ts'
import * as frames from './frames.ts'

const read = (frame: unknown) => readServerEvent(JSON.stringify(frame))
const known = (name: string) => ({ type: 'ignored', why: 'known', name })

/** The whole set of the protocol's page, and what becomes of each. */
const table: readonly (readonly [string, frames.Frame, Record<string, unknown>])[] = [
  [
    'error',
    frames.errorFrame('no'),
    { type: 'error', error: { type: 'invalid_request_error', code: '', message: 'no' } },
  ],
  ['session.created', frames.sessionCreated, { type: 'session-created' }],
  ['session.updated', frames.sessionUpdated({ voice: 'x' }), { type: 'session-updated', session: { voice: 'x' } }],
  ['session.updated', {}, { type: 'session-updated', session: {} }],
  ['input_audio_buffer.speech_started', frames.speechStarted, { type: 'speech-started' }],
  ['input_audio_buffer.speech_stopped', frames.speechStopped, { type: 'speech-stopped' }],
  ['input_audio_buffer.committed', { item_id: 'i' }, { type: 'committed', itemId: 'i' }],
  ['input_audio_buffer.commited', {}, { type: 'committed', itemId: '' }],
  ['input_audio_buffer.cleared', {}, known('input_audio_buffer.cleared')],
  [
    'conversation.item.created',
    { item: { id: 'i', role: 'assistant', content: [{ type: 'input_audio' }] } },
    { type: 'item-created', itemId: 'i', spoken: true },
  ],
  [
    'conversation.item.input_audio_transcription.delta',
    { item_id: 'i', text: 'a', stash: 'b', language: 'zh', emotion: 'neutral', obfuscation: 'x' },
    { type: 'caller-text', itemId: 'i', text: 'ab' },
  ],
  [
    'conversation.item.input_audio_transcription.completed',
    { item_id: 'i', transcript: ' hello ' },
    { type: 'caller-text-done', itemId: 'i', text: 'hello' },
  ],
  [
    'conversation.item.input_audio_transcription.failed',
    { item_id: 'i', error: { code: 'c' } },
    { type: 'caller-text-done', itemId: 'i', text: '' },
  ],
  ['response.created', frames.responseCreated('r'), { type: 'response-created', responseId: 'r' }],
  ['response.output_item.added', { response_id: 'r', item: {} }, known('response.output_item.added')],
  ['response.content_part.added', { response_id: 'r', part: {} }, known('response.content_part.added')],
  ['response.content_part.done', { response_id: 'r', part: {} }, known('response.content_part.done')],
  [
    'response.audio_transcript.delta',
    { response_id: 'r', item_id: 'i', delta: 'd' },
    { type: 'agent-text', responseId: 'r', itemId: 'i', delta: 'd' },
  ],
  [
    'response.audio_transcript.done',
    { response_id: 'r', item_id: 'i', transcript: 't' },
    { type: 'agent-text-done', responseId: 'r', itemId: 'i', text: 't' },
  ],
  [
    'response.audio.delta',
    { response_id: 'r', item_id: 'i', delta: 'AAA=' },
    { type: 'audio', responseId: 'r', itemId: 'i', base64: 'AAA=' },
  ],
  ['response.audio.done', { response_id: 'r' }, known('response.audio.done')],
  [
    'response.text.delta',
    { response_id: 'r', item_id: 'i', delta: 'd' },
    { type: 'agent-text', responseId: 'r', itemId: 'i', delta: 'd' },
  ],
  [
    'response.text.done',
    { response_id: 'r', item_id: 'i', text: 't' },
    { type: 'agent-text-done', responseId: 'r', itemId: 'i', text: 't' },
  ],
  ['response.function_call_arguments.delta', { delta: ' {' }, known('response.function_call_arguments.delta')],
  [
    'response.function_call_arguments.done',
    { response_id: 'r', item_id: 'i', call_id: 'c', name: 'n', arguments: ' {"a": 1}' },
    { type: 'tool-call', responseId: 'r', itemId: 'i', toolCallId: 'c', name: 'n', args: '{"a": 1}' },
  ],
  ['response.output_item.done', { response_id: 'r', item: { type: 'message' } }, known('response.output_item.done')],
  [
    'response.done',
    frames.responseDone('r', 'incomplete'),
    {
      type: 'response-done',
      responseId: 'r',
      status: 'incomplete',
      usage: { inputTokens: 336, outputTokens: 41, inputAudioTokens: 108, outputAudioTokens: 32 },
    },
  ],
  ['session.finished', {}, known('session.finished')],
  // The newer dialect's names and ways, which mean the same.
  [
    'conversation.item.input_audio_transcription.delta',
    { item_id: 'i', delta: ' how', content_index: 0, logprobs: null },
    { type: 'caller-piece', itemId: 'i', delta: ' how' },
  ],
  [
    'response.done',
    {
      response: {
        id: 'r',
        status: 'failed',
        status_details: { type: 'failed', error: { type: 'tokens', code: 'rate_limit_exceeded', message: 'slow' } },
        usage: { input_tokens: 9, input_token_details: { audio_tokens: 7 }, output_token_details: { audio_tokens: 5 } },
      },
    },
    {
      status: 'failed',
      failure: { type: 'tokens', code: 'rate_limit_exceeded', message: 'slow' },
      usage: { inputTokens: 9, inputAudioTokens: 7, outputAudioTokens: 5 },
    },
  ],
  [
    'response.output_audio.delta',
    { response_id: 'r', item_id: 'i', delta: 'AAA=' },
    { type: 'audio', responseId: 'r', itemId: 'i', base64: 'AAA=' },
  ],
  ['response.output_audio.done', { response_id: 'r' }, known('response.output_audio.done')],
  [
    'response.output_audio_transcript.delta',
    { response_id: 'r', item_id: 'i', delta: 'd' },
    { type: 'agent-text', responseId: 'r', itemId: 'i', delta: 'd' },
  ],
  [
    'response.output_audio_transcript.done',
    { response_id: 'r', item_id: 'i', transcript: 't' },
    { type: 'agent-text-done', responseId: 'r', itemId: 'i', text: 't' },
  ],
  [
    'response.output_text.delta',
    { response_id: 'r', item_id: 'i', delta: 'd' },
    { type: 'agent-text', responseId: 'r', itemId: 'i', delta: 'd' },
  ],
  [
    'response.output_text.done',
    { response_id: 'r', item_id: 'i', text: 't' },
    { type: 'agent-text-done', responseId: 'r', itemId: 'i', text: 't' },
  ],
  ['conversation.item.added', {}, { type: 'item-created', itemId: '', spoken: false }],
  ['conversation.item.done', {}, known('conversation.item.done')],
  ['conversation.item.truncated', {}, { type: 'truncated' }],
  ['conversation.item.deleted', {}, known('conversation.item.deleted')],
  ['conversation.created', {}, known('conversation.created')],
  ['input_audio_buffer.timeout_triggered', {}, known('input_audio_buffer.timeout_triggered')],
  ['rate_limits.updated', {}, known('rate_limits.updated')],
]

describe('every frame of the model means something or is knowingly left', () => {
  test.each(table)('%s', (type, frame, expected) => {
    expect(read({ ...frame, type, surprise: { deep: [1] } })).toMatchObject(expected)
  })
})

test('a tool turn costs no output sound, and a response without usage costs nothing known', () => {
  const tool = { total_tokens: 567, input_tokens: 524, output_tokens: 43, output_tokens_details: { text_tokens: 43 } }
  expect(read(frames.responseDone('r', 'completed', { usage: tool }))).toMatchObject({
    usage: { inputTokens: 524, outputTokens: 43, inputAudioTokens: 0, outputAudioTokens: 0 },
  })
  expect(read(frames.responseDone('r', 'completed', {}))).not.toHaveProperty('usage')
})

test('a tool call is known by its finished item too, and no arguments are an empty object', () => {
  const done = frames.callItemDone('r', 'c', 'n', '')
  expect(read(done)).toMatchObject({ toolCallId: 'c', name: 'n', args: '{}', whole: true })
  expect(read({ ...done, item: { ...(done['item'] as object), status: 'incomplete' } })).toMatchObject({ whole: false })
  expect(read(frames.argumentsDone('r', 'c', 'n', ''))).toMatchObject({ whole: false })
})

test('why an answer was cut is no failure', () => {
  const cut = { status_details: { type: 'cancelled', reason: 'turn_detected', error: null } }
  expect(read(frames.responseDone('r', 'cancelled', cut))).toEqual({
    type: 'response-done',
    responseId: 'r',
    status: 'cancelled',
  })
})

test('what cannot be used is said to be malformed or unknown, by its name', () => {
  expect(read({ type: 'response.audio.delta', delta: 'AAA=' })).toMatchObject({ why: 'malformed' })
  expect(read({ type: 'response.created', response: 'r' })).toMatchObject({ why: 'malformed' })
  expect(read({ type: 'response.function_call_arguments.done', response_id: 'r', call_id: 'c' })).toMatchObject({
    why: 'malformed',
  })
  expect(read({ type: 'x'.repeat(500) })).toEqual({ type: 'ignored', why: 'unknown', name: 'x'.repeat(80) })
  expect(read({ type: 'constructor' })).toMatchObject({ why: 'unknown' })
  for (const text of ['', '{', 'null', '[]', '7', '{"choices":[]}', '{"type":3}']) {
    expect(readServerEvent(text)).toMatchObject({ type: 'ignored', why: 'malformed' })
  }
})

test('nothing on the wire makes reading throw', () => {
  const types = fc.constantFrom(...table.map(([type]) => type))
  const fields = fc.dictionary(
    fc.constantFrom('response', 'response_id', 'item', 'item_id', 'delta', 'session', 'error', 'text', 'arguments'),
    fc.jsonValue({ maxDepth: 3 }),
  )
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.tuple(types, fields)), (one) => {
      const text = typeof one === 'string' ? one : JSON.stringify({ ...one[1], type: one[0] })
      expect(readServerEvent(text)).toHaveProperty('type')
    }),
    { numRuns: 2000 },
  )
})

/** The frames that carry sound are read without JSON.parse where they are plain, so both ways must agree. */
describe('sound', () => {
  const ids = { event_id: 'event_1', type: 'response.audio.delta', response_id: 'resp_1', item_id: 'item_1' }
  const frame = { ...ids, output_index: 0, content_index: 0, delta: 'AAECAw==' }
  const newer = 'response.output_audio.delta'
  const heard = { type: 'audio', responseId: 'resp_1', itemId: 'item_1', base64: 'AAECAw==' }

  test.each([
    ['as the model writes it', JSON.stringify(frame)],
    ['with blanks, as the pages print it', JSON.stringify(frame).replaceAll(/([,:{])/g, '$1 ')],
    ['over several lines', JSON.stringify(frame, undefined, 2)],
    ['with its keys in another order', JSON.stringify(Object.fromEntries(Object.entries(frame).reverse()))],
    ['with a field that nobody knows', JSON.stringify({ ...frame, later: true })],
    ['with a field that nobody knows in front', JSON.stringify({ newer: { delta: 'x' }, ...frame })],
    ['without indices', JSON.stringify({ ...ids, delta: frame.delta })],
    ['with its type first', JSON.stringify(Object.assign({ type: '' }, frame))],
    ['with its type first and its newer name', JSON.stringify(Object.assign({ type: newer }, frame, { type: newer }))],
    ['by its newer name', JSON.stringify({ ...frame, type: newer })],
    ['written with escapes', JSON.stringify(frame).replace('AAEC', '\\u0041AEC')],
    [
      'said twice, of which the last counts',
      JSON.stringify({ ...frame, delta: 'x' }).replace('}', ',"delta":"AAECAw=="}'),
    ],
  ])('is the same sound %s', (_, json) => {
    expect(readServerEvent(json)).toEqual(heard)
  })

  test.each([
    ['cut off', JSON.stringify(frame).slice(0, -2)],
    ['with something behind it', `${JSON.stringify(frame)}x`],
  ])('that is no JSON is no sound: %s', (_, json) => {
    expect(readServerEvent(json)).toMatchObject({ type: 'ignored', why: 'malformed' })
  })
})
