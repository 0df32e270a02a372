/** Server frames in the shape of the provider's own samples, for tests that speak as the model. */
export type Frame = Readonly<Record<string, unknown>>

export const callerItem = 'item_YbAiGvK2H7YaS34o4R6Ba'
export const agentItem = 'item_Ls6MtCUWO7LM4E59QziNv'

export const sessionCreated: Frame = {
  event_id: 'event_RdvlSpbBb2ssyBjYrDHjt',
  type: 'session.created',
  session: { object: 'realtime.session', model: 'qwen3.5-omni-flash-realtime', voice: 'Tina', id: 'sess_Ov7GOXoNX' },
}

export function sessionUpdated(session: Frame = {}): Frame {
  return {
    event_id: 'event_X1HsXS4b4uptp6yo1LgKd',
    type: 'session.updated',
    session: {
      id: 'sess_Aih6vAcY5Ddt6jwFx1tCa',
      object: 'realtime.session',
      max_response_output_token: 'inf',
      ...session,
    },
  }
}

export const speechStarted: Frame = {
  event_id: 'event_Pvp8nEhsQuGCQbFJ9x58n',
  type: 'input_audio_buffer.speech_started',
  audio_start_ms: 3647,
  item_id: callerItem,
}

export const speechStopped: Frame = {
  event_id: 'event_UhQiqNVRsgUiq4KUS5Xb5',
  type: 'input_audio_buffer.speech_stopped',
  audio_end_ms: 4453,
  item_id: callerItem,
}

export function committed(item_id: string): Frame {
  return { event_id: 'event_Iy6sUzL1nmdFgshFYxJEz', type: 'input_audio_buffer.committed', item_id }
}

/** With the slip of the official sample: the caller's own turn has the role of the agent. */
export function turnCreated(id: string): Frame {
  const content = [{ type: 'input_audio' }]
  const item = { id, object: 'realtime.item', type: 'message', status: 'in_progress', role: 'assistant', content }
  return { event_id: 'event_JEfkrr9gO3Ny7Xcv9bGVd', type: 'conversation.item.created', item }
}

export function responseCreated(id: string): Frame {
  const response = { id, object: 'realtime.response', status: 'in_progress', voice: 'Tina', output: [] }
  return { event_id: 'event_XuDavMzQN3KKepqGu3KRh', type: 'response.created', response }
}

const usage: Frame = {
  total_tokens: 377,
  input_tokens: 336,
  output_tokens: 41,
  input_tokens_details: { text_tokens: 228, audio_tokens: 108 },
  output_tokens_details: { text_tokens: 9, audio_tokens: 32 },
}

export function responseDone(id: string, status = 'completed', more: Frame = { usage }): Frame {
  const response = { id, object: 'realtime.response', status, output: [], ...more }
  return { event_id: 'event_CSaxRRYLvbrfexDXAEuDG', type: 'response.done', response }
}

export function audioDelta(response_id: string, bytes: Uint8Array, item_id = agentItem): Frame {
  const delta = Buffer.from(bytes).toString('base64')
  return { type: 'response.audio.delta', response_id, item_id, output_index: 0, content_index: 0, delta }
}

export function transcriptDelta(response_id: string, delta: string, item_id = agentItem): Frame {
  return { type: 'response.audio_transcript.delta', response_id, item_id, output_index: 0, content_index: 0, delta }
}

export function transcriptDone(response_id: string, transcript: string, item_id = agentItem): Frame {
  return { type: 'response.audio_transcript.done', response_id, item_id, content_index: 0, transcript }
}

/** With the leading space of the official sample. */
export function argumentsDone(response_id: string, call_id: string, name: string, args: string): Frame {
  const item_id = `item_of_${call_id}`
  const type = 'response.function_call_arguments.done'
  return { type, response_id, item_id, output_index: 0, name, call_id, arguments: ` ${args}` }
}

export function callItemDone(response_id: string, call_id: string, name: string, args: string): Frame {
  const item = { id: `item_of_${call_id}`, type: 'function_call', status: 'completed', call_id, name, arguments: args }
  return { type: 'response.output_item.done', response_id, output_index: 0, item }
}

export function callerDelta(item_id: string, text: string, stash: string): Frame {
  return { type: 'conversation.item.input_audio_transcription.delta', item_id, content_index: 0, text, stash }
}

export function callerDone(item_id: string, transcript: string): Frame {
  return { type: 'conversation.item.input_audio_transcription.completed', item_id, content_index: 0, transcript }
}

export function errorFrame(message: string, type = 'invalid_request_error', code = ''): Frame {
  return { event_id: 'event_RoUu4T8yExPMI37GKwaOC', type: 'error', error: { type, code, message, param: '' } }
}
