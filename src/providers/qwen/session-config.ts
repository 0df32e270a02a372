import type { AudioFormat } from '../../audio/format.ts'
import { CallError } from '../../base/errors.ts'
import type { SessionOptions, ToolDeclaration } from '../../call/provider.ts'
import type { Settings } from './options.ts'
import { samplingFields } from './sampling.ts'
import { plainSchema } from './tool-schema.ts'

type Fields = Record<string, unknown>

/** What `session.updated` stated that matters here; `undefined` where it stated nothing. */
export interface Echo {
  /** [Hz], under `audio`. */
  readonly input: number | undefined
  readonly output: number | undefined
  /** Whether the server listens for the caller's turns itself. */
  readonly listens: boolean | undefined
}

function audioFields({ profile, options }: Settings): Fields {
  const { formats } = profile
  if (formats.shape === 'flat') return { input_audio_format: formats.input, output_audio_format: formats.output }
  const narrow = options.narrowband === true
  const input = { format: { type: 'pcm', sample_rate: narrow ? 8000 : 16000 } }
  if (!formats.nameOutput) return { audio: { input } }
  return { audio: { input, output: { format: { type: 'pcm', sample_rate: narrow ? 8000 : 24000 } } } }
}

/** `null` is the server's manual mode; absent would be its own detection. */
function turnDetectionFields({ turnDetection, options, profile }: Settings): Fields | null {
  if (turnDetection === 'manual') return null
  return {
    type: turnDetection,
    ...(options.vadThreshold === undefined ? {} : { threshold: options.vadThreshold }),
    ...(options.vadSilenceMs === undefined ? {} : { silence_duration_ms: options.vadSilenceMs }),
    ...(options.modelInterrupts === false && profile.vadFlags ? { interrupt_response: false } : {}),
  }
}

/** The nested form of chat completions, the one the pages document. */
function toolFields({ name, description, parameters }: ToolDeclaration): Fields {
  return { type: 'function', function: { name, description, parameters: plainSchema(parameters) } }
}

/** `de` reads German; what is not a tag is a name already. */
function languageName(language: string): string {
  if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(language)) return language
  const [tag] = tagsOf(language)
  return tag === undefined ? language : (new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? language)
}

/** Something may look like a tag and be none: then it stands for itself. */
function tagsOf(language: string): readonly string[] {
  try {
    return Intl.getCanonicalLocales(language)
  } catch {
    return []
  }
}

function instructionsOf(settings: Settings, instructions: string): string {
  const { language } = settings.options
  if (language === undefined) return instructions
  return `${instructions}\n\nSpeak ${languageName(language)} unless the caller asks for another language.`.trimStart()
}

/**
 * The one `session.update` of a conversation. Never `tool_choice` nor `parallel_tool_calls` (not supported); tools or
 * search, not both; flat or nested audio formats, not both.
 */
export function sessionUpdate(settings: Settings, session: SessionOptions): Fields {
  const { profile, options } = settings
  const tools = profile.tools ? session.tools : []
  return {
    type: 'session.update',
    session: {
      modalities: ['text', 'audio'],
      voice: settings.voice,
      instructions: instructionsOf(settings, session.instructions),
      ...audioFields(settings),
      input_audio_transcription: { model: profile.transcriptionModel },
      turn_detection: turnDetectionFields(settings),
      ...(tools.length === 0 ? {} : { tools: tools.map(toolFields) }),
      ...(options.search === true && tools.length === 0 ? { enable_search: true } : {}),
      ...samplingFields(options.sampling),
    },
  }
}

/** What a session asked for that its model will not get: to be warned of, once the tools are known. */
export function unmetWishes(settings: Settings, session: SessionOptions): readonly string[] {
  const wishes: string[] = []
  if (session.tools.length === 0) return wishes
  if (!settings.profile.tools) wishes.push('this model never calls tools, so it is given none')
  else if (settings.options.search === true) wishes.push('tools exclude search, so search is off')
  return wishes
}

function pcmOf(rate: number): AudioFormat {
  if (rate === 8000 || rate === 16000 || rate === 24000) return { encoding: 'pcm16', sampleRate: rate }
  throw new CallError('provider-protocol', `the model speaks at ${rate} Hz, which was not asked for`)
}

/**
 * The formats a session really has: what the server echoed, else 16 kHz in and 24 kHz out, which every family does
 * when it has not understood the wish.
 * @throws CallError `provider-protocol` for a rate the house does not know.
 */
export function agreedFormats(echoed: Pick<Echo, 'input' | 'output'>): {
  readonly input: AudioFormat
  readonly output: AudioFormat
} {
  return { input: pcmOf(echoed.input ?? 16000), output: pcmOf(echoed.output ?? 24000) }
}
