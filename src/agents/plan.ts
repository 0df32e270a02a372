import type { BargeInSettings, Sound } from '../call/agent.ts'
import type { HttpToolSpec } from '../tools/http-tool.ts'
import type { McpServerSpec } from '../tools/mcp-toolset.ts'
import type { BuiltinTool, TurnDetection } from './values.ts'

/** What an operator says of one agent, from the environment or the file: sound still by its path, numbers in seconds. */
export interface AgentDraft {
  /** What operators call it; `undefined`: the number, or `default`. */
  readonly name: string | undefined
  readonly instructions: string
  /** `undefined`: the model's own. */
  readonly voice: string | undefined
  /** `undefined`: the one that the environment names. */
  readonly model: string | undefined
  /** `undefined`: the caller's. */
  readonly language: string | undefined
  /** `undefined`: it greets in its own words; empty: it waits for the caller. With audio: the words that are said in it. */
  readonly greeting: string | undefined
  /** Path of a WAV. */
  readonly greetingAudio: string | undefined
  /** Path of a WAV. `undefined`: the comfort tone. */
  readonly fillerAudio: string | undefined
  /** Path of a WAV. `undefined`: the comfort tone. */
  readonly holdAudio: string | undefined
  readonly tools: readonly BuiltinTool[]
  readonly httpTools: readonly HttpToolSpec[]
  readonly mcpServers: readonly McpServerSpec[]
  /** Numbers by the names that the model is given. */
  readonly transferTargets: Readonly<Record<string, string>>
  /** Who texts are sent from. `undefined`: nobody. */
  readonly smsFrom: string | undefined
  /** IANA name. `undefined`: the machine's. */
  readonly timeZone: string | undefined
  readonly turns: {
    readonly detection: TurnDetection
    readonly threshold: number
    readonly silenceMs: number
  }
  readonly bargeIn: Omit<BargeInSettings, 'turnSilenceMs'>
  readonly limits: {
    readonly maxCallS: number
    readonly maxCallWarnS: number
    readonly idlePromptS: number
    readonly idlePromptsMax: number
    readonly fillerAfterMs: number
  }
  /** Whether its calls' sound is kept, and what crossed their wires. */
  readonly recording: boolean
  readonly flightRecorder: boolean
}

/** An agent, ready to be put to work: plain data that crosses to worker processes. Holds secrets: never logged. */
export interface AgentPlan
  extends Omit<
    AgentDraft,
    'name' | 'greeting' | 'greetingAudio' | 'fillerAudio' | 'holdAudio' | 'smsFrom' | 'timeZone'
  > {
  /** Where it was written, for who reads of a problem: empty for the environment. */
  readonly where: string
  readonly name: string
  readonly greeting: GreetingPlan
  readonly filler: Sound
  readonly hold: Sound
  /** `undefined`: it sends no texts. */
  readonly sms: SmsAccount | undefined
  readonly timeZone: string
}

/** What a call is opened with; texts still have their variables. */
export type GreetingPlan =
  | { readonly type: 'none' }
  | { readonly type: 'own-words' }
  | { readonly type: 'words'; readonly text: string }
  | { readonly type: 'sound'; readonly sound: Sound; readonly words: string }

/** What sending a text takes. */
export interface SmsAccount {
  readonly accountSid: string
  readonly authToken: string
  readonly from: string
}

/** Every agent there is. */
export interface AgentPlans {
  /** Who answers all other numbers. */
  readonly default: AgentPlan
  /** By called number: E.164 or a SIP address, as `numberKey` gives it. */
  readonly numbers: ReadonlyMap<string, AgentPlan>
}

/** A called number as agents are looked up by: trimmed; a SIP address without its parameters, in lower case. */
export function numberKey(number: string): string {
  const trimmed = number.trim()
  return /^sips?:/i.test(trimmed) ? trimmed.replace(/[;?].*$/, '').toLowerCase() : trimmed
}

/** Whose call it is: the number's own agent; of `sip:user`, with any host; else the default one. */
export function planFor({ default: fallback, numbers }: AgentPlans, called: string): AgentPlan {
  const key = numberKey(called)
  const user = key.startsWith('sip') ? key.replace(/@.*$/, '') : key
  return numbers.get(key) ?? numbers.get(user) ?? fallback
}
