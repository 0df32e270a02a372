import { defaultTurnDetection, type SessionConfig, type TurnDetection } from './config.ts'
import type { ModelFamily, Sampling } from './family.ts'
import { fieldsOf } from './fields.ts'
import { readTools, type Tool } from './tools.ts'
import { invalidRequest, invalidValue, Refusal } from './wire-error.ts'

/** What an update may do at this moment of this session. */
export interface UpdateRules {
  /** Voices to take; undefined: any. */
  readonly voices: readonly string[] | undefined
  readonly flatTools: boolean
  readonly nestedAudio: boolean
  /** Audio was appended: its format is fixed. */
  readonly hasAudio: boolean
  /** The model was heard: OpenAI's voice is fixed. */
  readonly hasSounded: boolean
  /** OpenAI's semantic VAD waits so long [ms]; see `Behaviour`. */
  readonly semanticSilenceMs: number
  /** A response is active: MCP tools are fixed. */
  readonly isResponding: boolean
}

type Patch = NonNullable<
  ReturnType<
    typeof fieldsOf<
      | 'modalities'
      | 'instructions'
      | 'voice'
      | 'audio'
      | 'input_audio_format'
      | 'output_audio_format'
      | 'input_audio_transcription'
      | 'turn_detection'
      | 'smooth_output'
      | 'enable_search'
      | 'search_options'
      | 'tools'
      | keyof Sampling
    >
  >
>

/** The flat names of 2025 and 2026. All mean the same s16le; there is no G.711 on this wire. */
const FLAT_FORMATS = ['pcm', 'pcm16', 'pcm24']

/**
 * The settings after a `session.update`. What is absent stays; null stays too, but for `turn_detection` (manual turns),
 * `input_audio_transcription` (none), `top_k` (off) and `smooth_output`. Unknown fields are passed over.
 * @throws Refusal when any field is invalid: then nothing of the update holds.
 */
export function updateConfig(config: SessionConfig, session: unknown, rules: UpdateRules): SessionConfig {
  const patch: Patch | undefined = fieldsOf(session)
  if (patch === undefined) throw refused('session', session, 'an object')
  const next: SessionConfig = {
    ...config,
    modalities: given(patch.modalities) ? readModalities(patch.modalities, 'session.modalities') : config.modalities,
    instructions: given(patch.instructions) ? readString(patch.instructions, 'instructions') : config.instructions,
    ...readAudio(patch, config, rules),
    transcriptionModel: readTranscription(patch.input_audio_transcription, config),
    turnDetection: readTurnDetection(patch.turn_detection, config),
    smoothOutput: patch.smooth_output === undefined ? config.smoothOutput : readSmooth(patch.smooth_output),
    enableSearch: given(patch.enable_search) ? readBoolean(patch.enable_search, 'enable_search') : config.enableSearch,
    searchOptions: fieldsOf(patch.search_options) ?? config.searchOptions,
    tools: given(patch.tools) ? readTools(patch.tools, rules.flatTools, config.family.mcp) : config.tools,
    sampling: readSampling(patch, config.sampling),
  }
  if (next.enableSearch && next.tools.length > 0) {
    throw new Refusal(invalidValue('Agent mode does not support tools', 'session.tools'))
  }
  if (rules.isResponding && next.tools !== config.tools && (hasMcp(next.tools) || hasMcp(config.tools))) {
    throw new Refusal(invalidRequest('MCP tools cannot be changed while a response is active.'))
  }
  return { ...next, voice: readVoice(patch, config, rules) }
}

/**
 * `["text"]` or both, in any order.
 * @throws Refusal with `param`.
 */
export function readModalities(value: unknown, param: string): readonly string[] {
  const sorted = Array.isArray(value) ? value.map(String).sort().join() : ''
  if (sorted === 'text') return ['text']
  if (sorted === 'audio,text') return ['text', 'audio']
  const got = Array.isArray(value) ? `[${value.map((name) => `'${name}'`).join(', ')}]` : String(value)
  const supported = "Supported combinations are: ['text'] and ['audio', 'text']."
  throw new Refusal(invalidValue(`Invalid modalities: ${got}. ${supported}`, param))
}

/** An unknown voice is the one bad setting that costs the connection, so it is read last. */
function readVoice(patch: Patch, config: SessionConfig, rules: UpdateRules): string {
  const nested = config.family.name === 'qwen3.8' ? fieldsOf<'output'>(patch.audio)?.output : undefined
  const voice = fieldsOf<'voice'>(nested)?.voice ?? patch.voice
  if (!given(voice)) return config.voice
  if (typeof voice === 'string' && voice !== '' && (rules.voices?.includes(voice) ?? true)) return voice
  throw new Refusal(invalidValue(`Voice '${String(voice)}' is not supported.`, 'session.voice'), true)
}

function readAudio(patch: Patch, config: SessionConfig, rules: UpdateRules) {
  const { nestedRates } = config.family
  const audio = rules.nestedAudio && nestedRates ? fieldsOf<'input' | 'output'>(patch.audio) : undefined
  const next = {
    inputAudioFormat: readFlat(patch.input_audio_format, config.inputAudioFormat, 'input_audio_format'),
    outputAudioFormat: readFlat(patch.output_audio_format, config.outputAudioFormat, 'output_audio_format'),
    nestedAudio: config.nestedAudio || audio !== undefined,
    inputRate: readRate(audio?.input, nestedRates?.input ?? [], 'audio.input.format') ?? config.inputRate,
    outputRate: readRate(audio?.output, nestedRates?.output ?? [], 'audio.output.format') ?? config.outputRate,
  }
  if (rules.hasAudio && (next.inputRate !== config.inputRate || next.outputRate !== config.outputRate)) {
    const message = 'The audio format cannot be changed after audio was appended.'
    throw new Refusal(invalidValue(message, 'session.audio'))
  }
  return next
}

function readFlat(value: unknown, current: string, param: string): string {
  if (!given(value)) return current
  if (typeof value === 'string' && FLAT_FORMATS.includes(value)) return value
  throw refused(param, value, FLAT_FORMATS.join(', '))
}

/** `wav` is documented and not served: what its bytes look like on this wire no page says. */
function readRate(leg: unknown, rates: readonly number[], param: string): number | undefined {
  const format = fieldsOf<'type' | 'sample_rate'>(fieldsOf<'format'>(leg)?.format)
  if (given(format?.type) && format?.type !== 'pcm') throw refused(`${param}.type`, format?.type, 'pcm')
  const rate = format?.sample_rate
  if (!given(rate)) return undefined
  if (typeof rate === 'number' && rates.includes(rate)) return rate
  throw refused(`${param}.sample_rate`, rate, rates.join(', '))
}

/** The newer families have one recogniser and take any name for it. */
function readTranscription(value: unknown, config: SessionConfig): string | null {
  if (value === undefined) return config.transcriptionModel
  if (value === null) return null
  const transcription = fieldsOf<'model'>(value)
  if (transcription === undefined) throw refused('input_audio_transcription', value, 'an object or null')
  const { model } = transcription
  const isFixed = !config.family.form2025 || !given(model)
  return isFixed ? config.family.transcriptionModel : readString(model, 'input_audio_transcription.model')
}

function readTurnDetection(value: unknown, config: SessionConfig): TurnDetection | null {
  if (value === undefined) return config.turnDetection
  if (value === null) return null
  const patch = fieldsOf<keyof TurnDetection>(value)
  if (patch === undefined) throw refused('turn_detection', value, 'an object or null')
  const current = config.turnDetection ?? defaultTurnDetection
  const path = 'turn_detection'
  const type = given(patch.type) ? readVadType(patch.type, config.family) : current.type
  return {
    type,
    threshold: readNumber(patch.threshold, current.threshold, -1, 1, `${path}.threshold`),
    prefix_padding_ms: readNumber(
      patch.prefix_padding_ms,
      current.prefix_padding_ms,
      0,
      10_000,
      `${path}.prefix_padding_ms`,
    ),
    silence_duration_ms: readNumber(
      patch.silence_duration_ms,
      current.silence_duration_ms,
      200,
      6000,
      `${path}.silence_duration_ms`,
    ),
    create_response: given(patch.create_response)
      ? readBoolean(patch.create_response, `${path}.create_response`)
      : current.create_response,
    interrupt_response: given(patch.interrupt_response)
      ? readBoolean(patch.interrupt_response, `${path}.interrupt_response`)
      : current.interrupt_response,
    ...readIdleTimeout(patch.idle_timeout_ms, type, config),
  }
}

function readIdleTimeout(value: unknown, type: string, config: SessionConfig): { idle_timeout_ms?: number } {
  const param = 'turn_detection.idle_timeout_ms'
  const isKnown = config.family.idleTimeout && type === 'server_vad'
  const current = isKnown ? config.turnDetection?.idle_timeout_ms : undefined
  if (!given(value)) return current === undefined ? {} : { idle_timeout_ms: current }
  if (!isKnown) throw refused(param, value, 'absent, but for server_vad of a model of the family qwen3.5')
  return { idle_timeout_ms: readNumber(value, 0, 5000, 30_000, param) }
}

function readVadType(value: unknown, family: ModelFamily): string {
  if (value === 'server_vad' || (value === 'semantic_vad' && family.semanticVad)) return value
  throw refused('turn_detection.type', value, family.semanticVad ? 'server_vad, semantic_vad' : 'server_vad')
}

function readSampling(patch: Patch, current: Sampling | undefined): Sampling | undefined {
  if (current === undefined) return undefined
  // Both ends of temperature and of top_p that a range excludes are the nearest number to them.
  const temperature = readNumber(patch.temperature, current.temperature, 0, 2 - Number.EPSILON, 'temperature')
  return {
    temperature,
    top_p: readNumber(patch.top_p, current.top_p, Number.MIN_VALUE, 1, 'top_p'),
    top_k: patch.top_k === null ? null : readNumber(patch.top_k, current.top_k, 0, Number.MAX_SAFE_INTEGER, 'top_k'),
    max_tokens: readNumber(patch.max_tokens, current.max_tokens, 1, 65_536, 'max_tokens'),
    repetition_penalty: readNumber(patch.repetition_penalty, current.repetition_penalty, 0, 2, 'repetition_penalty'),
    presence_penalty: readNumber(patch.presence_penalty, current.presence_penalty, -2, 2, 'presence_penalty'),
    seed: readNumber(patch.seed, current.seed, -1, 2 ** 31 - 1, 'seed'),
  }
}

function readNumber<Current extends number | null>(
  value: unknown,
  current: Current,
  low: number,
  high: number,
  param: string,
): number | Current {
  if (!given(value)) return current
  if (typeof value === 'number' && value >= low && value <= high) return value
  throw refused(param, value, `from ${low} to ${high}`)
}

function readString(value: unknown, param: string): string {
  if (typeof value === 'string') return value
  throw refused(param, value, 'a string')
}

function readBoolean(value: unknown, param: string): boolean {
  if (typeof value === 'boolean') return value
  throw refused(param, value, 'true or false')
}

function readSmooth(value: unknown): boolean | null {
  return value === null ? null : readBoolean(value, 'smooth_output')
}

function hasMcp(tools: readonly Tool[]): boolean {
  return tools.some((tool) => tool.kind === 'mcp')
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null
}

function refused(path: string, value: unknown, expected: string): Refusal {
  const shown = JSON.stringify(value)?.slice(0, 100)
  const param = path === 'session' ? path : `session.${path}`
  return new Refusal(invalidValue(`Invalid value: ${shown}. '${param}' must be ${expected}.`, param))
}
