import type { AgentPlan } from '../agents/plan.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Agent } from '../call/agent.ts'
import type { RealtimeProvider } from '../call/provider.ts'
import type { OpenAiOptions } from '../providers/openai/options.ts'
import { makeOpenAiProvider } from '../providers/openai/provider.ts'
import type { QwenOptions } from '../providers/qwen/options.ts'
import { makeQwenProvider } from '../providers/qwen/provider.ts'

/** How a model is reached. Plain data, with its key. */
export type ModelAccount =
  | ({ readonly type: 'qwen' } & Pick<QwenOptions, 'name' | 'url' | 'apiKey' | 'model' | 'family'> & SessionLimit)
  | ({
      readonly type: 'openai'
      /** Azure's is the same model behind other doors. */
      readonly name: 'openai' | 'azure'
      readonly auth: 'bearer' | 'api-key'
      readonly url: string
      readonly apiKey: string
      /** With Azure the name of a deployment. */
      readonly model: string
      readonly voice: string
      /** What writes down the caller's words; `undefined`: the provider's own. */
      readonly transcriptionModel?: string | undefined
    } & SessionLimit)

interface SessionLimit {
  /** How long a session may last [min]; absent: what is known of the model. */
  readonly sessionMin?: number
}

/** How every agent's models are reached. Plain data. */
export interface ModelSettings {
  /** In the order in which they are tried. */
  readonly models: readonly [ModelAccount, ...ModelAccount[]]
  readonly narrowband: boolean
  readonly batchMs: 20 | 40 | 60 | 100
  readonly leadMs: number
  readonly heardTruth: 'note' | 'truncate' | 'off'
  readonly modelInterrupts: boolean | undefined
}

/** What reaching models takes from the process; without a log nothing is said of what is odd in the settings. */
export interface ModelSurroundings {
  readonly settings: ModelSettings
  readonly clock: Clock
  readonly log: Logger | undefined
}

/**
 * The models of a plan, in the order in which they are tried. Its voice and its own model are the first one's: another
 * one does not know them.
 * @throws RangeError naming the option that a model will not take.
 */
export function modelsOf(plan: AgentPlan, surroundings: ModelSurroundings): Agent['providers'] {
  const [first, ...others] = surroundings.settings.models
  return [reach(plan, first, true, surroundings), ...others.map((model) => reach(plan, model, false, surroundings))]
}

/** What the models will not take of a plan: a line each, with whose it is. */
export function modelProblems(plan: AgentPlan, surroundings: ModelSurroundings): readonly string[] {
  return surroundings.settings.models.flatMap((model, i) => {
    try {
      reach(plan, model, i === 0, surroundings)
      return []
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return [`${model.name ?? model.type}: ${error.message}`]
    }
  })
}

function reach(plan: AgentPlan, model: ModelAccount, own: boolean, surroundings: ModelSurroundings): RealtimeProvider {
  switch (model.type) {
    case 'qwen':
      return makeQwenProvider(qwenOptions(plan, model, own, surroundings))
    case 'openai':
      return makeOpenAiProvider(openAiOptions(plan, model, own, surroundings))
  }
}

type Account<Type extends ModelAccount['type']> = Extract<ModelAccount, { readonly type: Type }>

function qwenOptions(
  plan: AgentPlan,
  { type: _type, ...where }: Account<'qwen'>,
  own: boolean,
  surroundings: ModelSurroundings,
): QwenOptions {
  const { narrowband, heardTruth } = surroundings.settings
  const { voice, model } = plan
  return {
    ...where,
    ...manner(plan, surroundings),
    ...{ narrowband, heardTruth },
    // A family that is given belongs to the one model there is: the embedded agent.
    ...(own && model !== undefined && where.family === undefined && { model }),
    ...(own && voice !== undefined && { voice }),
  }
}

function openAiOptions(
  plan: AgentPlan,
  { type: _type, transcriptionModel, ...where }: Account<'openai'>,
  own: boolean,
  surroundings: ModelSurroundings,
): OpenAiOptions {
  const { voice, model } = plan
  return {
    ...where,
    ...manner(plan, surroundings),
    ...(transcriptionModel !== undefined && { transcriptionModel }),
    // It can forget what was not heard, so it needs no note of it.
    heardTruth: surroundings.settings.heardTruth === 'off' ? 'off' : 'truncate',
    ...(own && model !== undefined && { model }),
    ...(own && voice !== undefined && { voice }),
  }
}

/** What every vendor is told in the same words. */
function manner({ language, turns, bargeIn }: AgentPlan, { settings, clock, log }: ModelSurroundings) {
  const { batchMs, modelInterrupts } = settings
  return {
    ...{ clock, batchMs },
    // What our ear takes for a cough would end the answer at the model all the same, and what nobody is to hear too.
    modelInterrupts: modelInterrupts ?? bargeIn.by === 'model',
    turnDetection: turns.detection,
    vadThreshold: turns.threshold,
    vadSilenceMs: turns.silenceMs,
    ...(language !== undefined && { language }),
    ...(log !== undefined && { log }),
  }
}
