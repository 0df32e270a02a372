import type { AgentDraft } from './agents/plan.ts'
import { templateProblems } from './agents/template.ts'
import { type Settings, settings } from './settings.ts'

/** What an operator can set. Read once, at start. */
export interface Config {
  readonly port: number
  readonly host: string
  /** Without a trailing slash; `undefined`: the loopback address that the server listens on. */
  readonly publicUrl: string | undefined
  readonly twilio: {
    readonly accountSid: string | undefined
    readonly authTokens: readonly string[]
  }
  readonly provider: ProviderConfig
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
  readonly drainS: number
  /** Processes that carry calls; 1: this one. */
  readonly workers: number
  /** What a scraper of `/metrics` shows; without one, only this machine itself may look. */
  readonly metricsToken: string | undefined
  readonly logLevel: string
}

type ProviderConfig =
  | {
      readonly name: 'qwen'
      readonly apiKey: string
      readonly url: string
      readonly model: string
    }
  | { readonly name: 'local'; readonly maxCalls: number }

/** What is wrong with the environment: a line a problem, each with the name, what was expected and what came. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem(s):\n${problems.map((line) => `  ${line}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const secrets = new Set(['TWILIO_AUTH_TOKEN', 'DASHSCOPE_API_KEY', 'METRICS_TOKEN'])

/** What came, without what may be a secret in it: keys, and the query and user of an address. */
function shown(name: string, text: string): string {
  if (secrets.has(name)) return 'something else'
  return JSON.stringify(name.endsWith('_URL') ? text.replace(/[?#].*$/, '?…').replace(/\/\/[^/]*@/, '//…@') : text)
}

/**
 * The environment as a configuration. An empty value is the same as none, but for AGENT_GREETING.
 * @throws ConfigError with all problems at once.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = []
  const read = Object.fromEntries(
    Object.entries(settings).map(([name, [schema, expected, fallback]]) => {
      const text = env[name]?.trim() || fallback
      if (text === undefined) return [name, undefined]
      const result = schema.safeParse(text)
      if (!result.success) problems.push(`${name}: expected ${expected}, got ${shown(name, text)}`)
      return [name, result.data]
    }),
  ) as Settings
  const name = read.REALTIME_PROVIDER ?? (env['DASHSCOPE_API_KEY']?.trim() ? 'qwen' : 'local')
  if (name === 'qwen' && !env['DASHSCOPE_API_KEY']?.trim()) {
    problems.push('DASHSCOPE_API_KEY: expected a key of Model Studio because REALTIME_PROVIDER is qwen, got none')
  }
  if (env['TWILIO_AUTH_TOKEN']?.trim() && !env['PUBLIC_URL']?.trim()) {
    problems.push(
      'PUBLIC_URL: expected the https:// address that Twilio reaches because TWILIO_AUTH_TOKEN is set, got none',
    )
  }
  for (const missing of ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']) {
    if (!env['SMS_FROM']?.trim() || env[missing]?.trim()) continue
    problems.push(`${missing}: expected that of the account that texts are sent from because SMS_FROM is set, got none`)
  }
  for (const text of ['AGENT_INSTRUCTIONS', 'AGENT_GREETING']) {
    for (const problem of templateProblems(env[text] ?? '')) problems.push(`${text}: ${problem}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return toConfig(read, name, env['AGENT_GREETING'])
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a setting without a default was taken for one with')
  return value
}

function toConfig(read: Settings, name: ProviderConfig['name'], greeting: string | undefined): Config {
  const token = read.TWILIO_AUTH_TOKEN
  return {
    port: need(read.PORT),
    // Who has no token is on loopback only: strangers are kept out by the network too.
    host: read.HOST ?? (token === undefined ? '127.0.0.1' : '0.0.0.0'),
    publicUrl: read.PUBLIC_URL,
    twilio: {
      accountSid: read.TWILIO_ACCOUNT_SID,
      authTokens: token === undefined ? [] : [token],
    },
    provider:
      name === 'local'
        ? { name, maxCalls: need(read.LOCAL_MAX_CALLS) }
        : {
            name,
            apiKey: need(read.DASHSCOPE_API_KEY),
            url: need(read.REALTIME_URL),
            model: need(read.REALTIME_MODEL),
          },
    agent: toAgent(read, greeting?.trim()),
    agentsFile: read.AGENTS_FILE,
    heardTruth: need(read.HEARD_TRUTH),
    modelInterrupts: read.MODEL_INTERRUPTS,
    narrowband: need(read.REALTIME_NARROWBAND),
    batchMs: need(read.AUDIO_BATCH_MS),
    leadMs: need(read.PLAYOUT_LEAD_MS),
    drainS: need(read.DRAIN_S),
    workers: need(read.WORKERS),
    metricsToken: read.METRICS_TOKEN,
    logLevel: need(read.LOG_LEVEL),
  }
}

function toAgent(read: Settings, greeting: string | undefined): AgentDraft {
  return {
    instructions: need(read.AGENT_INSTRUCTIONS),
    voice: read.AGENT_VOICE,
    model: undefined,
    language: read.AGENT_LANGUAGE,
    greeting,
    greetingAudio: read.AGENT_GREETING_AUDIO,
    fillerAudio: read.FILLER_AUDIO,
    tools: need(read.AGENT_TOOLS),
    httpTools: [],
    mcpServers: [],
    transferTargets: read.TRANSFER_TARGETS ?? {},
    smsFrom: read.SMS_FROM,
    timeZone: undefined,
    turns: {
      detection: need(read.TURN_DETECTION),
      threshold: need(read.VAD_THRESHOLD),
      silenceMs: need(read.VAD_SILENCE_MS),
    },
    bargeIn: {
      by: need(read.BARGE_IN),
      confirmMs: need(read.BARGE_IN_CONFIRM_MS),
      onDigits: need(read.DTMF_BARGE_IN),
    },
    limits: {
      maxCallS: need(read.MAX_CALL_S),
      maxCallWarnS: need(read.MAX_CALL_WARN_S),
      idlePromptS: need(read.IDLE_PROMPT_S),
      idlePromptsMax: need(read.IDLE_PROMPTS_MAX),
      fillerAfterMs: need(read.FILLER_AFTER_MS),
    },
  }
}
