import type { AnswerIds, Script } from './script.ts'

const model = 'qwen3.5-omni-flash-realtime'
const turnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 800,
  create_response: true,
  interrupt_response: true,
}
const plain = {
  object: 'realtime.session',
  model,
  modalities: ['text', 'audio'],
  voice: 'Tina',
  input_audio_format: 'pcm',
  output_audio_format: 'pcm',
  input_audio_transcription: { model: 'qwen3-asr-flash-realtime' },
  turn_detection: turnDetection,
  enable_search: false,
  search_options: {},
  tools: [],
  temperature: 0.7,
}
const transcript = 'We are open from nine to five on weekdays, '

function response({ responseId }: AnswerIds, status: string, output: readonly object[]): object {
  const base = { id: responseId, object: 'realtime.response', conversation_id: 'conv_FjJaccpnvwHNo9cPVuzGc', status }
  return { ...base, modalities: ['text', 'audio'], voice: 'Tina', output_audio_format: 'pcm', output }
}

function item({ itemId }: AnswerIds, status: string, content: readonly object[]): object {
  return { id: itemId, object: 'realtime.item', type: 'message', status, role: 'assistant', content }
}

function place({ responseId, itemId }: AnswerIds): object {
  return { response_id: responseId, item_id: itemId, output_index: 0, content_index: 0 }
}

const usage = {
  total_tokens: 377,
  input_tokens: 336,
  output_tokens: 41,
  input_tokens_details: { text_tokens: 228, audio_tokens: 108 },
  output_tokens_details: { text_tokens: 9, audio_tokens: 32 },
}

/** Qwen-Omni-Realtime, the family of qwen3.5: PCM16, 16 kHz in and 24 kHz out. */
export const qwenScript: Script = {
  created: (id) => ({ type: 'session.created', session: { ...plain, id } }),
  updated: (id, session) => ({
    type: 'session.updated',
    session: { id, ...plain, ...session, max_response_output_token: 'inf', max_tokens: 16_384 },
  }),
  answerBegins: (ids) => [
    { type: 'response.created', response: response(ids, 'in_progress', []) },
    {
      type: 'response.output_item.added',
      response_id: ids.responseId,
      output_index: 0,
      item: item(ids, 'in_progress', []),
    },
    { type: 'conversation.item.created', item: item(ids, 'in_progress', []) },
    { type: 'response.content_part.added', ...place(ids), part: { type: 'audio', text: '' } },
  ],
  words: (ids) => ({ type: 'response.audio_transcript.delta', ...place(ids), delta: 'We are open ' }),
  soundFields: (ids) => ({ type: 'response.audio.delta', ...place(ids) }),
  answerCut: (ids) => [
    { type: 'response.audio_transcript.done', ...place(ids), transcript },
    { type: 'response.audio.done', ...place(ids) },
    { type: 'response.content_part.done', ...place(ids), part: { type: 'audio', text: transcript } },
    {
      type: 'response.output_item.done',
      response_id: ids.responseId,
      output_index: 0,
      item: item(ids, 'incomplete', [{ type: 'audio', text: transcript }]),
    },
    {
      type: 'response.done',
      response: { ...response(ids, 'cancelled', [item(ids, 'incomplete', [{ type: 'audio', transcript }])]), usage },
    },
  ],
  callerBegins: (itemId, atMs) => ({
    type: 'input_audio_buffer.speech_started',
    audio_start_ms: atMs,
    item_id: itemId,
  }),
  callerEnds: (itemId, atMs) => [
    { type: 'input_audio_buffer.speech_stopped', audio_end_ms: atMs, item_id: itemId },
    { type: 'input_audio_buffer.committed', item_id: itemId },
    {
      type: 'conversation.item.created',
      item: {
        id: itemId,
        object: 'realtime.item',
        type: 'message',
        status: 'in_progress',
        role: 'user',
        content: [{ type: 'input_audio' }],
      },
    },
    {
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: itemId,
      content_index: 0,
      transcript: 'When are you open?',
    },
  ],
  noneActive: {
    type: 'error',
    error: { type: 'invalid_request_error', code: '', message: 'Conversation has none active response', param: '' },
  },
  reply: () => [],
}
