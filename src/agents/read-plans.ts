import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Sound } from '../call/agent.ts'
import { readAgentsFile } from './agents-file.ts'
import { comfortTone } from './comfort-tone.ts'
import type { AgentDraft, AgentPlan, AgentPlans, GreetingPlan, SmsAccount } from './plan.ts'
import { soundOf } from './sound-file.ts'
import { FILLER_MAX_S, GREETING_MAX_S } from './values.ts'

/** Everything that says who answers. */
export interface PlanSources {
  /** The agent that the environment sets; its paths are from the working directory. */
  readonly agent: AgentDraft
  /** Path of AGENTS_FILE, when there is one; paths in it are from its folder. */
  readonly agentsFile: string | undefined
  readonly twilio: { readonly accountSid: string | undefined; readonly authTokens: readonly string[] }
  /** Where `${NAME}` in headers comes from. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The agents, or all that is wrong with them: a line each with the file, where in it, and the reason. */
export type PlansRead = { readonly plans: AgentPlans } | { readonly problems: readonly string[] }

type SoundAnswer = { readonly sound: Sound } | { readonly problem: string }

/** One agent on its way, and where it was written. */
interface Written {
  readonly where: string
  /** What the agent is called when it has no name of its own. */
  readonly number: string
  readonly draft: AgentDraft
}

/** By which setting the environment names each recording. */
const soundSettings = {
  greetingAudio: 'AGENT_GREETING_AUDIO',
  fillerAudio: 'FILLER_AUDIO',
  holdAudio: 'HOLD_AUDIO',
} as const

const FILE_MAX_BYTES = 1_000_000
/** Larger than a minute of stereo at 192 kHz in 32 bits. */
const SOUND_MAX_BYTES = 100_000_000

const tone = comfortTone()
/** Behind a recorded filler [ms]. */
const PAUSE_MS = 1200

/**
 * Reads the environment's agent, AGENTS_FILE, and the recordings of both. Never throws for what an operator can mend.
 * It takes its time, 1 ms a number and 13 ms a second of sound: while calls are live, `readPlansAside`.
 */
export function readPlans(sources: PlanSources): PlansRead {
  const { agentsFile } = sources
  const environment = { where: '', number: 'default', draft: absolute(sources.agent, '.') }
  if (agentsFile === undefined) return plansOf(environment, new Map(), sources)
  const text = readText(agentsFile)
  if ('problem' in text) return { problems: [`AGENTS_FILE: ${agentsFile}: ${text.problem}`] }
  const drafts = readAgentsFile(text.text, environment.draft, sources.env)
  if ('problems' in drafts) {
    // `file:line:` as compilers say it.
    const colon = (problem: string) => (/^\d+: /.test(problem) ? ':' : ': ')
    return { problems: drafts.problems.map((problem) => `${agentsFile}${colon(problem)}${problem}`) }
  }
  const written = (draft: AgentDraft, place: string, number: string): Written => ({
    where: `${agentsFile}: ${place}: `,
    number,
    draft: absolute(draft, dirname(agentsFile)),
  })
  const numbers = new Map<string, Written>()
  for (const [number, draft] of drafts.numbers)
    numbers.set(number, written(draft, `numbers.${JSON.stringify(number)}`, number))
  return plansOf(written(drafts.default, 'default', 'default'), numbers, sources)
}

function readText(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path, FILE_MAX_BYTES)) }
  } catch (error) {
    if (error instanceof TypeError) return { problem: 'expected text in UTF-8' }
    return { problem: messageOf(error) }
  }
}

function readBytes(path: string, maxBytes: number): Uint8Array {
  const stat = statSync(path)
  if (!stat.isFile()) throw new RangeError('not a file')
  if (stat.size > maxBytes) throw new RangeError(`expected at most ${maxBytes} bytes, got ${stat.size}`)
  return readFileSync(path)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What was inherited from the environment is absolute already. */
function absolute(draft: AgentDraft, folder: string): AgentDraft {
  const path = (file: string | undefined) => (file === undefined ? undefined : resolve(folder, file))
  const { greetingAudio, fillerAudio, holdAudio } = draft
  return { ...draft, greetingAudio: path(greetingAudio), fillerAudio: path(fillerAudio), holdAudio: path(holdAudio) }
}

function plansOf(first: Written, numbers: ReadonlyMap<string, Written>, { agent, twilio }: PlanSources): PlansRead {
  const sounds = soundsOf([first, ...numbers.values()].map(({ draft }) => draft))
  const account = { accountSid: twilio.accountSid, authToken: twilio.authTokens[0] }
  const environment = absolute(agent, '.')
  const problems: string[] = []
  const bad = new Set<string>()
  const soundAt = ({ where, draft }: Written, field: keyof typeof soundSettings): Sound | undefined => {
    const path = draft[field]
    if (path === undefined) return undefined
    const answer = sounds.get(path)
    if (answer !== undefined && 'sound' in answer) return answer.sound
    // Whoever inherits it has the same problem.
    if (bad.has(path)) return undefined
    bad.add(path)
    const by = path === environment[field] ? `${soundSettings[field]}: ` : `${where}${field}: `
    problems.push(`${by}${path}: ${answer?.problem ?? 'was not read'}`)
    return undefined
  }
  const planOf = (written: Written): AgentPlan => {
    const { where, number, draft } = written
    const {
      greeting: _words,
      greetingAudio: _greeting,
      fillerAudio: _filler,
      holdAudio: _hold,
      smsFrom,
      timeZone,
      ...kept
    } = draft
    const sms = smsAccountOf(smsFrom, account)
    if (sms === 'no-account') problems.push(`${where}smsFrom: it takes TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN`)
    return {
      ...kept,
      where,
      name: draft.name ?? number,
      greeting: greetingOf(draft, soundAt(written, 'greetingAudio')),
      filler: repeatable(soundAt(written, 'fillerAudio')) ?? tone,
      hold: repeatable(soundAt(written, 'holdAudio')) ?? tone,
      sms: sms === 'no-account' ? undefined : sms,
      timeZone: timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    }
  }
  const plans = { default: planOf(first), numbers: new Map([...numbers].map(([key, one]) => [key, planOf(one)])) }
  return problems.length > 0 ? { problems } : { plans }
}

/** Every recording once, whoever plays it; bounded by the longest use of it. */
function soundsOf(drafts: readonly AgentDraft[]): ReadonlyMap<string, SoundAnswer> {
  const longest = new Map<string, number>()
  for (const { fillerAudio, holdAudio } of drafts) {
    for (const path of [fillerAudio, holdAudio]) if (path !== undefined) longest.set(path, FILLER_MAX_S)
  }
  for (const { greetingAudio } of drafts) if (greetingAudio !== undefined) longest.set(greetingAudio, GREETING_MAX_S)
  return new Map([...longest].map(([path, maxS]) => [path, readSound(path, maxS)]))
}

function readSound(path: string, maxS: number): SoundAnswer {
  try {
    return { sound: soundOf(readBytes(path, SOUND_MAX_BYTES), maxS) }
  } catch (error) {
    return { problem: messageOf(error) }
  }
}

/** What is played again and again leaves a pause between: a sentence said twice without one sounds broken. */
function repeatable(sound: Sound | undefined): Sound | undefined {
  if (sound === undefined) return undefined
  const padded = new Int16Array(sound.length + PAUSE_MS * 8)
  padded.set(sound)
  return padded
}

function greetingOf({ greeting }: AgentDraft, sound: Sound | undefined): GreetingPlan {
  if (sound !== undefined) return { type: 'sound', sound, words: greeting ?? '' }
  if (greeting === undefined) return { type: 'own-words' }
  return greeting === '' ? { type: 'none' } : { type: 'words', text: greeting }
}

function smsAccountOf(
  from: string | undefined,
  { accountSid, authToken }: { readonly accountSid: string | undefined; readonly authToken: string | undefined },
): SmsAccount | 'no-account' | undefined {
  if (from === undefined) return undefined
  return accountSid === undefined || authToken === undefined ? 'no-account' : { accountSid, authToken, from }
}
