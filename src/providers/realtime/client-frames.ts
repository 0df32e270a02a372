/** A tool's result. */
export function toolOutput(toolCallId: string, output: string): string {
  const item = { type: 'function_call_output', call_id: toolCallId, output }
  return JSON.stringify({ type: 'conversation.item.create', item })
}

/** A typed message from the caller's side, because the model takes typed words from nobody else. */
export function typedMessage(text: string): string {
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
  return JSON.stringify({ type: 'conversation.item.create', item })
}

/** Ends a turn by hand. An error while the server listens for turns itself, and on an empty buffer. */
export const bufferCommit = JSON.stringify({ type: 'input_audio_buffer.commit' })

/** Forgets the sound since the last turn. */
export const bufferClear = JSON.stringify({ type: 'input_audio_buffer.clear' })

/** Makes a model forget what was not heard, where it knows this event. `eventId` comes back in an error. */
export function itemTruncate(eventId: string, itemId: string, heardMs: number): string {
  const audio_end_ms = Math.max(0, Math.floor(heardMs))
  const type = 'conversation.item.truncate'
  return JSON.stringify({ event_id: eventId, type, item_id: itemId, content_index: 0, audio_end_ms })
}
