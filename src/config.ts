import type { AgentDraft } from './agents/plan.ts'
import { templateProblems } from './agents/template.ts'
import { makeSecret, type Secret } from './base/secret.ts'
import type { HouseLimits } from './call/house-limits.ts'
import {
  type AfterCallConfig,
  type OperatorConfig,
  operatingProblems,
  secret,
  type TracesConfig,
  toOperating,
} from './config-operating.ts'
import { type ProviderConfig, providerProblems, toProviders } from './config-providers.ts'
import { readSecretFiles } from './secret-files.ts'
import { isLoopbackUrl, needed, type Settings, secretNames, settings } from './settings.ts'

/** What an operator can set. Read once, at start. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Without a trailing slash; `undefined`: the loopback address that the server listens on. */
  readonly publicUrl: string | undefined
  readonly twilio: {
    readonly accountSid: string | undefined
    /** Of those that may have signed, the primary one first. */
    readonly authTokens: readonly Secret[]
  }
  /** In the order in which they are tried; at least one. */
  readonly providers: readonly ProviderConfig[]
  /** Who answers where AGENTS_FILE says nothing else. */
  readonly agent: AgentDraft
  /** Path of the file that gives numbers their own agents. */
  readonly agentsFile: string | undefined
  /** How the model is told what was heard of an answer that was cut. */
  readonly heardTruth: 'note' | 'truncate' | 'off'
  /** False: only we stop an answer, the model's own server is asked not to; `undefined`: so unless the model decides. */
  readonly modelInterrupts: boolean | undefined
  /** Ask the model for 8 kHz both ways: no conversion, where it confirms it. */
  readonly narrowband: boolean
  readonly batchMs: 20 | 40 | 60 | 100
  readonly leadMs: number
  /** Where the caller is put through to when no model can be had, and when no line is free and `overflow` says so. */
  readonly fallbackNumber: string | undefined
  /** How often the stream of one call is opened again, after the line or a process was lost, in so much time. */
  readonly resume: { readonly max: number; readonly windowMs: number }
  readonly limits: HouseLimits
  /** What callers get who cannot be taken now. */
  readonly overflow: { readonly plan: 'queue' | 'dial' | 'say'; readonly queueMaxS: number }
  /** Where calls, recordings and flight records are kept; `undefined`: nowhere, and a call is lost with its process. */
  readonly dataDir: string | undefined
  /** A PostgreSQL that keeps the calls instead of a file under `dataDir`. */
  readonly databaseUrl: Secret | undefined
  /** What the flight record of one stream may grow to. */
  readonly flightMaxBytes: number
  readonly operator: OperatorConfig
  readonly afterCall: AfterCallConfig
  /** Where traces go; `undefined`: there are none. */
  readonly traces: TracesConfig | undefined
  readonly retentionDays: number
  readonly drainS: number
  /** Processes that carry calls; 1: this one. */
  readonly workers: number
  /** What a scraper of `/metrics` shows; without one, only this machine itself may look. */
  readonly metricsToken: Secret | undefined
  readonly logLevel: string
}

/** What is wrong with the environment: a line a problem, each with the name, what was expected and what came. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem(s):\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const secrets: ReadonlySet<string> = new Set(secretNames)

/** What came, without what may be a secret in it: keys, and the query and user of an address. */
function shown(name: string, text: string): string {
  if (secrets.has(name)) return 'something else'
  return JSON.stringify(name.endsWith('_URL') ? text.replace(/[?#].*$/, '?…').replace(/\/\/[^/]*@/, '//…@') : text)
}

type Env = Readonly<Record<string, string | undefined>>

/**
 * The environment as a configuration. An empty value is the same as none, but for AGENT_GREETING; a secret may be in a
 * file that `NAME_FILE` names.
 * @throws ConfigError with all problems at once.
 */
export function readConfig(given: Env): Config {
  const { env, problems: unreadable, faulty } = readSecretFiles(given)
  const problems = [...unreadable]
  const isSet = (setting: string) => faulty.has(setting) || Boolean(env[setting]?.trim())
  const read = Object.fromEntries(
    Object.entries(settings).map(([name, [schema, expected, fallback]]) => {
      const text = faulty.has(name) ? undefined : env[name]?.trim() || fallback
      if (text === undefined) return [name, undefined]
      const result = schema.safeParse(text)
      if (!result.success) problems.push(`${name}: expected ${expected}, got ${shown(name, text)}`)
      return [name, result.data]
    }),
  ) as Settings
  problems.push(
    ...providerProblems(read, isSet),
    ...operatingProblems(read, isSet),
    ...missing(read, isSet),
    ...textProblems(env),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  return { ...toConfig(read, env['AGENT_GREETING']), providers: toProviders(read, isSet) }
}

/** What is wanted together with something else. */
/** Whether others than this machine reach us by the address that is given out. */
function isPublic({ PUBLIC_URL: url }: Settings): boolean {
  return url !== undefined && !isLoopbackUrl(url)
}

function missing(read: Settings, isSet: (setting: string) => boolean): readonly string[] {
  const wants = (wanted: string, expected: string, because: string, holds: boolean) =>
    holds && !isSet(wanted) ? [`${wanted}: expected ${expected} because ${because}, got none`] : []
  const sender = 'that of the account that texts are sent from'
  const sends = isSet('SMS_FROM')
  return [
    ...wants('FALLBACK_NUMBER', 'a number', 'OVERFLOW is dial', read.OVERFLOW === 'dial'),
    ...wants(
      ...(['TWILIO_AUTH_TOKEN', 'the primary token', 'TWILIO_AUTH_TOKEN_SECONDARY is set'] as const),
      isSet('TWILIO_AUTH_TOKEN_SECONDARY'),
    ),
    ...wants(
      ...(['PUBLIC_URL', 'the https:// address that Twilio reaches', 'TWILIO_AUTH_TOKEN is set'] as const),
      isSet('TWILIO_AUTH_TOKEN'),
    ),
    // Who asks is then whoever a proxy lets in: nothing but a signature tells Twilio from a stranger.
    ...wants('TWILIO_AUTH_TOKEN', 'the auth token of the account', 'PUBLIC_URL is not on this machine', isPublic(read)),
    ...wants('TWILIO_ACCOUNT_SID', sender, 'SMS_FROM is set', sends),
    ...wants('TWILIO_AUTH_TOKEN', sender, 'SMS_FROM is set', sends),
  ]
}

function textProblems(env: Env): readonly string[] {
  return ['AGENT_INSTRUCTIONS', 'AGENT_GREETING'].flatMap((name) =>
    templateProblems(env[name] ?? '').map((problem) => `${name}: ${problem}`),
  )
}

/** The account with its tokens in the open: for who checks signatures, and who signs in to it. */
export function revealTwilio({ twilio }: Config): { accountSid: string | undefined; authTokens: readonly string[] } {
  return { accountSid: twilio.accountSid, authTokens: twilio.authTokens.map(({ reveal }) => reveal()) }
}

function toConfig(read: Settings, greeting: string | undefined): Omit<Config, 'providers'> {
  const { TWILIO_AUTH_TOKEN: token, TWILIO_AUTH_TOKEN_SECONDARY: second } = read
  return {
    port: needed(read.PORT),
    // Who has no token is on loopback only: strangers are kept out by the network too.
    host: read.HOST ?? (token === undefined ? '127.0.0.1' : '0.0.0.0'),
    publicUrl: read.PUBLIC_URL,
    twilio: {
      accountSid: read.TWILIO_ACCOUNT_SID,
      authTokens: [token, second].filter((one) => one !== undefined).map(makeSecret),
    },
    agent: toAgent(read, greeting?.trim()),
    agentsFile: read.AGENTS_FILE,
    heardTruth: needed(read.HEARD_TRUTH),
    modelInterrupts: read.MODEL_INTERRUPTS,
    narrowband: needed(read.REALTIME_NARROWBAND),
    batchMs: needed(read.AUDIO_BATCH_MS),
    leadMs: needed(read.PLAYOUT_LEAD_MS),
    fallbackNumber: read.FALLBACK_NUMBER,
    resume: { max: needed(read.RESUME_MAX), windowMs: needed(read.RESUME_WINDOW_S) * 1000 },
    limits: {
      maxCalls: needed(read.MAX_CALLS),
      maxCallsPerCaller: needed(read.MAX_CALLS_PER_CALLER),
      maxCallsPerNumber: read.MAX_CALLS_PER_NUMBER,
      callerCallsPerHour: needed(read.CALLER_CALLS_PER_HOUR),
      numberCallsPerMinute: read.NUMBER_CALLS_PER_MINUTE,
      maxLagMs: needed(read.MAX_LAG_MS),
    },
    overflow: { plan: needed(read.OVERFLOW), queueMaxS: needed(read.QUEUE_MAX_S) },
    dataDir: read.DATA_DIR === 'none' ? undefined : read.DATA_DIR,
    databaseUrl: secret(read.DATABASE_URL),
    flightMaxBytes: needed(read.FLIGHT_MAX_MB) * 1_000_000,
    ...toOperating(read),
    retentionDays: needed(read.RETENTION_DAYS),
    drainS: needed(read.DRAIN_S),
    workers: needed(read.WORKERS),
    metricsToken: secret(read.METRICS_TOKEN),
    logLevel: needed(read.LOG_LEVEL),
  }
}

function toAgent(read: Settings, greeting: string | undefined): AgentDraft {
  return {
    name: undefined,
    instructions: needed(read.AGENT_INSTRUCTIONS),
    voice: read.AGENT_VOICE,
    model: undefined,
    language: read.AGENT_LANGUAGE,
    greeting,
    greetingAudio: read.AGENT_GREETING_AUDIO,
    fillerAudio: read.FILLER_AUDIO,
    holdAudio: read.HOLD_AUDIO,
    tools: needed(read.AGENT_TOOLS),
    httpTools: [],
    mcpServers: [],
    transferTargets: read.TRANSFER_TARGETS ?? {},
    smsFrom: read.SMS_FROM,
    timeZone: undefined,
    turns: {
      detection: needed(read.TURN_DETECTION),
      threshold: needed(read.VAD_THRESHOLD),
      silenceMs: needed(read.VAD_SILENCE_MS),
    },
    bargeIn: {
      by: needed(read.BARGE_IN),
      confirmMs: needed(read.BARGE_IN_CONFIRM_MS),
      onDigits: needed(read.DTMF_BARGE_IN),
    },
    limits: {
      maxCallS: needed(read.MAX_CALL_S),
      maxCallWarnS: needed(read.MAX_CALL_WARN_S),
      idlePromptS: needed(read.IDLE_PROMPT_S),
      idlePromptsMax: needed(read.IDLE_PROMPTS_MAX),
      fillerAfterMs: needed(read.FILLER_AFTER_MS),
    },
    recording: needed(read.RECORDING),
    flightRecorder: needed(read.FLIGHT_RECORDER),
  }
}
