import type { ModelFamily } from '../family.ts'

/** The speech models of OpenAI's GA interface; Azure serves them under names of the customer's choice. */
export const gptRealtime: ModelFamily = {
  name: 'gpt-realtime',
  voice: 'marin',
  voices: ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar'],
  inputAudioFormat: 'audio/pcm',
  outputAudioFormat: 'audio/pcm',
  transcriptionModel: null,
  nestedRates: undefined,
  semanticVad: true,
  idleTimeout: true,
  // The recogniser is another model, which begins when the turn is committed.
  liveTranscript: false,
  textItems: true,
  callsTools: true,
  mcp: true,
  search: false,
  sampling: undefined,
  temperature: 0.8,
  // A token is 100 ms of the caller's sound, or 50 ms of the model's.
  audioTokensPerSecond: { input: 10, output: 20 },
  finishes: false,
  form2025: false,
}

/** The family of a model as OpenAI names it. */
export function gptFamilyOf(model: string): ModelFamily | undefined {
  return /^gpt-(realtime|audio|4o-realtime|4o-mini-realtime)([-.][\w.-]+)?$/.test(model) ? gptRealtime : undefined
}
