/** The sampling settings as `session.updated` names them. */
export interface Sampling {
  readonly temperature: number
  readonly top_p: number
  /** null: off. */
  readonly top_k: number | null
  readonly max_tokens: number
  readonly repetition_penalty: number
  readonly presence_penalty: number
  readonly seed: number
}

/** What one generation of models does differently on the same wire. */
export interface ModelFamily {
  readonly name: 'turbo' | 'qwen3' | 'qwen3.5' | 'qwen3.8' | 'gpt-realtime'
  /** The default voice; one of `voices`. */
  readonly voice: string
  /** The voices known to work. The service knows more of the newer families: the list can be switched off. */
  readonly voices: readonly string[]
  /** The legacy flat names as `session.created` prints them. The sound is s16le all the same. */
  readonly inputAudioFormat: string
  readonly outputAudioFormat: string
  /** null: none unless it is asked for. */
  readonly transcriptionModel: string | null
  /** Rates [Hz] that the nested `audio` object may ask for; absent: the family has no nested form. */
  readonly nestedRates: { readonly input: readonly number[]; readonly output: readonly number[] } | undefined
  readonly semanticVad: boolean
  readonly idleTimeout: boolean
  /** Sends `…input_audio_transcription.delta` while the caller speaks. */
  readonly liveTranscript: boolean
  /** Takes text messages by `conversation.item.create`. */
  readonly textItems: boolean
  /** Calls tools; the older families accept the definitions and never do. */
  readonly callsTools: boolean
  readonly mcp: boolean
  readonly search: boolean
  /** undefined: fixed, what the client sends is ignored. */
  readonly sampling: Sampling | undefined
  readonly temperature: number
  readonly audioTokensPerSecond: { readonly input: number; readonly output: number }
  /** Answers `session.finish` with `session.finished`; the newer ones refuse it. */
  readonly finishes: boolean
  /** `session.created` in the form of 2025: tool_choice, instructions, max_response_output_tokens. */
  readonly form2025: boolean
}

const QWEN3_VOICES =
  'Cherry,Serena,Ethan,Chelsie,Momo,Vivian,Moon,Maia,Kai,Nofish,Bella,Jennifer,Ryan,Katerina,Aiden,Eldric Sage,Mia,' +
  'Mochi,Bellona,Vincent,Bunny,Neil,Elias,Arthur,Nini,Ebona,Seren,Pip,Stella,Bodega,Sonrisa,Alek,Dolce,Sohee,Ono Anna,' +
  'Lenn,Emilien,Andre,Radio Gol,Jada,Dylan,Li,Marcus,Roy,Peter,Sunny,Eric,Rocky,Kiki'

const RATES = [8000, 16000, 24000, 48000]

const qwen35: ModelFamily = {
  name: 'qwen3.5',
  voice: 'Tina',
  voices: ['Tina', 'Jennifer', 'Aiden', 'Mione', 'Ethan', 'Serena'],
  inputAudioFormat: 'pcm',
  outputAudioFormat: 'pcm',
  transcriptionModel: 'qwen3-asr-flash-realtime',
  nestedRates: { input: RATES, output: RATES },
  semanticVad: true,
  idleTimeout: true,
  liveTranscript: true,
  textItems: true,
  callsTools: true,
  mcp: false,
  search: true,
  sampling: {
    temperature: 0.7,
    top_p: 0.8,
    top_k: 20,
    max_tokens: 16384,
    repetition_penalty: 1.0,
    presence_penalty: 1.5,
    seed: -1,
  },
  temperature: 0.7,
  audioTokensPerSecond: { input: 7, output: 12.5 },
  finishes: false,
  form2025: false,
}

const qwen38: ModelFamily = {
  ...qwen35,
  name: 'qwen3.8',
  voices: ['Tina', 'longanlingxin'],
  nestedRates: { input: [16000], output: RATES },
  idleTimeout: false,
  mcp: true,
  sampling: {
    temperature: 0.6,
    top_p: 0.95,
    top_k: 20,
    max_tokens: 65536,
    repetition_penalty: 0,
    presence_penalty: 1,
    seed: -1,
  },
  temperature: 0.6,
}

const qwen3: ModelFamily = {
  name: 'qwen3',
  voice: 'Cherry',
  voices: QWEN3_VOICES.split(','),
  inputAudioFormat: 'pcm16',
  outputAudioFormat: 'pcm24',
  transcriptionModel: 'gummy-realtime-v1',
  nestedRates: undefined,
  semanticVad: false,
  idleTimeout: false,
  liveTranscript: false,
  textItems: false,
  callsTools: false,
  mcp: false,
  search: false,
  sampling: {
    temperature: 0.9,
    top_p: 1.0,
    top_k: 50,
    max_tokens: 16384,
    repetition_penalty: 1.05,
    presence_penalty: 0,
    seed: -1,
  },
  temperature: 0.9,
  audioTokensPerSecond: { input: 12.5, output: 12.5 },
  finishes: true,
  form2025: true,
}

const turbo: ModelFamily = {
  ...qwen3,
  name: 'turbo',
  voice: 'Chelsie',
  voices: ['Cherry', 'Serena', 'Ethan', 'Chelsie'],
  outputAudioFormat: 'pcm16',
  sampling: undefined,
  temperature: 1.0,
  audioTokensPerSecond: { input: 25, output: 25 },
}

/** The families, newest first. */
export const families = { qwen38, qwen35, qwen3, turbo } as const

const NAMES: readonly (readonly [RegExp, ModelFamily])[] = [
  [/^qwen3\.8-omni-flash-realtime$/, qwen38],
  [/^qwen3\.5-omni-(plus|flash)-realtime(-\d{4}-\d{2}-\d{2})?$/, qwen35],
  [/^qwen3-omni-flash-realtime(-\d{4}-\d{2}-\d{2})?$/, qwen3],
  [/^qwen-omni-turbo-realtime(-latest|-\d{4}-\d{2}-\d{2})?$/, turbo],
]

/** The family of a model as the service names it; undefined when there is no such model. */
export function familyOf(model: string): ModelFamily | undefined {
  return NAMES.find(([name]) => name.test(model))?.[1]
}
