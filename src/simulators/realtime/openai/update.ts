import type { AudioFormat } from '../../../audio/format.ts'
import type { SessionConfig, TurnDetection } from '../config.ts'
import type { Tool } from '../tools.ts'
import type { UpdateRules } from '../update.ts'
import { invalidValue, Refusal } from '../wire-error.ts'
import { gaError, list, number, oneOf, only, required, text, truth } from './checks.ts'
import { gaServerVad, semanticSilenceMs } from './config.ts'

const REPEATED = [
  'tool_choice',
  'max_output_tokens',
  'tracing',
  'truncation',
  'prompt',
  'include',
  'parallel_tool_calls',
  'reasoning',
] as const
const SESSION = ['type', 'model', 'output_modalities', 'instructions', 'audio', 'tools', ...REPEATED] as const
const VAD = [
  'type',
  'threshold',
  'prefix_padding_ms',
  'silence_duration_ms',
  'create_response',
  'interrupt_response',
  'idle_timeout_ms',
] as const
const TRANSCRIPTION = ['model', 'language', 'languages', 'prompt', 'delay', 'keywords'] as const
const MAX_TOOLS = 128

const FORMATS = {
  'audio/pcm': { encoding: 'pcm16', rate: 24_000 },
  'audio/pcmu': { encoding: 'mulaw', rate: 8000 },
  'audio/pcma': { encoding: 'alaw', rate: 8000 },
} as const

interface Format {
  readonly type: keyof typeof FORMATS
  readonly encoding: AudioFormat['encoding']
  readonly rate: number
}

/**
 * The settings after a `session.update`: what is absent stays, null clears.
 * @throws Refusal when any field is invalid or unknown: then nothing of the update holds.
 */
export function gaUpdateConfig(config: SessionConfig, session: unknown, rules: UpdateRules): SessionConfig {
  const patch = only(required(session, 'session'), SESSION, 'session')
  oneOf(required(patch.type, 'session.type'), ['realtime'], 'session.type')
  if (patch.model !== undefined && patch.model !== config.model) {
    throw new Refusal(gaError('cannot_update_model', "Cannot update a session's model.", 'session.model'))
  }
  const audio = only(patch.audio ?? {}, ['input', 'output'], 'session.audio')
  const next: SessionConfig = {
    ...config,
    ...(patch.output_modalities === undefined
      ? {}
      : { modalities: gaModalities(patch.output_modalities, 'session.output_modalities') }),
    ...(patch.instructions === undefined ? {} : { instructions: text(patch.instructions, 'session.instructions') }),
    ...(patch.tools === undefined ? {} : { tools: gaTools(patch.tools, 'session.tools') }),
    repeated: repeatedAfter(config, patch),
  }
  return withOutput(withInput(next, audio.input, rules), audio.output, rules)
}

/** Exactly one, as the session names both ways of answering. @throws Refusal */
export function gaModalities(value: unknown, path: string): readonly string[] {
  const names = list(value, path).map((name) => oneOf(name, ['text', 'audio'], path))
  if (names.length !== 1) {
    const got = `[${names.map((name) => `'${name}'`).join(', ')}]`
    const supported = "Supported combinations are: ['text'] and ['audio']."
    throw new Refusal(invalidValue(`Invalid modalities: ${got}. ${supported}`, path))
  }
  return names[0] === 'audio' ? ['text', 'audio'] : ['text']
}

/** Flat functions, and MCP servers, which nobody calls here. @throws Refusal */
export function gaTools(value: unknown, path: string): readonly Tool[] {
  const entries = list(value, path)
  if (entries.length > MAX_TOOLS) throw new Refusal(gaError('array_above_max_length', `Too many '${path}'.`, path))
  return entries.map((entry, index) => gaTool(entry, `${path}[${index}]`))
}

function gaTool(entry: unknown, path: string): Tool {
  const type = (entry as { readonly type?: unknown } | null)?.type
  if (oneOf(required(type, `${path}.type`), ['function', 'mcp'], `${path}.type`) === 'mcp') {
    const label = text((entry as { readonly server_label?: unknown }).server_label, `${path}.server_label`)
    return { kind: 'mcp', name: label, description: '', echo: { type: 'mcp', server_label: label } }
  }
  const tool = only(entry, ['type', 'name', 'description', 'parameters'], path)
  const name = text(required(tool.name, `${path}.name`), `${path}.name`)
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) {
    const message = `Invalid '${path}.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`
    throw new Refusal(invalidValue(message, `${path}.name`))
  }
  const description = tool.description === undefined ? '' : text(tool.description, `${path}.description`)
  const { parameters } = tool
  const echo = { type: 'function', name, description, parameters: parameters ?? { type: 'object', properties: {} } }
  return { kind: 'function', name, description, parameters, echo }
}

function repeatedAfter(config: SessionConfig, patch: { readonly [Key in (typeof REPEATED)[number]]?: unknown }) {
  const given = REPEATED.flatMap((name) => (patch[name] === undefined ? [] : [[name, patch[name]] as const]))
  return { ...config.repeated, ...Object.fromEntries(given) }
}

function withInput(config: SessionConfig, value: unknown, rules: UpdateRules): SessionConfig {
  if (value === undefined) return config
  const path = 'session.audio.input'
  const input = only(value, ['format', 'transcription', 'noise_reduction', 'turn_detection'], path)
  const format = input.format === undefined ? undefined : readFormat(input.format, `${path}.format`)
  const { transcription } = input
  const named = transcription === undefined || transcription === null ? undefined : transcription
  if (named !== undefined) only(named, TRANSCRIPTION, `${path}.transcription`)
  const model = (named as { readonly model?: unknown } | undefined)?.model
  return {
    ...config,
    ...(format && { inputAudioFormat: format.type, inputEncoding: format.encoding, inputRate: format.rate }),
    ...(transcription === undefined ? {} : { transcriptionModel: named === undefined ? null : String(model) }),
    ...(input.turn_detection === undefined
      ? {}
      : { turnDetection: readVad(input.turn_detection, config.turnDetection, rules) }),
    repeated: {
      ...config.repeated,
      ...(named === undefined ? {} : { transcription: named }),
      ...(input.noise_reduction === undefined
        ? {}
        : { noise_reduction: readNoise(input.noise_reduction, `${path}.noise_reduction`) }),
    },
  }
}

function withOutput(config: SessionConfig, value: unknown, rules: UpdateRules): SessionConfig {
  if (value === undefined) return config
  const path = 'session.audio.output'
  const output = only(value, ['format', 'voice', 'speed'], path)
  const format = output.format === undefined ? undefined : readFormat(output.format, `${path}.format`)
  const speed = output.speed === undefined ? {} : { speed: number(output.speed, 0.25, 1.5, `${path}.speed`) }
  return {
    ...config,
    ...(format && { outputAudioFormat: format.type, outputEncoding: format.encoding, outputRate: format.rate }),
    voice: output.voice === undefined ? config.voice : readVoice(output.voice, config.voice, rules),
    repeated: { ...config.repeated, ...speed },
  }
}

function readFormat(value: unknown, path: string): Format {
  const format = only(value, ['type', 'rate'], path)
  const type = oneOf(required(format.type, `${path}.type`), ['audio/pcm', 'audio/pcmu', 'audio/pcma'], `${path}.type`)
  const { encoding, rate } = FORMATS[type]
  if (format.rate !== undefined && (type !== 'audio/pcm' || format.rate !== rate)) {
    const param = `${path}.rate`
    throw new Refusal(invalidValue(`Invalid value: ${String(format.rate)}. 'audio/pcm' has the rate 24000.`, param))
  }
  return { type, encoding, rate }
}

function readVoice(value: unknown, current: string, { voices, hasSounded }: UpdateRules): string {
  const path = 'session.audio.output.voice'
  const custom = typeof value === 'string' ? undefined : text(only(value, ['id'], path).id, `${path}.id`)
  const voice = custom ?? String(value)
  if (custom === undefined && voices !== undefined) oneOf(voice, voices, path)
  if (hasSounded && voice !== current) {
    const message = "Cannot update a conversation's voice if assistant audio is present."
    throw new Refusal(gaError('cannot_update_voice', message))
  }
  return voice
}

function readNoise(value: unknown, path: string): object | null {
  if (value === null) return null
  const noise = only(value, ['type', 'strength'], path)
  return { type: oneOf(noise.type, ['near_field', 'far_field'], `${path}.type`) }
}

function readVad(value: unknown, current: TurnDetection | null, rules: UpdateRules): TurnDetection | null {
  if (value === null) return null
  const path = 'session.audio.input.turn_detection'
  const named = (value as { readonly type?: unknown } | null)?.type
  const type = oneOf(named ?? current?.type ?? 'server_vad', ['server_vad', 'semantic_vad'], `${path}.type`)
  // Of another kind nothing stays.
  const before = current?.type === type ? current : gaServerVad
  const flags = (patch: { readonly create_response?: unknown; readonly interrupt_response?: unknown }) => ({
    create_response:
      patch.create_response === undefined
        ? before.create_response
        : truth(patch.create_response, `${path}.create_response`),
    interrupt_response:
      patch.interrupt_response === undefined
        ? before.interrupt_response
        : truth(patch.interrupt_response, `${path}.interrupt_response`),
  })
  if (type === 'semantic_vad') {
    const patch = only(value, ['type', 'eagerness', 'create_response', 'interrupt_response'], path)
    const names = ['low', 'medium', 'high', 'auto'] as const
    const eagerness = oneOf(patch.eagerness ?? before.eagerness ?? 'auto', names, `${path}.eagerness`)
    const silence_duration_ms = semanticSilenceMs(eagerness, rules)
    return { ...gaServerVad, type, eagerness, silence_duration_ms, ...flags(patch) }
  }
  const patch = only(value, VAD, path)
  const figure = (name: 'threshold' | 'prefix_padding_ms' | 'silence_duration_ms', high: number) =>
    patch[name] === undefined ? before[name] : number(patch[name], 0, high, `${path}.${name}`)
  const idle = patch.idle_timeout_ms === undefined ? before.idle_timeout_ms : patch.idle_timeout_ms
  return {
    type,
    threshold: figure('threshold', 1),
    prefix_padding_ms: figure('prefix_padding_ms', 10_000),
    silence_duration_ms: figure('silence_duration_ms', 10_000),
    ...flags(patch),
    ...(idle === undefined || idle === null
      ? {}
      : { idle_timeout_ms: number(idle, 5000, 30_000, `${path}.idle_timeout_ms`) }),
  }
}
