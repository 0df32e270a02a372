import type { AskedQuestion } from './request.ts'

/** The lines of an answer, in the words of the question's flavour. */
export interface AnswerStream {
  delta(text: string): string
  /** Everything that comes after the last word: that it is done, and what it cost. */
  end(words: number): string
}

/** Chunks of a chat completion: fields as in the sample of the protocol page, counters included. */
export function chatStream({ model, wantsUsage, wav, turns }: AskedQuestion, createdAt: number): AnswerStream {
  const common = {
    object: 'chat.completion.chunk',
    created: Math.floor(createdAt / 1000),
    system_fingerprint: null,
    model,
    id: `chatcmpl-${createdAt}`,
  }
  const chunk = (fields: Readonly<Record<string, unknown>>) => `data: ${JSON.stringify({ ...fields, ...common })}\n\n`
  const choice = (delta: unknown, reason: 'stop' | null) =>
    chunk({ choices: [{ delta, finish_reason: reason, index: 0, logprobs: null }], usage: null })
  return {
    delta: (content) => choice({ content }, null),
    end(words) {
      const textTokens = Math.ceil(turns.reduce((sum, { text }) => sum + text.length, 0) / 4)
      const audioTokens = wav === undefined ? 0 : Math.ceil((wav.length / 16_000) * 12.5)
      const usage = {
        prompt_tokens: textTokens + audioTokens,
        completion_tokens: words,
        total_tokens: textTokens + audioTokens + words,
        completion_tokens_details: { text_tokens: words },
        prompt_tokens_details: { audio_tokens: audioTokens, text_tokens: textTokens },
      }
      return choice({ content: '' }, 'stop') + (wantsUsage ? chunk({ choices: [], usage }) : '')
    },
  }
}

/** Named events, whose data has nothing but what is new. */
export function responsesStream(): AnswerStream {
  const event = (name: string, data: unknown) => `event: ${name}\ndata:${JSON.stringify(data)}\n\n`
  return {
    delta: (text) => event('response.output_text.delta', { delta: text }),
    end: () => event('response.output_item.done', { item: { content: [] } }),
  }
}
