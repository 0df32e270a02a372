import { z } from 'zod'

// What a value may be, wherever it is written: in the environment or in AGENTS_FILE.

/** Tools of ours that are offered when they are named. `transfer_call` and `send_sms` come with their settings. */
const builtinTools = ['end_call', 'send_dtmf'] as const
/** Name of such a tool. */
export type BuiltinTool = (typeof builtinTools)[number]
/** Reads such a name. */
export const builtinTool = z.enum(builtinTools)

const turnDetections = ['server_vad', 'semantic_vad', 'manual'] as const
/** Who decides when the caller has finished: the model's server by loudness or sense, or we. */
export type TurnDetection = (typeof turnDetections)[number]
/** Reads who decides that. */
export const turnDetection = z.enum(turnDetections)

/** Reads who notices that the caller speaks over the agent. */
export const bargeInBy = z.enum(['local+model', 'model', 'off'])

/** E.164: a plus, the country, at most 15 digits. */
const E164 = /^\+[1-9]\d{1,14}$/
const SIP = /^sips?:[^\s@<>"';?&]+@[\w.:[\]-]+$/i

/** What a call can be handed to. */
export const dialable = z
  .string()
  .trim()
  .refine((text) => E164.test(text) || SIP.test(text))
/** What is said where it is not. */
export const DIALABLE = 'a number such as +15550100, or sip:user@host'

/** A number that calls come in on; of a SIP address the host may be left out. */
export function isCallable(text: string): boolean {
  return E164.test(text) || /^sips?:[^\s@;?]+(@[^\s@;?]+)?$/i.test(text)
}

/** What is said where it is not. */
export const CALLABLE = 'a number such as +15550100, or sip:user@host'

/** The name by which the model knows where it may transfer to. */
export const targetName = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} _-]{0,39}$/u)
/** What is said where it is not. */
export const TARGET_NAME = 'a name of up to 40 letters, digits, spaces, - and _'

/** Who a text is from: a number, or a messaging service. */
export const smsSender = z
  .string()
  .trim()
  .refine((text) => E164.test(text) || /^MG[0-9a-f]{32}$/i.test(text))
/** What is said where it is not. */
export const SMS_SENDER = 'a number such as +15550100, or MG and 32 hex digits'

/** Bounds of the quantities, both ends included, with their units. */
export const bounds = {
  confirmMs: [100, 3000],
  silenceMs: [200, 6000],
  maxCallS: [1, 86_400],
  maxCallWarnS: [0, 600],
  idlePromptS: [0, 600],
  idlePromptsMax: [0, 10],
  fillerAfterMs: [0, 30_000],
} as const

/** Longest greeting that is taken [s]. */
export const GREETING_MAX_S = 60
/** Longest filler that is taken [s]. */
export const FILLER_MAX_S = 10
