import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { checkCommon, expected, inRange } from '../realtime/checks.ts'
import type { HeardTruth } from '../realtime/heard-truth.ts'

/** Who ends the caller's turns: the server by loudness or by sense, or, `manual`, the call. */
const turnDetections = ['server_vad', 'semantic_vad', 'manual'] as const
type TurnDetection = (typeof turnDetections)[number]

/** How a model of OpenAI's Realtime API is reached and set up, there or on Azure. Everything but the conversation itself. */
export interface OpenAiOptions {
  /** `wss://api.openai.com/v1/realtime`; on Azure `wss://RESOURCE.openai.azure.com/openai/v1/realtime`. */
  readonly url: string
  readonly apiKey: string
  /** On Azure the name of the deployment. */
  readonly model: string
  /** `bearer`: in `Authorization`, OpenAI's way; `api-key`: in a header of that name, Azure's. */
  readonly auth: 'bearer' | 'api-key'
  /** Default `marin`. Which one it is cannot be changed once the model has spoken. */
  readonly voice?: string
  /** Default `server_vad`. With the others the two settings that follow have no meaning and are not sent. */
  readonly turnDetection?: TurnDetection
  /** 0 to 1, higher needs louder speech. Default: the model's own (0.5). */
  readonly vadThreshold?: number
  /** Silence that ends a turn [ms], up to 10,000; adds to every answer's latency. Default: the model's own (500). */
  readonly vadSilenceMs?: number
  /** False: the server does not stop an answer when it hears the caller; then only the call does. Default true. */
  readonly modelInterrupts?: boolean
  /** Sound per `append` [ms]. */
  readonly batchMs: 20 | 40 | 60 | 100
  /** A tag (`de`, `pt-BR`) or a name (`German`): a sentence of the instructions, and a tag helps the transcription. */
  readonly language?: string
  /** How the model is told what was heard of a cut answer. Default `truncate`: it forgets the rest, sound and words. */
  readonly heardTruth?: HeardTruth
  /**
   * What writes down the caller's words; a model that is not there costs the words, not the call. Default
   * `gpt-4o-transcribe`. On Azure the name of a deployment, says its reference; default `whisper-1`, as its samples have it.
   */
  readonly transcriptionModel?: string
  /** When the service closes a session [min], at most 60, the default. */
  readonly sessionMin?: number
  readonly clock: Clock
  readonly log?: Logger
  /** Default `openai`, or `azure` with `api-key`. */
  readonly name?: string
}

/** Options that were found right, with what follows from them. */
export interface Settings {
  readonly options: OpenAiOptions
  readonly name: string
  /** With the model in its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly voice: string
  readonly turnDetection: TurnDetection
  readonly transcriptionModel: string
  /** When the service closes a session [ms]. */
  readonly sessionMs: number
}

/** The service closes a session after this long [min]. */
const sessionLimitMin = 60

/**
 * Checks the options once, when the provider is made.
 * @throws RangeError naming the field, what was expected and what was got; never the key.
 */
export function checkOptions(options: OpenAiOptions): Settings {
  const url = checkCommon(options, sessionLimitMin)
  const { apiKey, auth, turnDetection = 'server_vad', sessionMin = sessionLimitMin } = options
  if (auth !== 'bearer' && auth !== 'api-key') throw expected('auth', 'bearer or api-key', auth)
  if (!turnDetections.includes(turnDetection)) {
    throw expected('turnDetection', turnDetections.join(', '), turnDetection)
  }
  inRange('vadThreshold', options.vadThreshold, 0, 1)
  inRange('vadSilenceMs', options.vadSilenceMs, 0, 10_000)
  const azure = auth === 'api-key'
  const { transcriptionModel = azure ? 'whisper-1' : 'gpt-4o-transcribe' } = options
  if (transcriptionModel.trim() === '') throw expected('transcriptionModel', 'a model name', transcriptionModel)
  return {
    options,
    url,
    turnDetection,
    transcriptionModel,
    name: options.name ?? (azure ? 'azure' : 'openai'),
    headers: azure ? { 'api-key': apiKey } : { Authorization: `Bearer ${apiKey}` },
    voice: options.voice ?? 'marin',
    sessionMs: sessionMin * 60_000,
  }
}
