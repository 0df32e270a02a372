import { APIError, OpenAI } from 'openai'
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { AnalystService, Answer, Turn } from './analyst-messages.ts'
import { retryAfterMs } from './back-off.ts'
import { boundedFetch, TooLong } from './bounded-fetch.ts'

/** Asks a service of the OpenAI-compatible mode. */
export type Ask = (turns: readonly Turn[], sound: string | undefined, signal: AbortSignal) => Promise<Answer>

/**
 * Asks Qwen-Omni in its compatible mode (`POST …/chat/completions`), once: an answer that is streamed, for there is no
 * other, in text alone. Never rejects.
 */
export function makeAskQwen({ url, model, key }: AnalystService): Ask {
  const client = new OpenAI({
    ...{ apiKey: key, baseURL: url, maxRetries: 0, fetch: boundedFetch, logLevel: 'off' },
    // Else it looks for them in the environment.
    ...{ organization: null, project: null, adminAPIKey: null, webhookSecret: null },
  })
  return async (turns, sound, signal) => {
    try {
      const chunks = await client.chat.completions.create(
        {
          model,
          stream: true,
          stream_options: { include_usage: true },
          modalities: ['text'],
          messages: turns.map((turn, i) => messageOf(turn, i === 0 ? sound : undefined)),
        },
        { signal },
      )
      let text = ''
      let isWhole = false
      for await (const { choices } of chunks) {
        const [choice] = choices
        if (choice === undefined) continue
        text += wordsOf(choice)
        isWhole ||= choice.finish_reason !== null && choice.finish_reason !== undefined
      }
      return signal.aborted ? { ok: false, why: 'aborted' } : { ok: true, text, isWhole }
    } catch (error) {
      return failureOf(error, signal)
    }
  }
}

/** Models of the turbo generation put their words beside the sound that was not asked for. */
function wordsOf({ delta }: ChatCompletionChunk.Choice): string {
  const { content, audio } = delta as { content?: string | null; audio?: { transcript?: unknown } | null }
  if (typeof content === 'string' && content !== '') return content
  return typeof audio?.transcript === 'string' ? audio.transcript : ''
}

function messageOf({ role, text }: Turn, sound: string | undefined): ChatCompletionMessageParam {
  if (role === 'assistant') return { role, content: text }
  if (sound === undefined) return { role, content: text }
  return {
    role,
    content: [
      { type: 'input_audio', input_audio: { data: sound, format: 'wav' } },
      { type: 'text', text },
    ],
  }
}

function failureOf(error: unknown, signal: AbortSignal): Answer {
  if (signal.aborted) return { ok: false, why: 'aborted' }
  if (causes(error).some((one) => one instanceof TooLong)) return { ok: false, why: 'too-long' }
  if (!(error instanceof APIError)) return { ok: false, why: 'cut' }
  const { status, headers } = error
  if (typeof status !== 'number') return { ok: false, why: 'network' }
  const wait = retryAfterMs(headers?.get('retry-after'), Date.now())
  return { ok: false, why: 'status', status, ...(wait === undefined ? {} : { retryAfterMs: wait }) }
}

function causes(error: unknown): readonly unknown[] {
  return error instanceof Error ? [error, ...causes(error.cause)] : []
}
