import type { Behaviour } from '../behaviour.ts'
import type { SessionConfig, TurnDetection } from '../config.ts'
import type { ModelFamily } from '../family.ts'
import { gaFormat } from './response.ts'

/** Settings that change nothing here and are only repeated, with the values that hold where a client says nothing. */
const REPEATED: Readonly<Record<string, unknown>> = {
  tool_choice: 'auto',
  max_output_tokens: 'inf',
  tracing: null,
  truncation: 'auto',
  prompt: null,
  include: null,
  noise_reduction: null,
  speed: 1,
}

/** Server VAD with OpenAI's values. */
export const gaServerVad: TurnDetection = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  create_response: true,
  interrupt_response: true,
}

/** What a new session of this model is set to before the client said anything. */
export function gaInitialConfig(id: string, model: string, family: ModelFamily): SessionConfig {
  return {
    id,
    model,
    family,
    modalities: ['text', 'audio'],
    instructions: 'You are a helpful, witty, and friendly AI.',
    voice: family.voice,
    inputAudioFormat: 'audio/pcm',
    outputAudioFormat: 'audio/pcm',
    inputEncoding: 'pcm16',
    outputEncoding: 'pcm16',
    nestedAudio: true,
    inputRate: 24_000,
    outputRate: 24_000,
    transcriptionModel: null,
    turnDetection: gaServerVad,
    smoothOutput: null,
    enableSearch: false,
    searchOptions: {},
    tools: [],
    sampling: undefined,
    repeated: REPEATED,
  }
}

/** The `session` of `session.created` and of `session.updated`: everything, whatever an update was about. */
export function gaEcho(config: SessionConfig): object {
  const { noise_reduction, speed, transcription, ...repeated } = config.repeated
  return {
    type: 'realtime',
    object: 'realtime.session',
    id: config.id,
    model: config.model,
    output_modalities: config.modalities.includes('audio') ? ['audio'] : ['text'],
    instructions: config.instructions ?? '',
    tools: config.tools.map((tool) => tool.echo),
    ...repeated,
    audio: {
      input: {
        format: gaFormat(config.inputAudioFormat),
        transcription: config.transcriptionModel === null ? null : (transcription ?? null),
        noise_reduction,
        turn_detection: config.turnDetection === null ? null : turnDetectionEcho(config.turnDetection),
      },
      output: { format: gaFormat(config.outputAudioFormat), voice: config.voice, speed },
    },
  }
}

/** The silence that ends a turn under semantic VAD: no page says, so it is the server's owner who does. */
export function semanticSilenceMs(eagerness: string, behaviour: Pick<Behaviour, 'semanticSilenceMs'>): number {
  if (eagerness === 'low') return behaviour.semanticSilenceMs * 2
  return eagerness === 'high' ? behaviour.semanticSilenceMs / 2 : behaviour.semanticSilenceMs
}

function turnDetectionEcho(vad: TurnDetection): object {
  const { type, create_response, interrupt_response } = vad
  if (type === 'semantic_vad') return { type, eagerness: vad.eagerness ?? 'auto', create_response, interrupt_response }
  return { ...vad, idle_timeout_ms: vad.idle_timeout_ms ?? null }
}
