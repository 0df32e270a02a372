import { readWav } from '../../audio/wav.ts'

/** Where a request goes, by its path: the compatible mode of the service itself, or DMXAPI's flavour. */
export type Flavour = 'chat' | 'responses'

/** What a client has asked, as the service understands it. */
export interface AskedQuestion {
  readonly flavour: Flavour
  readonly authorization: string | undefined
  readonly model: string
  readonly turns: readonly { readonly role: string; readonly text: string }[]
  /** The sound that came with it; `undefined`: none, or an address. */
  readonly wav: Uint8Array | undefined
  readonly wantsUsage: boolean
}

/** Why a request is answered with an error. */
export interface Refused {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** One data URI, as the service measures it [bytes]. */
const MAX_DATA_URI = 10_485_760
/** Of the sound that goes with one request. */
const MAX_SOUND_S = 1200
const FORMATS = ['wav', 'mp3', 'amr', '3gp', 'aac']
const MODALITIES = ['["text"]', '["text","audio"]']
const NOT_TEXT = ['input_audio', 'image_url', 'video_url', 'video']

type Fields = Readonly<Record<string, unknown>>

/** Reads a request as the protocol page (sections 5.1 and 5.2) has it, and refuses what it does not describe. */
export function readQuestion(
  flavour: Flavour,
  authorization: string | undefined,
  body: string,
): AskedQuestion | { readonly refused: Refused } {
  const fields = fieldsOf(parsed(body))
  if (fields === undefined) return bad('the body is no JSON object')
  const { model, stream, stream_options: streamOptions, modalities, audio } = fields
  if (typeof model !== 'string' || model === '') return bad('model is missing')
  if (stream !== true) return bad('This model only support stream mode, please enable the stream parameter.')
  if (!MODALITIES.includes(JSON.stringify(modalities ?? ['text'])))
    return bad('modalities: ["text"] or ["text","audio"]')
  if (Array.isArray(modalities) && modalities.includes('audio') && fieldsOf(audio) === undefined) {
    return bad('audio is missing: its voice and format')
  }
  const messages = fields[flavour === 'chat' ? 'messages' : 'input']
  if (!Array.isArray(messages) || messages.length === 0) return bad('no messages')
  const read = messages.map(readMessage)
  const refused = read.find((one) => 'refused' in one)
  if (refused !== undefined) return refused
  const turns = read.flatMap((one) => ('refused' in one ? [] : [one]))
  if (turns.at(-1)?.role !== 'user') return bad('the last message is not the user')
  const wantsUsage = fieldsOf(streamOptions)?.['include_usage'] === true
  const wav = turns.find((turn) => turn.wav !== undefined)?.wav
  return { flavour, authorization, model, wav, wantsUsage, turns: turns.map(({ role, text }) => ({ role, text })) }
}

/** The error of a request that is not as the page has it. */
function bad(message: string): { readonly refused: Refused } {
  return { refused: { status: 400, code: 'invalid_parameter_error', message } }
}

interface ReadMessage {
  readonly role: string
  readonly text: string
  readonly wav: Uint8Array | undefined
}

function readMessage(message: unknown): ReadMessage | { readonly refused: Refused } {
  const { role, content } = fieldsOf(message) ?? {}
  if (role !== 'system' && role !== 'user' && role !== 'assistant') return bad('role: system, user or assistant')
  if (typeof content === 'string') return { role, text: content, wav: undefined }
  if (!Array.isArray(content)) return bad('content: text or parts')
  if (role !== 'user') return bad(`content of ${role}: text only`)
  const parts = content.map((part) => fieldsOf(part) ?? {})
  const kinds = new Set(parts.map((part) => part['type']))
  if (NOT_TEXT.filter((kind) => kinds.has(kind)).length > 1) return bad('one modality besides text a message')
  let text = ''
  let wav: Uint8Array | undefined
  for (const part of parts) {
    if (part['type'] === 'text' && typeof part['text'] === 'string') text += part['text']
    else if (part['type'] === 'input_audio') {
      const sound = readSound(fieldsOf(part['input_audio']))
      if ('refused' in sound) return sound
      wav = sound.wav
    } else if (!NOT_TEXT.includes(String(part['type']))) return bad('a part of no known type')
  }
  return { role, text, wav }
}

function readSound(
  given: Fields | undefined,
): { readonly wav: Uint8Array | undefined } | { readonly refused: Refused } {
  const { data, format } = given ?? {}
  if (typeof data !== 'string') return bad('input_audio.data is missing')
  if (typeof format !== 'string' || !FORMATS.includes(format)) return bad(`input_audio.format: ${FORMATS.join(', ')}`)
  if (data.startsWith('https://')) return { wav: undefined }
  // Only an empty type is described: nobody knows what becomes of another.
  if (!data.startsWith('data:;base64,')) return bad('input_audio.data: an https URL or data:;base64,…')
  if (data.length > MAX_DATA_URI) return bad(`Exceeded limit on max bytes per data-uri item : ${MAX_DATA_URI}`)
  const wav = Buffer.from(data.slice('data:;base64,'.length), 'base64')
  return format === 'wav' ? checkedWav(wav) : { wav }
}

function checkedWav(wav: Uint8Array): { readonly wav: Uint8Array } | { readonly refused: Refused } {
  try {
    const { channels, sampleRate } = readWav(wav)
    if ((channels[0]?.length ?? 0) / sampleRate > MAX_SOUND_S) return bad('the sound is longer than 20 minutes')
    return { wav }
  } catch {
    return bad('the sound is no WAV')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}
