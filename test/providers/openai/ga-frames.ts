import type { Frame } from '../realtime/frames.ts'

/** Server frames in GA's names and shapes, `type` first as that server writes them. */
export function sessionUpdated(session: Frame): Frame {
  return { type: 'session.updated', event_id: 'event_1', session: { object: 'realtime.session', ...session } }
}

export function speech(what: 'started' | 'stopped', item_id: string | undefined): Frame {
  return { type: `input_audio_buffer.speech_${what}`, event_id: 'event_2', audio_start_ms: 10, item_id }
}

/** What follows a commit: the turn's item twice over. */
export function turnTaken(item_id: string): readonly Frame[] {
  const content = [{ type: 'input_audio', transcript: null }]
  const item = { id: item_id, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content }
  return [
    { type: 'input_audio_buffer.committed', event_id: 'event_3', previous_item_id: null, item_id },
    { type: 'conversation.item.added', event_id: 'event_4', previous_item_id: null, item },
    { type: 'conversation.item.done', event_id: 'event_5', previous_item_id: null, item },
  ]
}

/** Words that come piece by piece, then whole. */
export function callerSaid(item_id: string, words: string): readonly Frame[] {
  const type = 'conversation.item.input_audio_transcription'
  return [
    { type: `${type}.delta`, event_id: 'event_6', item_id, content_index: 0, delta: words.slice(0, 3), logprobs: null },
    { type: `${type}.delta`, event_id: 'event_7', item_id, content_index: 0, delta: words.slice(3) },
    { type: `${type}.completed`, event_id: 'event_8', item_id, content_index: 0, transcript: words },
  ]
}

export function responseCreated(id: string): Frame {
  const response = { object: 'realtime.response', id, status: 'in_progress', output_modalities: ['audio'], output: [] }
  return { type: 'response.created', event_id: 'event_9', response }
}

export function audioDelta(response_id: string, item_id: string, bytes: Uint8Array): Frame {
  const at = { response_id, item_id, output_index: 0, content_index: 0 }
  const delta = Buffer.from(bytes).toString('base64')
  return { type: 'response.output_audio.delta', event_id: 'event_10', ...at, delta }
}

export function transcriptDelta(response_id: string, item_id: string, delta: string): Frame {
  const at = { response_id, item_id, output_index: 0, content_index: 0 }
  return { type: 'response.output_audio_transcript.delta', event_id: 'event_11', ...at, delta }
}

/** A function call: its arguments are said to be done, then its item is. */
export function toolCall(
  response_id: string,
  call_id: string,
  name: string,
  args: string,
  status: 'completed' | 'incomplete' = 'completed',
): readonly Frame[] {
  const item = { id: `item_of_${call_id}`, type: 'function_call', status, call_id, name, arguments: args }
  const done = { response_id, item_id: item.id, output_index: 0, call_id, name, arguments: args }
  return [
    { type: 'response.function_call_arguments.done', event_id: 'event_12', ...done },
    { type: 'response.output_item.done', event_id: 'event_13', response_id, output_index: 0, item },
  ]
}

export function responseDone(id: string, status: string, status_details: Frame | null = null): Frame {
  const usage = { input_tokens: 9, output_tokens: 5, input_token_details: { audio_tokens: 7 } }
  const response = { object: 'realtime.response', id, status, status_details, output: [], usage }
  return { type: 'response.done', event_id: 'event_14', response }
}

export const rateLimits: Frame = {
  type: 'rate_limits.updated',
  event_id: 'event_15',
  rate_limits: [{ name: 'tokens', limit: 1000, remaining: 990, reset_seconds: 0.1 }],
}

/** A commit was refused: the turn was too short to be one. */
export const emptyCommit: Frame = {
  type: 'error',
  event_id: 'event_16',
  error: {
    type: 'invalid_request_error',
    code: 'input_audio_buffer_commit_empty',
    message: 'Error committing input audio buffer: buffer too small.',
    param: null,
    event_id: null,
  },
}
