import type { AnalystService, Answer, Turn } from './analyst-messages.ts'
import type { Ask } from './ask-qwen.ts'
import { retryAfterMs } from './back-off.ts'
import { boundedFetch, TooLong } from './bounded-fetch.ts'
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts'

/** That the model is done; the page that describes the stream shows the last of them only. */
const ENDS = ['response.completed', 'response.done', 'response.output_text.done', 'response.output_item.done']

/**
 * Asks Qwen-Omni through DMXAPI (`POST …/responses`), once. The key goes into `Authorization` as it is. The OpenAI
 * package is not used here: it drops the names of the events, and the deltas have nothing else to be told by. Never
 * rejects.
 */
export function makeAskDmxapi({ url, model, key }: AnalystService): Ask {
  return async (turns, sound, signal) => {
    try {
      const response = await boundedFetch(`${url}/responses`, {
        method: 'POST',
        headers: { authorization: key, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify({
          model,
          stream: true,
          stream_options: { include_usage: true },
          modalities: ['text'],
          input: turns.map((turn, i) => messageOf(turn, i === 0 ? sound : undefined)),
        }),
        signal,
      })
      if (!response.ok || response.body === null) return await refused(response)
      return await readAnswer(response.body)
    } catch (error) {
      return failureOf(error, signal)
    }
  }
}

function messageOf({ role, text }: Turn, sound: string | undefined) {
  if (sound === undefined) return { role, content: text }
  const parts = [
    { type: 'input_audio', input_audio: { data: sound, format: 'wav' } },
    { type: 'text', text },
  ]
  return { role, content: parts }
}

async function refused(response: Response): Promise<Answer> {
  await response.body?.cancel()
  const wait = retryAfterMs(response.headers.get('retry-after'), Date.now())
  return { ok: false, why: 'status', status: response.status, ...(wait === undefined ? {} : { retryAfterMs: wait }) }
}

async function readAnswer(body: ReadableStream<Uint8Array>): Promise<Answer> {
  let text = ''
  let isWhole = false
  for await (const event of readServerSentEvents(body)) {
    if (event.data === '[DONE]') return { ok: true, text, isWhole: true }
    const { name, data } = read(event)
    if (name === 'response.output_text.delta' && typeof data['delta'] === 'string') text += data['delta']
    isWhole ||= ENDS.includes(name)
  }
  return { ok: true, text, isWhole }
}

/** An event's name is in front of it; in the stream of the original it is in its data too. */
function read({ event, data }: ServerSentEvent): { readonly name: string; readonly data: Record<string, unknown> } {
  const value: unknown = JSON.parse(data)
  const fields: Record<string, unknown> = typeof value === 'object' && value !== null ? { ...value } : {}
  const type = fields['type']
  return { name: event === 'message' && typeof type === 'string' ? type : event, data: fields }
}

function failureOf(error: unknown, signal: AbortSignal): Answer {
  if (signal.aborted) return { ok: false, why: 'aborted' }
  if (error instanceof TooLong) return { ok: false, why: 'too-long' }
  // What fetch itself throws has the socket's words as its cause; what is not JSON was cut off.
  return { ok: false, why: error instanceof SyntaxError ? 'cut' : 'network' }
}
