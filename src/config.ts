import { z } from 'zod'

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
  readonly agent: {
    readonly voice: string | undefined
    readonly instructions: string
    /** `undefined`: the agent greets in its own words; empty: it waits for the caller. */
    readonly greeting: string | undefined
    readonly language: string | undefined
  }
  readonly turns: {
    readonly detection: 'server_vad' | 'semantic_vad'
    readonly threshold: number
    readonly silenceMs: number
  }
  /** Ask the model for 8 kHz both ways: no conversion, where it confirms it. */
  readonly narrowband: boolean
  readonly batchMs: 20 | 40 | 60 | 100
  readonly leadMs: number
  readonly maxCallS: number
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

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= from && value <= to)

/** An absolute URL of one of the schemes, without query or fragment; its trailing slash is dropped. */
const address = (...schemes: string[]) =>
  z
    .string()
    .refine((text) => {
      const url = URL.parse(text)
      if (url === null || !schemes.includes(url.protocol)) return false
      return [url.search, url.hash, url.username, url.password].every((part) => part === '')
    })
    .transform((text) => text.replace(/\/+$/, ''))

const loopback = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/

// Each setting: what it takes, what is said when it does not, and its default. `.env.example` says what it is for.
const settings = {
  PORT: [whole(0, 65_535), 'a port number from 0 to 65535', '8080'],
  HOST: [z.string(), 'an address to listen on', undefined],
  PUBLIC_URL: [
    address('https:', 'http:').refine((url) => url.startsWith('https:') || loopback.test(url)),
    'the https:// address that Twilio reaches (http:// on loopback only), without a query',
    undefined,
  ],
  TWILIO_ACCOUNT_SID: [z.string().regex(/^AC[0-9a-f]{32}$/i), 'AC and 32 hex digits', undefined],
  TWILIO_AUTH_TOKEN: [z.string().regex(/^\S{8,}$/), 'the auth token of the Twilio account', undefined],
  REALTIME_PROVIDER: [z.enum(['qwen', 'local']), 'qwen or local', undefined],
  DASHSCOPE_API_KEY: [z.string().regex(/^\S+$/), 'a key of Model Studio, without spaces', undefined],
  REALTIME_URL: [
    address('wss:', 'ws:'),
    'a wss:// address without a query',
    'wss://dashscope.aliyuncs.com/api-ws/v1/realtime',
  ],
  REALTIME_MODEL: [z.string().regex(/^\S+$/), 'the name of a realtime model', 'qwen3.5-omni-flash-realtime'],
  REALTIME_NARROWBAND: [z.enum(['true', 'false']).transform((text) => text === 'true'), 'true or false', 'false'],
  AGENT_VOICE: [z.string(), 'the name of a voice', undefined],
  AGENT_INSTRUCTIONS: [
    z.string(),
    'what the agent is to do',
    'You are a friendly assistant on the telephone. Answer in one to three short spoken sentences.',
  ],
  AGENT_LANGUAGE: [z.string(), 'the name of a language', undefined],
  TURN_DETECTION: [z.enum(['server_vad', 'semantic_vad']), 'server_vad or semantic_vad', 'server_vad'],
  VAD_THRESHOLD: [
    z
      .string()
      .regex(/^-?\d*\.?\d+$/)
      .transform(Number)
      .refine((value) => value >= -1 && value <= 1),
    'a number from -1 to 1',
    '0.5',
  ],
  VAD_SILENCE_MS: [whole(200, 6000), 'a whole number from 200 to 6000', '500'],
  AUDIO_BATCH_MS: [
    z.enum(['20', '40', '60', '100']).transform((text) => Number(text) as 20 | 40 | 60 | 100),
    '20, 40, 60 or 100',
    '20',
  ],
  PLAYOUT_LEAD_MS: [whole(100, 2000), 'a whole number from 100 to 2000', '300'],
  MAX_CALL_S: [whole(1, 86_400), 'a whole number from 1 to 86400', '3600'],
  DRAIN_S: [whole(0, 86_400), 'a whole number from 0 to 86400', '300'],
  LOCAL_MAX_CALLS: [whole(1, 64), 'a whole number from 1 to 64', '4'],
  WORKERS: [whole(1, 64), 'a whole number from 1 to 64', '1'],
  METRICS_TOKEN: [z.string().regex(/^\S{16,}$/), 'a secret of 16 characters or more, without spaces', undefined],
  LOG_LEVEL: [
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'fatal, error, warn, info, debug, trace or silent',
    'info',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string, string | undefined]>

/** The names of all settings, for who documents them. */
export const settingNames: readonly string[] = [...Object.keys(settings), 'AGENT_GREETING']

/** An environment without our settings: what is left for a child process, and no secret of ours. */
export function withoutSettings<T>(env: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !settingNames.includes(name)))
}

type Settings = {
  [K in keyof typeof settings]: z.infer<(typeof settings)[K][0]> | undefined
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
  if (problems.length > 0) throw new ConfigError(problems)
  return toConfig(read, name, env['AGENT_GREETING'])
}

function toConfig(read: Settings, name: ProviderConfig['name'], greeting: string | undefined): Config {
  const need = <T>(value: T | undefined): T => {
    if (value === undefined) throw new TypeError('a setting without a default was taken for one with')
    return value
  }
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
    agent: {
      voice: read.AGENT_VOICE,
      instructions: need(read.AGENT_INSTRUCTIONS),
      greeting: greeting?.trim(),
      language: read.AGENT_LANGUAGE,
    },
    turns: {
      detection: need(read.TURN_DETECTION),
      threshold: need(read.VAD_THRESHOLD),
      silenceMs: need(read.VAD_SILENCE_MS),
    },
    narrowband: need(read.REALTIME_NARROWBAND),
    batchMs: need(read.AUDIO_BATCH_MS),
    leadMs: need(read.PLAYOUT_LEAD_MS),
    maxCallS: need(read.MAX_CALL_S),
    drainS: need(read.DRAIN_S),
    workers: need(read.WORKERS),
    metricsToken: read.METRICS_TOKEN,
    logLevel: need(read.LOG_LEVEL),
  }
}
