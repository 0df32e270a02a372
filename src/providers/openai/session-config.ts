import { type AudioFormat, mulaw8k, pcm24k } from '../../audio/format.ts'
import { CallError } from '../../base/errors.ts'
import type { SessionOptions, ToolDeclaration } from '../../call/provider.ts'
import type { Agreement } from '../realtime/connect.ts'
import { child, type Fields, text } from '../realtime/fields.ts'
import { languageCode, speakIn } from '../realtime/language.ts'
import type { Settings } from './options.ts'

/** The telephone's own code, both ways: nothing is converted between the caller and the model. */
const format = { type: 'audio/pcmu' }

/** `null` is the server's manual mode; absent would be its own detection. */
function turnDetectionFields({ turnDetection, options }: Settings): Fields | null {
  if (turnDetection === 'manual') return null
  const flags = { create_response: true, interrupt_response: options.modelInterrupts !== false }
  if (turnDetection === 'semantic_vad') return { type: turnDetection, eagerness: 'auto', ...flags }
  return {
    type: turnDetection,
    ...(options.vadThreshold === undefined ? {} : { threshold: options.vadThreshold }),
    ...(options.vadSilenceMs === undefined ? {} : { silence_duration_ms: options.vadSilenceMs }),
    ...flags,
  }
}

function toolFields({ name, description, parameters }: ToolDeclaration): Fields {
  return { type: 'function', name, description, parameters }
}

/** What the model is told to be: the call's instructions, with the language's wish. */
export function instructionsOf({ options }: Settings, session: SessionOptions): string {
  return speakIn(options.language, session.instructions)
}

/** The one `session.update` of a conversation. */
export function sessionUpdate(settings: Settings, session: SessionOptions): Fields {
  const language = languageCode(settings.options.language)
  const transcription = { model: settings.transcriptionModel, ...(language === undefined ? {} : { language }) }
  return {
    type: 'session.update',
    session: {
      type: 'realtime',
      output_modalities: ['audio'],
      instructions: instructionsOf(settings, session),
      audio: {
        input: { format, transcription, turn_detection: turnDetectionFields(settings) },
        output: { format, voice: settings.voice },
      },
      ...(session.tools.length === 0 ? {} : { tools: session.tools.map(toolFields), tool_choice: 'auto' }),
    },
  }
}

const formats: ReadonlyMap<string, AudioFormat> = new Map([
  ['audio/pcmu', mulaw8k],
  ['audio/pcma', { encoding: 'alaw', sampleRate: 8000 }],
  // Its rate is always 24 kHz.
  ['audio/pcm', pcm24k],
])

function formatOf(side: Fields | undefined): AudioFormat {
  const type = text(child(side, 'format'), 'type') ?? format.type
  const known = formats.get(type)
  if (known === undefined) throw new CallError('provider-protocol', 'the model codes its sound in an unknown way')
  return known
}

/**
 * What a session really is: the formats that the server echoed, else mu-law both ways as it was asked; and whose the
 * turns are, for a turn ended by hand while the server listens for its end is an error.
 * @param session as `session.updated` states it.
 * @throws CallError `provider-protocol` for a format that was not asked for and that the house does not know.
 */
export function agreement({ turnDetection }: Pick<Settings, 'turnDetection'>, session: Fields): Agreement {
  const audio = child(session, 'audio')
  const input = child(audio, 'input')
  const listens = (input?.['turn_detection'] ?? null) !== null
  return {
    input: formatOf(input),
    output: formatOf(child(audio, 'output')),
    turnsBy: turnDetection === 'manual' && !listens ? 'caller' : 'model',
  }
}
