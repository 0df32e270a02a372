/** A bare create was answered in text alone, so the modalities are said every time. */
export function responseCreate(instructions: string | undefined): string {
  const modalities = ['text', 'audio']
  const response = instructions === undefined ? { modalities } : { modalities, instructions }
  return JSON.stringify({ type: 'response.create', response })
}

/** It takes no response id on Qwen. */
export function responseCancel(): string {
  return JSON.stringify({ type: 'response.cancel' })
}

/** A tool's result. */
export function toolOutput(toolCallId: string, output: string): string {
  const item = { type: 'function_call_output', call_id: toolCallId, output }
  return JSON.stringify({ type: 'conversation.item.create', item })
}

/** What was heard of a cut answer, said by the caller's side because the model takes typed words from nobody else. */
export function heardNote(heardMs: number, heardText: string): string {
  const words = heardText === '' ? `its first ${(heardMs / 1000).toFixed(1)} seconds` : JSON.stringify(heardText)
  const text = `(Your last answer was interrupted. I heard ${heardMs <= 0 ? 'nothing of it' : `only ${words}`}.)`
  const item = { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
  return JSON.stringify({ type: 'conversation.item.create', item })
}
