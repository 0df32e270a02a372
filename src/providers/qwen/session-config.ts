import type { AudioFormat } from '../../audio/format.ts'
import { CallError } from '../../base/errors.ts'
import type { SessionOptions, ToolDeclaration } from '../../call/provider.ts'
import type { Agreement } from '../realtime/connect.ts'
import { child, type Fields } from '../realtime/fields.ts'
import { speakIn } from '../realtime/language.ts'
import type { Settings } from './options.ts'
import { samplingFields } from './sampling.ts'
import { plainSchema } from './tool-schema.ts'

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
      instructions: speakIn(options.language, session.instructions),
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

function rateOf(session: Fields, side: 'input' | 'output'): number | undefined {
  const rate = child(child(child(session, 'audio'), side), 'format')?.['sample_rate']
  return typeof rate === 'number' ? rate : undefined
}

/**
 * What a session really is: the formats that the server echoed, else 16 kHz in and 24 kHz out, which every family does
 * when it has not understood the wish; and whose the turns are, for a turn ended by hand while the server listens for
 * its end is an error.
 * @param session as `session.updated` states it.
 * @throws CallError `provider-protocol` for a rate the house does not know.
 */
export function agreement({ turnDetection }: Pick<Settings, 'turnDetection'>, session: Fields): Agreement {
  const listens = (session['turn_detection'] ?? null) !== null
  return {
    input: pcmOf(rateOf(session, 'input') ?? 16000),
    output: pcmOf(rateOf(session, 'output') ?? 24000),
    turnsBy: turnDetection === 'manual' && !listens ? 'caller' : 'model',
  }
}
