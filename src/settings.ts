import { z } from 'zod'
import {
  bargeInBy,
  bounds,
  builtinTool,
  DIALABLE,
  dialable,
  SMS_SENDER,
  smsSender,
  targetName,
  turnDetection,
} from './agents/values.ts'

const whole = (from: number, to: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .refine((value) => value >= from && value <= to)

const within = ([from, to]: readonly [number, number]) =>
  [whole(from, to), `a whole number from ${from} to ${to}`] as const

const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true')

/** Tools by name, separated by commas; `none` for none. */
const toolList = z
  .string()
  .transform((text) => (text === 'none' ? [] : text.split(',').map((name) => name.trim())))
  .pipe(z.array(builtinTool))

/** `sales=+15550100,support=+15550101`: where the model may transfer to, by name. */
const targetList = z
  .string()
  .transform((text) =>
    text.split(',').map((pair) => {
      const [name = '', ...number] = pair.split('=')
      return [name.trim(), number.join('=')]
    }),
  )
  .pipe(z.array(z.tuple([targetName, dialable])))
  .refine((pairs) => new Set(pairs.map(([name]) => name)).size === pairs.length)
  .transform((pairs) => Object.fromEntries(pairs))

const providerName = z.enum(['qwen', 'openai', 'azure', 'local'])

/** `qwen,openai`: who is tried, in that order. The embedded agent is for trying things out, and no second choice. */
const providerList = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(providerName))
  .refine((names) => new Set(names).size === names.length && (names.length === 1 || !names.includes('local')))

const onOrOff = z.enum(['on', 'off']).transform((text) => text === 'on')

const analysisBy = z.enum(['auto', 'off', 'qwen', 'dmxapi'])

/** `127.0.0.1,10.0.0.7` */
const addressList = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(z.union([z.ipv4(), z.ipv6()])))

const price = z
  .string()
  .regex(/^\d+(\.\d+)?$/)
  .transform(Number)

/** `qwen=3.3/27/20/107`: by provider, the prices of a million tokens: text in, audio in, text out, audio out. */
const priceList = z
  .string()
  .transform((text) => text.split(',').map((one) => one.split(/[=/]/).map((part) => part.trim())))
  .pipe(z.array(z.tuple([providerName, price, price, price, price])))
  .transform((rows) =>
    Object.fromEntries(
      rows.map(([name, textIn, audioIn, textOut, audioOut]) => [name, { textIn, audioIn, textOut, audioOut }]),
    ),
  )

const overflowPlan = z.enum(['queue', 'dial', 'say'])

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

/** This machine itself: nothing that is said there is heard by others. */
const loopback = /^(http|ws):\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/i

/** Keys cross it: in clear on this machine only. */
const modelAddress = address('wss:', 'ws:').refine((url) => url.startsWith('wss:') || loopback.test(url))
const MODEL_ADDRESS = 'a wss:// address (ws:// on loopback only) without a query'

/** What is sent there are callers' words: in clear on this machine only. */
const httpAddress = address('https:', 'http:').refine((url) => url.startsWith('https:') || loopback.test(url))
const HTTP_ADDRESS = 'an https:// address (http:// on loopback only) without a query'

const databaseAddress = z.string().refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''))

/** Whether an address is one of this machine's own. */
export function isLoopbackUrl(url: string): boolean {
  return loopback.test(url)
}

/** Each setting: what it takes, what is said when it does not, and its default. `.env.example` says what it is for. */
export const settings = {
  PORT: [whole(0, 65_535), 'a port number from 0 to 65535', '8080'],
  HOST: [z.string(), 'an address to listen on', undefined],
  PUBLIC_URL: [
    address('https:', 'http:').refine((url) => url.startsWith('https:') || loopback.test(url)),
    'the https:// address that Twilio reaches (http:// on loopback only), without a query',
    undefined,
  ],
  TWILIO_ACCOUNT_SID: [z.string().regex(/^AC[0-9a-f]{32}$/i), 'AC and 32 hex digits', undefined],
  TWILIO_AUTH_TOKEN: [z.string().regex(/^\S{8,}$/), 'the auth token of the Twilio account', undefined],
  TWILIO_AUTH_TOKEN_SECONDARY: [z.string().regex(/^\S{8,}$/), 'another auth token of the Twilio account', undefined],
  REALTIME_PROVIDERS: [
    providerList,
    `some of ${providerName.options.join(',')}, each once; local only alone`,
    undefined,
  ],
  DASHSCOPE_API_KEY: [z.string().regex(/^\S+$/), 'a key of Model Studio, without spaces', undefined],
  REALTIME_URL: [modelAddress, MODEL_ADDRESS, 'wss://dashscope.aliyuncs.com/api-ws/v1/realtime'],
  REALTIME_MODEL: [z.string().regex(/^\S+$/), 'the name of a realtime model', 'qwen3.5-omni-flash-realtime'],
  OPENAI_API_KEY: [z.string().regex(/^\S+$/), 'a key of OpenAI, without spaces', undefined],
  OPENAI_REALTIME_URL: [modelAddress, MODEL_ADDRESS, 'wss://api.openai.com/v1/realtime'],
  OPENAI_REALTIME_MODEL: [z.string().regex(/^\S+$/), 'the name of a realtime model', 'gpt-realtime-1.5'],
  OPENAI_TRANSCRIPTION_MODEL: [z.string().regex(/^\S+$/), 'the name of a transcription model', undefined],
  OPENAI_VOICE: [z.string(), 'the name of a voice', 'marin'],
  AZURE_OPENAI_API_KEY: [z.string().regex(/^\S+$/), 'a key of the Azure resource, without spaces', undefined],
  AZURE_OPENAI_URL: [modelAddress, 'wss://<resource>.openai.azure.com/openai/v1/realtime, without a query', undefined],
  AZURE_OPENAI_DEPLOYMENT: [z.string().regex(/^\S+$/), 'the name of a deployment', undefined],
  AZURE_OPENAI_TRANSCRIPTION_DEPLOYMENT: [z.string().regex(/^\S+$/), 'the name of a deployment', undefined],
  QWEN_SESSION_MIN: [...within([1, 120]), '120'],
  OPENAI_SESSION_MIN: [...within([1, 60]), '60'],
  REALTIME_NARROWBAND: [yesOrNo, 'true or false', 'false'],
  HEARD_TRUTH: [z.enum(['note', 'truncate', 'off']), 'note, truncate or off', 'note'],
  MODEL_INTERRUPTS: [yesOrNo, 'true or false', undefined],
  AGENT_VOICE: [z.string(), 'the name of a voice', undefined],
  AGENT_INSTRUCTIONS: [
    z.string(),
    'what the agent is to do',
    'You are a friendly assistant on the telephone. Answer in one to three short spoken sentences.',
  ],
  AGENT_GREETING_AUDIO: [z.string(), 'the path of a WAV file', undefined],
  AGENT_LANGUAGE: [z.string(), 'the name of a language', undefined],
  AGENT_TOOLS: [toolList, `some of ${builtinTool.options.join(',')}, or none`, 'end_call'],
  TRANSFER_TARGETS: [targetList, `name=number,name=number with each number ${DIALABLE}`, undefined],
  SMS_FROM: [smsSender, SMS_SENDER, undefined],
  AGENTS_FILE: [z.string(), 'the path of a YAML file', undefined],
  BARGE_IN: [bargeInBy, bargeInBy.options.join(', '), 'local+model'],
  BARGE_IN_CONFIRM_MS: [...within(bounds.confirmMs), '600'],
  DTMF_BARGE_IN: [yesOrNo, 'true or false', 'false'],
  TURN_DETECTION: [turnDetection, turnDetection.options.join(', '), 'server_vad'],
  VAD_THRESHOLD: [
    z
      .string()
      .regex(/^-?\d*\.?\d+$/)
      .transform(Number)
      .refine((value) => value >= -1 && value <= 1),
    'a number from -1 to 1',
    '0.5',
  ],
  VAD_SILENCE_MS: [...within(bounds.silenceMs), '500'],
  AUDIO_BATCH_MS: [
    z.enum(['20', '40', '60', '100']).transform((text) => Number(text) as 20 | 40 | 60 | 100),
    '20, 40, 60 or 100',
    '20',
  ],
  PLAYOUT_LEAD_MS: [...within([100, 2000]), '300'],
  IDLE_PROMPT_S: [...within(bounds.idlePromptS), '10'],
  IDLE_PROMPTS_MAX: [...within(bounds.idlePromptsMax), '2'],
  FILLER_AFTER_MS: [...within(bounds.fillerAfterMs), '1300'],
  FILLER_AUDIO: [z.string(), 'the path of a WAV file', undefined],
  HOLD_AUDIO: [z.string(), 'the path of a WAV file', undefined],
  FALLBACK_NUMBER: [dialable, DIALABLE, undefined],
  RESUME_MAX: [...within([0, 50]), '3'],
  RESUME_WINDOW_S: [...within([10, 86_400]), '300'],
  MAX_CALLS: [...within([1, 10_000]), '300'],
  MAX_CALLS_PER_CALLER: [...within([1, 10_000]), '3'],
  MAX_CALLS_PER_NUMBER: [...within([1, 10_000]), undefined],
  CALLER_CALLS_PER_HOUR: [...within([1, 100_000]), '60'],
  NUMBER_CALLS_PER_MINUTE: [...within([1, 100_000]), undefined],
  MAX_LAG_MS: [...within([20, 10_000]), '300'],
  OVERFLOW: [overflowPlan, overflowPlan.options.join(', '), 'say'],
  QUEUE_MAX_S: [...within([5, 3600]), '120'],
  DATA_DIR: [z.string(), 'the path of a directory, or none', 'data'],
  DATABASE_URL: [databaseAddress, 'a postgres:// address', undefined],
  RECORDING: [onOrOff, 'on or off', 'off'],
  FLIGHT_RECORDER: [onOrOff, 'on or off', 'off'],
  FLIGHT_MAX_MB: [...within([1, 2000]), '100'],
  RETENTION_DAYS: [...within([1, 3650]), '30'],
  MAX_CALL_S: [...within(bounds.maxCallS), '3600'],
  MAX_CALL_WARN_S: [...within(bounds.maxCallWarnS), '30'],
  DRAIN_S: [...within([0, 86_400]), '300'],
  LOCAL_MAX_CALLS: [...within([1, 64]), '4'],
  WORKERS: [...within([1, 64]), '1'],
  OPERATOR_PASSWORD: [z.string().min(10).max(200), 'a password of 10 characters or more', undefined],
  OPERATOR_USER_HEADER: [z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/), 'the name of a header', undefined],
  OPERATOR_PROXIES: [addressList, 'IP addresses separated by commas', '127.0.0.1,::1'],
  MODEL_PRICES: [priceList, 'qwen=textIn/audioIn/textOut/audioOut,openai=… with prices of a million tokens', undefined],
  PRICE_CURRENCY: [z.string().regex(/^[A-Z]{3}$/), 'three letters such as CNY', 'CNY'],
  ANALYSIS: [analysisBy, analysisBy.options.join(', '), 'auto'],
  ANALYSIS_URL: [httpAddress, HTTP_ADDRESS, undefined],
  ANALYSIS_MODEL: [z.string().regex(/^\S+$/), 'the name of a model', undefined],
  ANALYSIS_SHAPE_FILE: [z.string(), 'the path of a JSON Schema', undefined],
  DMXAPI_KEY: [z.string().regex(/^\S+$/), 'a key of DMXAPI, without spaces', undefined],
  WEBHOOK_URL: [httpAddress, HTTP_ADDRESS, undefined],
  WEBHOOK_SECRET: [z.string().regex(/^\S{16,}$/), 'a secret of 16 characters or more, without spaces', undefined],
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    address('https:', 'http:'),
    'the http(s):// address of a collector, without a query',
    undefined,
  ],
  OTEL_EXPORTER_OTLP_HEADERS: [z.string(), 'name=value,name=value', undefined],
  OTEL_SERVICE_NAME: [z.string(), 'a name', 'offhook'],
  METRICS_TOKEN: [z.string().regex(/^\S{16,}$/), 'a secret of 16 characters or more, without spaces', undefined],
  LOG_LEVEL: [
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    'fatal, error, warn, info, debug, trace or silent',
    'info',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string, string | undefined]>

/** Settings that are never shown. Each may be given as `NAME_FILE` too: the path of a file that holds it. */
export const secretNames = [
  'TWILIO_AUTH_TOKEN',
  'TWILIO_AUTH_TOKEN_SECONDARY',
  'DASHSCOPE_API_KEY',
  'OPENAI_API_KEY',
  'AZURE_OPENAI_API_KEY',
  'METRICS_TOKEN',
  'DATABASE_URL',
  'OPERATOR_PASSWORD',
  'DMXAPI_KEY',
  'WEBHOOK_SECRET',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const satisfies readonly (keyof typeof settings)[]

/** The names of all settings, for who documents them. */
export const settingNames: readonly string[] = [
  ...Object.keys(settings),
  ...secretNames.map((name) => `${name}_FILE`),
  'AGENT_GREETING',
]

/** An environment without our settings: what is left for a child process, and no secret of ours. */
export function withoutSettings<T>(env: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !settingNames.includes(name)))
}

/** What was read; `undefined`: not set, and without a default. */
export type Settings = {
  [K in keyof typeof settings]: z.infer<(typeof settings)[K][0]> | undefined
}

/**
 * The value of a setting that has a default, or that was found to be there.
 * @throws TypeError when it has none: a mistake of ours.
 */
export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a setting without a default was taken for one with')
  return value
}
