import type { AudioFormat } from '../../audio/format.ts'
import type { ModelFamily, Sampling } from './family.ts'
import type { MindConfig } from './mind.ts'
import type { Tool } from './tools.ts'

/** `turn_detection` as it is echoed. */
export interface TurnDetection {
  readonly type: string
  readonly threshold: number
  readonly prefix_padding_ms: number
  readonly silence_duration_ms: number
  readonly create_response: boolean
  readonly interrupt_response: boolean
  readonly idle_timeout_ms?: number
  /** Of OpenAI's semantic VAD, whose silence follows from it. */
  readonly eagerness?: string
}

/** How a session is set up now; every `session.update` makes a new one. */
export interface SessionConfig {
  readonly id: string
  readonly model: string
  readonly family: ModelFamily
  readonly modalities: readonly string[]
  /** undefined: never set; nothing is echoed. */
  readonly instructions: string | undefined
  readonly voice: string
  readonly inputAudioFormat: string
  readonly outputAudioFormat: string
  /** How the sound is coded on the wire. */
  readonly inputEncoding: AudioFormat['encoding']
  readonly outputEncoding: AudioFormat['encoding']
  /** The client chose the nested form of the audio settings: it is echoed. */
  readonly nestedAudio: boolean
  /** [Hz] */
  readonly inputRate: number
  /** [Hz] */
  readonly outputRate: number
  /** null: no transcripts. */
  readonly transcriptionModel: string | null
  /** null: manual turns. */
  readonly turnDetection: TurnDetection | null
  readonly smoothOutput: boolean | null
  readonly enableSearch: boolean
  readonly searchOptions: object
  readonly tools: readonly Tool[]
  readonly sampling: Sampling | undefined
  /** Settings that change nothing here and are only repeated. */
  readonly repeated: Readonly<Record<string, unknown>>
}

/** Server VAD with the values that hold where a client says nothing. */
export const defaultTurnDetection: TurnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 800,
  create_response: true,
  interrupt_response: true,
}

/** What a new session of this model is set to before the client said anything. */
export function initialConfig(id: string, model: string, family: ModelFamily): SessionConfig {
  return {
    id,
    model,
    family,
    modalities: ['text', 'audio'],
    instructions: undefined,
    voice: family.voice,
    inputAudioFormat: family.inputAudioFormat,
    outputAudioFormat: family.outputAudioFormat,
    inputEncoding: 'pcm16',
    outputEncoding: 'pcm16',
    nestedAudio: false,
    inputRate: 16_000,
    outputRate: 24_000,
    transcriptionModel: family.transcriptionModel,
    turnDetection: defaultTurnDetection,
    smoothOutput: true,
    enableSearch: false,
    searchOptions: {},
    tools: [],
    sampling: family.sampling,
    repeated: {},
  }
}

/** The `session` of `session.created`: the short form, in the manner of its family. */
export function createdEcho(config: SessionConfig): object {
  const { family } = config
  const form2025 = {
    instructions: 'You are a helpful assistant.',
    tool_choice: 'auto',
    max_response_output_tokens: 'inf',
  }
  return {
    object: 'realtime.session',
    model: config.model,
    modalities: config.modalities,
    voice: config.voice,
    input_audio_format: config.inputAudioFormat,
    output_audio_format: config.outputAudioFormat,
    input_audio_transcription: transcriptionEcho(config),
    turn_detection: config.turnDetection,
    ...(family.search ? { enable_search: config.enableSearch, search_options: config.searchOptions } : {}),
    tools: [],
    temperature: family.temperature,
    ...(family.form2025 ? form2025 : {}),
    id: config.id,
  }
}

/** The `session` of `session.updated`: everything, whatever the update was about. */
export function updatedEcho(config: SessionConfig): object {
  const { family } = config
  return {
    id: config.id,
    object: 'realtime.session',
    model: config.model,
    modalities: config.modalities,
    ...(config.instructions === undefined ? {} : { instructions: config.instructions }),
    voice: config.voice,
    input_audio_format: config.inputAudioFormat,
    output_audio_format: config.outputAudioFormat,
    ...(config.nestedAudio ? { audio: audioEcho(config) } : {}),
    input_audio_transcription: transcriptionEcho(config),
    turn_detection: config.turnDetection,
    ...(family.name === 'qwen3' ? { smooth_output: config.smoothOutput } : {}),
    ...(family.search ? { enable_search: config.enableSearch, search_options: config.searchOptions } : {}),
    tools: config.tools.map((tool) => tool.echo),
    temperature: family.temperature,
    // The singular is the official sample's.
    max_response_output_token: 'inf',
    ...config.sampling,
  }
}

/** What a mind is told of it. */
export function mindConfigOf(config: SessionConfig): MindConfig {
  const { turnDetection } = config
  return {
    instructions: config.instructions ?? '',
    voice: config.voice,
    inputRate: config.inputRate,
    outputRate: config.outputRate,
    vad:
      turnDetection === null
        ? undefined
        : {
            type: turnDetection.type,
            threshold: turnDetection.threshold,
            silenceMs: turnDetection.silence_duration_ms,
          },
    tools: config.tools.flatMap((tool) =>
      tool.kind === 'function' ? [{ name: tool.name, description: tool.description, parameters: tool.parameters }] : [],
    ),
  }
}

function audioEcho(config: SessionConfig): object {
  return {
    input: { format: { type: 'pcm', sample_rate: config.inputRate } },
    output: { format: { type: 'pcm', sample_rate: config.outputRate } },
  }
}

function transcriptionEcho(config: SessionConfig): object | null {
  return config.transcriptionModel === null ? null : { model: config.transcriptionModel }
}
