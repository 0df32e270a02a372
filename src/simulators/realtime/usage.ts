import type { ModelFamily } from './family.ts'

/** What a response was made of and what it made. */
export interface UsageFacts {
  /** All text the model was given: instructions, tools, what was said before. */
  readonly inputChars: number
  /** All sound the model was given [ms]. */
  readonly inputAudioMs: number
  readonly outputChars: number
  readonly outputAudioMs: number
  readonly isToolTurn: boolean
}

/** The `usage` of `response.done`: audio by the family's rate (at least a second's worth), text at 4 characters a token. */
export function usageOf(family: ModelFamily, facts: UsageFacts): object {
  const { input, output } = family.audioTokensPerSecond
  const inputText = Math.ceil(facts.inputChars / 4)
  const inputAudio = audioTokens(facts.inputAudioMs, input)
  const outputText = Math.ceil(facts.outputChars / 4)
  const outputAudio = audioTokens(facts.outputAudioMs, output)
  return {
    total_tokens: inputText + inputAudio + outputText + outputAudio,
    input_tokens: inputText + inputAudio,
    output_tokens: outputText + outputAudio,
    input_tokens_details: { text_tokens: inputText, audio_tokens: inputAudio },
    output_tokens_details: facts.isToolTurn
      ? { text_tokens: outputText }
      : { text_tokens: outputText, audio_tokens: outputAudio },
  }
}

function audioTokens(ms: number, perSecond: number): number {
  return ms === 0 ? 0 : Math.ceil((Math.max(1000, ms) / 1000) * perSecond)
}
