import type { AnswerIds, Script } from './script.ts'

const format = { type: 'audio/pcmu' }
const turnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  idle_timeout_ms: null,
  create_response: true,
  interrupt_response: true,
}
const plain = {
  type: 'realtime',
  object: 'realtime.session',
  model: 'gpt-realtime',
  output_modalities: ['audio'],
  instructions: '',
  tools: [],
  tool_choice: 'auto',
  max_output_tokens: 'inf',
  tracing: null,
  truncation: 'auto',
  prompt: null,
  expires_at: 4_000_000_000,
  audio: {
    input: { format, transcription: null, noise_reduction: null, turn_detection: turnDetection },
    output: { format, voice: 'marin', speed: 1 },
  },
  include: null,
}
const transcript = 'We are open from nine to five on weekdays, '
const usage = {
  total_tokens: 377,
  input_tokens: 336,
  output_tokens: 41,
  input_token_details: { text_tokens: 228, audio_tokens: 108, cached_tokens: 0 },
  output_token_details: { text_tokens: 9, audio_tokens: 32 },
}

function response({ responseId }: AnswerIds, status: string, output: readonly object[]): object {
  const base = { object: 'realtime.response', id: responseId, status, status_details: null, output }
  const audio = { output: { format, voice: 'marin' } }
  return {
    ...base,
    conversation_id: 'conv_CQwE1tUyZmYw',
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    audio,
  }
}

function item({ itemId }: AnswerIds, status: string, content: readonly object[]): object {
  return { id: itemId, type: 'message', status, role: 'assistant', content }
}

function place({ responseId, itemId }: AnswerIds): object {
  return { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 }
}

/** OpenAI's Realtime API in its general-availability form, mu-law both ways: what bridges of that side speak. */
export const openaiScript: Script = {
  created: (id) => ({ type: 'session.created', session: { ...plain, id } }),
  updated: (id, session) => ({ type: 'session.updated', session: { ...plain, ...session, id } }),
  answerBegins: (ids) => [
    { type: 'response.created', response: response(ids, 'in_progress', []) },
    {
      type: 'response.output_item.added',
      response_id: ids.responseId,
      output_index: 0,
      item: item(ids, 'in_progress', []),
    },
    { type: 'conversation.item.added', previous_item_id: null, item: item(ids, 'in_progress', []) },
    { type: 'response.content_part.added', ...place(ids), part: { type: 'audio', transcript: '' } },
  ],
  words: (ids) => ({ type: 'response.output_audio_transcript.delta', ...place(ids), delta: 'We are open ' }),
  soundFields: (ids) => ({ type: 'response.output_audio.delta', ...place(ids) }),
  answerCut: (ids) => [
    { type: 'response.output_audio.done', ...place(ids) },
    { type: 'response.output_audio_transcript.done', ...place(ids), transcript },
    { type: 'response.content_part.done', ...place(ids), part: { type: 'audio', transcript } },
    {
      type: 'conversation.item.done',
      previous_item_id: null,
      item: item(ids, 'incomplete', [{ type: 'output_audio', transcript }]),
    },
    {
      type: 'response.output_item.done',
      response_id: ids.responseId,
      output_index: 0,
      item: item(ids, 'incomplete', [{ type: 'output_audio', transcript }]),
    },
    {
      type: 'response.done',
      response: {
        ...response(ids, 'cancelled', [item(ids, 'incomplete', [{ type: 'output_audio', transcript }])]),
        status_details: { type: 'cancelled', reason: 'turn_detected' },
        usage,
      },
    },
  ],
  callerBegins: (itemId, atMs) => ({
    type: 'input_audio_buffer.speech_started',
    audio_start_ms: atMs,
    item_id: itemId,
  }),
  callerEnds: (itemId, atMs) => {
    const content = [{ type: 'input_audio', transcript: null }]
    const said = { id: itemId, type: 'message', status: 'completed', role: 'user', content }
    return [
      { type: 'input_audio_buffer.speech_stopped', audio_end_ms: atMs, item_id: itemId },
      { type: 'input_audio_buffer.committed', previous_item_id: null, item_id: itemId },
      { type: 'conversation.item.added', previous_item_id: null, item: said },
      { type: 'conversation.item.done', previous_item_id: null, item: said },
    ]
  },
  noneActive: {
    type: 'error',
    error: {
      type: 'invalid_request_error',
      code: 'response_cancel_not_active',
      message: 'Cancellation failed: no active response found',
      param: null,
      event_id: null,
    },
  },
  reply: ({ type, item_id, content_index, audio_end_ms }) =>
    type === 'conversation.item.truncate'
      ? [{ type: 'conversation.item.truncated', item_id, content_index, audio_end_ms }]
      : [],
}
