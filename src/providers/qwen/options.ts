import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import { checkCommon, expected, inRange } from '../realtime/checks.ts'
import type { HeardTruth } from '../realtime/heard-truth.ts'
import { type Family, families, familyOf, type Profile, profileOf, type TurnDetection } from './profiles.ts'
import { type Sampling, samplingProblem } from './sampling.ts'

/** How a Qwen-Omni-Realtime model is reached and set up. Everything but the conversation itself. */
export interface QwenOptions {
  /** The whole base, `wss://dashscope.aliyuncs.com/api-ws/v1/realtime`; keys belong to a region, so to a host. */
  readonly url: string
  readonly apiKey: string
  readonly model: string
  /** Which family the model is spoken to as; default: told by its name, an unknown name as qwen3.5-plus. */
  readonly family?: Family
  /** Default: the family's. */
  readonly voice?: string
  /** Default `server_vad`. With `manual` the two settings that follow have no meaning. */
  readonly turnDetection?: TurnDetection
  /** -1 to 1, lower is more sensitive. Default: the model's own (0.5). */
  readonly vadThreshold?: number
  /** Silence that ends a turn [ms], 200 to 6000; adds to every answer's latency. Default: the model's own (800). */
  readonly vadSilenceMs?: number
  /**
   * False asks the server not to stop an answer when it hears the caller: then only the call does. The field is echoed
   * by the service but in no table of its pages, so without `false` it is not sent, and a server may not heed it.
   */
  readonly modelInterrupts?: boolean
  /** Sound per `append` [ms]. */
  readonly batchMs: 20 | 40 | 60 | 100
  /** A tag (`de`, `pt-BR`) or a name (`German`). The model has no such setting: it becomes a sentence of the instructions. */
  readonly language?: string
  readonly sampling?: Sampling
  /** Web search by the model; left out of a session that has tools, because the two exclude each other. */
  readonly search?: boolean
  /** Asks for 8 kHz both ways; used only when the server confirms it. Default false. */
  readonly narrowband?: boolean
  /**
   * How the model is told what was heard of a cut answer. Default `note`: a typed message where the family takes those,
   * else nothing. `truncate` is OpenAI's event, for servers that know it; Qwen refuses it, and then it is not sent again.
   */
  readonly heardTruth?: HeardTruth
  /** When the service closes a session [min], at most 120. Default: the family's (30 for turbo, else 120), which it never exceeds. */
  readonly sessionMin?: number
  readonly clock: Clock
  readonly log?: Logger
  /** Default `qwen`. */
  readonly name?: string
}

/** Options that were found right, with what follows from them. */
export interface Settings {
  readonly options: QwenOptions
  readonly profile: Profile
  /** With the model in its query. */
  readonly url: string
  readonly voice: string
  readonly turnDetection: TurnDetection
  /** When the service closes a session [ms]. */
  readonly sessionMs: number
}

/** No family may go on for longer [min]. */
const longestSessionMin = 120

function checkAgainstProfile(options: QwenOptions, profile: Profile, turnDetection: TurnDetection): void {
  if (!profile.turnDetections.includes(turnDetection)) {
    throw expected('turnDetection', `${profile.turnDetections.join(' or ')} for ${options.model}`, turnDetection)
  }
  if (options.search === true && !profile.search) throw expected('search', `false for ${options.model}`, true)
  if (options.narrowband === true && !profile.narrowband) {
    throw expected('narrowband', `false for ${options.model}`, true)
  }
  if (options.sampling === undefined) return
  if (!profile.sampling) throw expected('sampling', `nothing for ${options.model}`, JSON.stringify(options.sampling))
  const problem = samplingProblem(options.sampling)
  if (problem !== undefined) throw new RangeError(`sampling.${problem}`)
}

/**
 * Checks the options once, when the provider is made.
 * @throws RangeError naming the field, what was expected and what was got; never the key.
 */
export function checkOptions(options: QwenOptions): Settings {
  const url = checkCommon(options, longestSessionMin)
  if (options.family !== undefined && !families.includes(options.family)) {
    throw expected('family', families.join(', '), options.family)
  }
  inRange('vadThreshold', options.vadThreshold, -1, 1)
  inRange('vadSilenceMs', options.vadSilenceMs, 200, 6000)
  const profile = profileOf(options.family ?? familyOf(options.model) ?? 'qwen3.5-plus')
  const turnDetection = options.turnDetection ?? 'server_vad'
  checkAgainstProfile(options, profile, turnDetection)
  warn(options, profile)
  const sessionMs = 60_000 * Math.min(options.sessionMin ?? longestSessionMin, profile.sessionLimitMin)
  return { options, profile, url, voice: options.voice ?? profile.defaultVoice, turnDetection, sessionMs }
}

function warn(options: QwenOptions, profile: Profile): void {
  const { log, model, voice } = options
  if (options.family === undefined && familyOf(model) === undefined) {
    log?.warn({ model, family: profile.family }, 'unknown model name, spoken to as the newest family known well')
  }
  if (voice !== undefined && !profile.voices.includes(voice)) {
    log?.warn({ model, voice, known: profile.voices }, 'voice not known for this model; it may be refused')
  }
  if (options.modelInterrupts === false && !profile.vadFlags && options.turnDetection !== 'manual') {
    log?.warn({ model }, 'this model stops its answers by itself whenever it hears a sound, and cannot be asked not to')
  }
}
