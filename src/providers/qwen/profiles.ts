/** A generation of models that is spoken to in the same way. */
export type Family = 'turbo' | 'qwen3' | 'qwen3.5-plus' | 'qwen3.5-flash' | 'qwen3.8'

/** Who ends the caller's turns: the server by loudness or by sense, or, `manual`, the call. */
export type TurnDetection = 'server_vad' | 'semantic_vad' | 'manual'

/** What one family wants to be sent, and what it can do. */
export interface Profile {
  readonly family: Family
  /**
   * How the audio formats are named in `session.update`: `flat` as strings, `nested` under `audio`; never both.
   * Either way PCM16, 16 kHz in and 24 kHz out.
   */
  readonly formats:
    | { readonly shape: 'flat'; readonly input: string; readonly output: string }
    | { readonly shape: 'nested'; readonly nameOutput: boolean }
  readonly defaultVoice: string
  /** Voices seen working. Advice: the provider adds voices without notice, so others are tried, with a warning. */
  readonly voices: readonly string[]
  readonly turnDetections: readonly TurnDetection[]
  readonly transcriptionModel: string
  /** Whether temperature and its like may be sent. */
  readonly sampling: boolean
  /** Whether it calls tools. Qwen3 takes the declarations and never calls one, so it is not given any. */
  readonly tools: boolean
  /** Whether it can search the web by itself (never together with tools). */
  readonly search: boolean
  /** Whether `interrupt_response` is known: it is echoed, and Qwen's own clients send it; the field table leaves it out. */
  readonly vadFlags: boolean
  /** Whether the conversation takes typed messages. */
  readonly textItems: boolean
  /** Whether 8 kHz may be asked for. The pages contradict each other: believed only when `session.updated` echoes it. */
  readonly narrowband: boolean
  /** The server closes a session after this long [min]. */
  readonly sessionLimitMin: number
}

const cherryEra = ['Cherry', 'Serena', 'Ethan', 'Chelsie']
const qwen3Voices =
  'Cherry|Serena|Ethan|Chelsie|Momo|Vivian|Moon|Maia|Kai|Nofish|Bella|Jennifer|Ryan|Katerina|Aiden|Eldric Sage|Mia|' +
  'Mochi|Bellona|Vincent|Bunny|Neil|Elias|Arthur|Nini|Ebona|Seren|Pip|Stella|Bodega|Sonrisa|Alek|Dolce|Sohee|Ono Anna|' +
  'Lenn|Emilien|Andre|Radio Gol|Jada|Dylan|Li|Marcus|Roy|Peter|Sunny|Eric|Rocky|Kiki'

const turbo: Profile = {
  family: 'turbo',
  formats: { shape: 'flat', input: 'pcm16', output: 'pcm16' },
  defaultVoice: 'Chelsie',
  voices: cherryEra,
  turnDetections: ['server_vad', 'manual'],
  transcriptionModel: 'gummy-realtime-v1',
  sampling: false,
  tools: false,
  search: false,
  vadFlags: false,
  textItems: false,
  narrowband: false,
  sessionLimitMin: 30,
}

const qwen3: Profile = {
  ...turbo,
  family: 'qwen3',
  // `pcm24` names the rate, not the sample: it is PCM16 at 24 kHz all the same.
  formats: { shape: 'flat', input: 'pcm16', output: 'pcm24' },
  defaultVoice: 'Cherry',
  voices: qwen3Voices.split('|'),
  sampling: true,
  sessionLimitMin: 120,
}

const plus: Profile = {
  family: 'qwen3.5-plus',
  formats: { shape: 'nested', nameOutput: true },
  defaultVoice: 'Tina',
  voices: ['Tina', 'Jennifer', 'Aiden', 'Mione', 'Ethan', 'Serena'],
  turnDetections: ['server_vad', 'semantic_vad', 'manual'],
  transcriptionModel: 'qwen3-asr-flash-realtime',
  sampling: true,
  tools: true,
  search: true,
  vadFlags: true,
  textItems: true,
  narrowband: true,
  sessionLimitMin: 120,
}

/** One row a family; what is said of it stands in the protocol's model and field tables. */
const profiles: Readonly<Record<Family, Profile>> = {
  turbo,
  qwen3,
  'qwen3.5-plus': plus,
  'qwen3.5-flash': { ...plus, family: 'qwen3.5-flash' },
  'qwen3.8': {
    ...plus,
    family: 'qwen3.8',
    // Its output format is not in the field table: 24 kHz is the default and stays unsaid.
    formats: { shape: 'nested', nameOutput: false },
    voices: ['Tina', 'longanlingxin'],
    narrowband: false,
  },
}

/** Names as they are published, dated snapshots (`-2026-03-15`) and `-latest` included. */
const names: readonly (readonly [RegExp, Family])[] = [
  [/^qwen-omni-turbo-realtime/, 'turbo'],
  [/^qwen3-omni-flash-realtime/, 'qwen3'],
  [/^qwen3\.5-omni-plus-realtime/, 'qwen3.5-plus'],
  [/^qwen3\.5-omni-flash-realtime/, 'qwen3.5-flash'],
  [/^qwen3\.8-omni-flash-realtime/, 'qwen3.8'],
]

/** The profile of a family. */
export function profileOf(family: Family): Profile {
  return profiles[family]
}

/** The families there are, oldest first. */
export const families: readonly Family[] = ['turbo', 'qwen3', 'qwen3.5-plus', 'qwen3.5-flash', 'qwen3.8']

/** Which family a model belongs to; `undefined` when the name is not one we know. */
export function familyOf(model: string): Family | undefined {
  return names.find(([pattern]) => pattern.test(model))?.[1]
}
