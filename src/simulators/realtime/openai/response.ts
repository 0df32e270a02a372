import { type Fields, fieldsOf } from '../fields.ts'
import { gaItem } from './item.ts'

type Tokens = Fields<'text_tokens' | 'audio_tokens'>

/** A response of the session's vocabulary as OpenAI prints it. */
export function gaResponse(value: unknown): object {
  const response = fieldsOf<
    | 'id'
    | 'conversation_id'
    | 'status'
    | 'status_details'
    | 'modalities'
    | 'voice'
    | 'output_audio_format'
    | 'output'
    | 'usage'
  >(value)
  const { id, conversation_id, status, modalities, voice, output_audio_format, output, usage } = response ?? {}
  const hasAudio = Array.isArray(modalities) && modalities.includes('audio')
  return {
    object: 'realtime.response',
    id,
    status,
    status_details: statusDetails(status, response?.status_details),
    output: Array.isArray(output) ? output.map(gaItem) : [],
    conversation_id,
    output_modalities: hasAudio ? ['audio'] : ['text'],
    max_output_tokens: 'inf',
    audio: { output: { format: gaFormat(output_audio_format), voice } },
    usage: usage === undefined ? null : gaUsage(usage),
    metadata: null,
  }
}

/** The sound's format as a session and a response print it. */
export function gaFormat(type: unknown): object {
  return type === 'audio/pcm' ? { type, rate: 24_000 } : { type }
}

function statusDetails(status: unknown, details: unknown): object | null {
  const given = fieldsOf(details)
  if (status === 'in_progress' || status === 'completed') return null
  return { type: status, ...given }
}

function gaUsage(value: unknown): object {
  const { total_tokens, input_tokens, output_tokens, input_tokens_details, output_tokens_details } =
    fieldsOf<'total_tokens' | 'input_tokens' | 'output_tokens' | 'input_tokens_details' | 'output_tokens_details'>(
      value,
    ) ?? {}
  const input: Tokens = fieldsOf(input_tokens_details) ?? {}
  const output: Tokens = fieldsOf(output_tokens_details) ?? {}
  return {
    total_tokens,
    input_tokens,
    output_tokens,
    input_token_details: {
      text_tokens: input.text_tokens,
      audio_tokens: input.audio_tokens,
      image_tokens: 0,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0, image_tokens: 0 },
    },
    output_token_details: { text_tokens: output.text_tokens, audio_tokens: output.audio_tokens ?? 0 },
  }
}
