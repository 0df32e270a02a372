import type { CallInfo } from './info.ts'
import type { RealtimeProvider } from './provider.ts'
import type { CheckArguments, Tool } from './tool.ts'

/** Who answers and how: an operator's settings for one called number, filled in for one call. */
export interface Agent {
  /** What operators call it. */
  readonly name: string
  /** In the order in which they are tried, at the start and when one is lost in the middle of a call. */
  readonly providers: readonly [RealtimeProvider, ...RealtimeProvider[]]
  readonly instructions: string
  /** What makes it speak first; `undefined`: it waits for the caller. */
  readonly greeting: Greeting | undefined
  readonly tools: readonly Tool[]
  readonly checkArguments: CheckArguments
  readonly bargeIn: BargeInSettings
  readonly manners: Manners
  /** How long a model may take to be ready, each time it is tried [ms]. */
  readonly connectMs: number
  /** How much sound the carrier is given ahead [ms]. */
  readonly leadMs: number
  /** Whether its calls' sound is kept. */
  readonly recording: boolean
  /** Whether what crosses its calls' wires is kept. */
  readonly flightRecorder: boolean
}

/** Finds who answers a call. Never throws: an unknown number gets the default agent. */
export type FindAgent = (info: CallInfo) => Agent

export type Greeting =
  /** An instruction to the model. */
  | { readonly type: 'instruction'; readonly text: string }
  /** Played at once, while the model connects; `words` is what is said in it, for the model and the transcript. */
  | { readonly type: 'sound'; readonly sound: Sound; readonly words: string }

/** Recorded sound: PCM at 8 kHz, whatever the line codes it in. */
export type Sound = Int16Array

/** When a caller who speaks over the agent is yielded to. */
export interface BargeInSettings {
  /** Who hears it: our own ear and the model, the model alone, or nobody. */
  readonly by: 'local+model' | 'model' | 'off'
  /** How long an unconfirmed interruption holds the agent [ms]. */
  readonly confirmMs: number
  /** Whether a digit stops the agent's speech. */
  readonly onDigits: boolean
  /** Manual turns: silence after which our own ear ends the caller's turn [ms]. */
  readonly turnSilenceMs: number
}

/** How the agent behaves when nobody speaks, and when it must stop. */
export interface Manners {
  /** Silence of both sides after which the agent asks [ms]; 0: never. */
  readonly idlePromptMs: number
  /** How often it asks before it says goodbye. */
  readonly idlePromptsMax: number
  /** Longest call [ms]; the agent says goodbye then. */
  readonly maxCallMs: number
  /** How long before that it warns [ms]. */
  readonly warnMs: number
  /** Silence after the caller's turn that is covered by the filler [ms]; 0: never. */
  readonly fillerAfterMs: number
  readonly filler: Sound
  /** What the caller hears while the model is being reached, when nobody else speaks; again and again. */
  readonly hold: Sound
}
