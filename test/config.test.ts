import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, revealTwilio } from '../src/config.ts'
import { settingNames, withoutSettings } from '../src/settings.ts'

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the configuration', () => {
  it('of an empty environment is the embedded agent, for calls from this machine only', () => {
    const config = readConfig({})
    expect(config).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      publicUrl: undefined,
      providers: [{ name: 'local' }],
    })
    expect(config.twilio.authTokens).toEqual([])
    expect(config.agent.greeting).toBeUndefined()
  })

  it('is the cloud model as soon as there is a key', () => {
    const config = readConfig({ DASHSCOPE_API_KEY: 'sk-1', AGENT_GREETING: '' })
    expect(config.providers).toEqual([
      {
        name: 'qwen',
        apiKey: { reveal: expect.any(Function) },
        url: 'wss://dashscope.aliyuncs.com/api-ws/v1/realtime',
        model: 'qwen3.5-omni-flash-realtime',
        sessionMin: 120,
      },
    ])
    expect(config.agent.greeting).toBe('')
    expect(readConfig({ DASHSCOPE_API_KEY: 'sk-1', REALTIME_PROVIDERS: 'local' }).providers).toMatchObject([
      { name: 'local' },
    ])
  })

  it('listens to the world only when there is a token to check signatures with', () => {
    const env = { TWILIO_AUTH_TOKEN: 'a-secret-token', PUBLIC_URL: 'https://voice.example.com/' }
    expect(readConfig(env)).toMatchObject({ host: '0.0.0.0', publicUrl: 'https://voice.example.com' })
  })

  it('names all problems at once: setting, expected, got', () => {
    const problems = problemsOf({
      PORT: 'eighty',
      PUBLIC_URL: 'http://voice.example.com',
      TURN_DETECTION: 'magic',
      VAD_THRESHOLD: '2',
      VAD_SILENCE_MS: '100',
      AUDIO_BATCH_MS: '30',
      REALTIME_PROVIDERS: 'qwen',
      TWILIO_AUTH_TOKEN: 'a-secret-token with a space',
    })
    expect(problems).toContain('PORT: expected a port number from 0 to 65535, got "eighty"')
    expect(problems).toContain('VAD_SILENCE_MS: expected a whole number from 200 to 6000, got "100"')
    expect(problems).toContain('AUDIO_BATCH_MS: expected 20, 40, 60 or 100, got "30"')
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'PUBLIC_URL',
      'TWILIO_AUTH_TOKEN',
      'TURN_DETECTION',
      'VAD_THRESHOLD',
      'VAD_SILENCE_MS',
      'AUDIO_BATCH_MS',
      'DASHSCOPE_API_KEY',
    ])
  })

  it('never repeats a secret', () => {
    const text = problemsOf({
      DASHSCOPE_API_KEY: 'sk with a space',
      TWILIO_AUTH_TOKEN: 'short',
      METRICS_TOKEN: 'to be short',
      PUBLIC_URL: 'https://a.example',
    }).join()
    expect(text).toContain('METRICS_TOKEN: expected a secret of 16 characters or more')
    expect(text).toContain('DASHSCOPE_API_KEY')
    expect(text).toContain('TWILIO_AUTH_TOKEN')
    expect(text).not.toContain('sk with')
    expect(text).not.toContain('short')
    const urls = problemsOf({ REALTIME_URL: 'wss://h/x?key=secret', PUBLIC_URL: 'https://me:secret@a.example' }).join()
    expect(urls).toContain('REALTIME_URL')
    expect(urls).toContain('PUBLIC_URL')
    expect(urls).not.toContain('secret')
  })

  it('carries calls in one process unless told otherwise, and in 64 at most', () => {
    expect(readConfig({})).toMatchObject({ workers: 1, metricsToken: undefined })
    expect(readConfig({ WORKERS: '64' }).workers).toBe(64)
    for (const WORKERS of ['0', '65', '-1', '1.5', 'auto']) {
      expect(problemsOf({ WORKERS })).toEqual([`WORKERS: expected a whole number from 1 to 64, got "${WORKERS}"`])
    }
  })

  it('gives the agent manners that a person on the phone would have', () => {
    const { agent, heardTruth, modelInterrupts, agentsFile } = readConfig({})
    expect(agent).toMatchObject({
      tools: ['end_call'],
      transferTargets: {},
      bargeIn: { by: 'local+model', confirmMs: 600, onDigits: false },
      limits: { maxCallS: 3600, maxCallWarnS: 30, idlePromptS: 10, idlePromptsMax: 2, fillerAfterMs: 1300 },
    })
    expect({ heardTruth, modelInterrupts, agentsFile }).toEqual({ heardTruth: 'note', modelInterrupts: undefined })
  })

  it('reads lists of tools and of where calls may go', () => {
    const TRANSFER_TARGETS = 'sales = +15550100 , night desk=sip:night@example.com'
    const { agent } = readConfig({ AGENT_TOOLS: 'end_call, send_dtmf', TRANSFER_TARGETS })
    expect(agent.tools).toEqual(['end_call', 'send_dtmf'])
    expect(agent.transferTargets).toEqual({ sales: '+15550100', 'night desk': 'sip:night@example.com' })
    expect(readConfig({ AGENT_TOOLS: 'none' }).agent.tools).toEqual([])
  })

  it.each([
    ['AGENT_TOOLS', 'end_call,hang_up'],
    ['TRANSFER_TARGETS', 'sales=5550100'],
    ['TRANSFER_TARGETS', 'sales'],
    ['TRANSFER_TARGETS', 'a=+15550100,a=+15550101'],
    ['TRANSFER_TARGETS', '=+15550100'],
    ['TRANSFER_TARGETS', '__proto__=+15550100'],
    ['BARGE_IN', 'local'],
    ['BARGE_IN_CONFIRM_MS', '99'],
    ['DTMF_BARGE_IN', 'yes'],
    ['TURN_DETECTION', 'none'],
    ['HEARD_TRUTH', 'on'],
    ['MODEL_INTERRUPTS', '1'],
    ['IDLE_PROMPT_S', '-1'],
    ['IDLE_PROMPTS_MAX', '11'],
    ['FILLER_AFTER_MS', '1.5'],
    ['MAX_CALL_S', '0'],
    ['MAX_CALL_WARN_S', '601'],
    ['REALTIME_PROVIDERS', 'qwen,qwen'],
    ['REALTIME_PROVIDERS', 'qwen,local'],
    ['REALTIME_PROVIDERS', 'gemini'],
    ['REALTIME_URL', 'ws://model.example.com/realtime'],
    ['REALTIME_URL', 'ws://127.0.0.1.example.com/realtime'],
    ['AZURE_OPENAI_URL', 'https://a.openai.azure.com/openai/v1/realtime'],
    ['QWEN_SESSION_MIN', '121'],
    ['OPENAI_SESSION_MIN', '61'],
    ['FALLBACK_NUMBER', '5550100'],
    ['RESUME_MAX', '51'],
    ['RESUME_WINDOW_S', '9'],
    ['MAX_CALLS', '0'],
    ['MAX_CALLS_PER_CALLER', '0'],
    ['MAX_CALLS_PER_NUMBER', 'none'],
    ['CALLER_CALLS_PER_HOUR', '0'],
    ['NUMBER_CALLS_PER_MINUTE', '0'],
    ['MAX_LAG_MS', '19'],
    ['OVERFLOW', 'busy'],
    ['QUEUE_MAX_S', '4'],
    ['RETENTION_DAYS', '0'],
  ])('refuses %s=%s, saying what it takes', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: expected .+, got "`))])
  })

  it('sends texts only from an account that it knows', () => {
    const problems = problemsOf({ SMS_FROM: '+15550100' })
    expect(problems.map((line) => line.split(':')[0])).toEqual(['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'])
    expect(problemsOf({ SMS_FROM: 'Offhook' })[0]).toMatch(/^SMS_FROM: expected a number/)
  })

  it('knows the variables of a text, and says which it does not', () => {
    expect(problemsOf({ AGENT_INSTRUCTIONS: 'The caller is {{caller}}, now {{ time }}.' })).toEqual([])
    expect(problemsOf({ AGENT_INSTRUCTIONS: 'Hi {{Calller}}', AGENT_GREETING: 'It is {{time}' })).toEqual([
      'AGENT_INSTRUCTIONS: there is no variable {{Calller}}; did you mean "caller"?',
      'AGENT_GREETING: there is a {{ without its }}',
    ])
  })

  it('hands down an environment without settings and their secrets, nor where those are', () => {
    const env = {
      TWILIO_AUTH_TOKEN: 'secret',
      OPENAI_API_KEY_FILE: '/run/secrets/openai',
      AGENT_GREETING: 'Hi',
      LANG: 'C',
    }
    expect(withoutSettings(env)).toEqual({ LANG: 'C' })
  })

  it('tries the models in the order that was asked for, and else all that have a key', () => {
    const keys = { OPENAI_API_KEY: 'sk-2', DASHSCOPE_API_KEY: 'sk-1' }
    expect(readConfig(keys).providers.map(({ name }) => name)).toEqual(['qwen', 'openai'])
    const both = readConfig({ ...keys, REALTIME_PROVIDERS: 'openai, qwen', OPENAI_VOICE: 'cedar' }).providers
    expect(both).toMatchObject([
      {
        name: 'openai',
        url: 'wss://api.openai.com/v1/realtime',
        model: 'gpt-realtime-1.5',
        voice: 'cedar',
        sessionMin: 60,
      },
      { name: 'qwen' },
    ])
    const azure = {
      AZURE_OPENAI_API_KEY: 'k',
      AZURE_OPENAI_URL: 'wss://a.openai.azure.com/openai/v1/realtime',
      AZURE_OPENAI_DEPLOYMENT: 'voice',
      AZURE_OPENAI_TRANSCRIPTION_DEPLOYMENT: 'words',
    }
    expect(readConfig(azure).providers).toMatchObject([
      { name: 'azure', model: 'voice', voice: 'marin', transcriptionModel: 'words' },
    ])
  })

  it('wants the token that tells Twilio from a stranger when others reach it', () => {
    expect(problemsOf({ PUBLIC_URL: 'https://voice.example.com' })).toEqual([
      'TWILIO_AUTH_TOKEN: expected the auth token of the account because PUBLIC_URL is not on this machine, got none',
    ])
    expect(readConfig({ PUBLIC_URL: 'http://127.0.0.1:8080' }).twilio.authTokens).toEqual([])
  })

  it('says what a model cannot be reached without, and why it is asked', () => {
    expect(problemsOf({ REALTIME_PROVIDERS: 'qwen,openai', OPENAI_API_KEY: 'sk' })).toEqual([
      'DASHSCOPE_API_KEY: expected a value because REALTIME_PROVIDERS has qwen, got none',
    ])
    expect(problemsOf({ AZURE_OPENAI_API_KEY: 'k' })).toEqual([
      'AZURE_OPENAI_URL: expected a value because AZURE_OPENAI_API_KEY is set, got none',
      'AZURE_OPENAI_DEPLOYMENT: expected a value because AZURE_OPENAI_API_KEY is set, got none',
    ])
  })

  it('takes two tokens while they are changed, the primary one first', () => {
    const env = { TWILIO_AUTH_TOKEN: 'the-first-token', TWILIO_AUTH_TOKEN_SECONDARY: 'the-second-token' }
    const config = readConfig({ ...env, PUBLIC_URL: 'https://voice.example.com' })
    expect(revealTwilio(config).authTokens).toEqual(['the-first-token', 'the-second-token'])
    expect(problemsOf({ TWILIO_AUTH_TOKEN_SECONDARY: 'the-second-token' })).toEqual([
      'TWILIO_AUTH_TOKEN: expected the primary token because TWILIO_AUTH_TOKEN_SECONDARY is set, got none',
    ])
  })

  it('knows what to do with callers when all is not well', () => {
    expect(readConfig({})).toMatchObject({
      fallbackNumber: undefined,
      resume: { max: 3, windowMs: 300_000 },
      limits: {
        maxCalls: 300,
        maxCallsPerCaller: 3,
        maxCallsPerNumber: undefined,
        callerCallsPerHour: 60,
        maxLagMs: 300,
      },
      overflow: { plan: 'say', queueMaxS: 120 },
      dataDir: 'data',
      retentionDays: 30,
    })
    expect(problemsOf({ OVERFLOW: 'dial' })).toEqual([
      'FALLBACK_NUMBER: expected a number because OVERFLOW is dial, got none',
    ])
    expect(readConfig({ OVERFLOW: 'dial', FALLBACK_NUMBER: 'sip:desk@example.com' }).fallbackNumber).toBe(
      'sip:desk@example.com',
    )
  })

  it('wants the public address together with the token', () => {
    expect(problemsOf({ TWILIO_AUTH_TOKEN: 'a-secret-token' })[0]).toMatch(
      /^PUBLIC_URL: expected .* because TWILIO_AUTH_TOKEN is set, got none$/,
    )
  })
})

describe('.env.example', () => {
  it('lists every setting, each once, with a comment above it or above its group', () => {
    const lines = example.split('\n')
    const named = lines.flatMap((line, i) => {
      const name = /^#?([A-Z_]+)=/.exec(line)?.[1]
      return name === undefined
        ? []
        : [{ name, comment: lines.slice(0, i).findLast((above) => !/^[A-Z_]+=/.test(above)) }]
    })
    expect(named.map(({ name }) => name).sort()).toEqual([...settingNames].sort())
    for (const { name, comment } of named) expect(comment, name).toMatch(/^# .+/)
  })

  it('says the defaults', () => {
    expect(readConfig(parseEnv(example))).toEqual(readConfig({}))
  })

  it('says what operators see calls by', () => {
    expect(readConfig({})).toMatchObject({
      dataDir: 'data',
      databaseUrl: undefined,
      flightMaxBytes: 100_000_000,
      agent: { recording: false, flightRecorder: false },
      operator: {
        password: undefined,
        userHeader: undefined,
        proxies: ['127.0.0.1', '::1'],
        prices: {},
        currency: 'CNY',
      },
      afterCall: { analyst: undefined, shapeFile: undefined, webhook: undefined },
      traces: undefined,
    })
    expect(readConfig({ DATA_DIR: 'none' }).dataDir).toBeUndefined()
    const { operator } = readConfig({
      MODEL_PRICES: 'qwen=3.3/27/20/107, openai=4/32/16/64',
      PRICE_CURRENCY: 'USD',
      OPERATOR_USER_HEADER: 'X-Forwarded-Email',
      OPERATOR_PROXIES: '10.0.0.7, fd00::1',
    })
    expect(operator).toMatchObject({
      prices: {
        qwen: { textIn: 3.3, audioIn: 27, textOut: 20, audioOut: 107 },
        openai: { textIn: 4, audioIn: 32, textOut: 16, audioOut: 64 },
      },
      currency: 'USD',
      userHeader: 'x-forwarded-email',
      proxies: ['10.0.0.7', 'fd00::1'],
    })
  })

  it('asks whoever has a key about a call, unless it is told whom, or nobody', () => {
    const analystOf = (env: Record<string, string>) => readConfig(env).afterCall.analyst
    const qwen = { DASHSCOPE_API_KEY: 'sk-1' }
    const dmxapi = { DMXAPI_KEY: 'sk-2' }
    expect(analystOf({ ...qwen, ...dmxapi })).toMatchObject({
      ...{ by: 'qwen', url: 'https://dashscope.aliyuncs.com/compatible-mode/v1', model: 'qwen3-omni-flash' },
    })
    expect(analystOf({ ...qwen, REALTIME_URL: 'wss://dashscope-intl.aliyuncs.com/api-ws/v1/realtime' })).toMatchObject({
      url: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    })
    expect(analystOf(dmxapi)).toMatchObject({ by: 'dmxapi', url: 'https://www.dmxapi.cn/v1' })
    expect(analystOf({ ...qwen, ...dmxapi, ANALYSIS: 'dmxapi' })).toMatchObject({ by: 'dmxapi' })
    expect(analystOf({ ...qwen, ANALYSIS: 'off' })).toBeUndefined()
    expect(analystOf({ ...qwen, ANALYSIS_URL: 'https://a.example/v1', ANALYSIS_MODEL: 'm' })).toMatchObject({
      ...{ url: 'https://a.example/v1', model: 'm' },
    })
  })

  it('wants what belongs together', () => {
    expect(problemsOf({ RECORDING: 'on', DATA_DIR: 'none' })).toEqual([
      'DATA_DIR: expected a directory because RECORDING is on, got none',
    ])
    expect(problemsOf({ ANALYSIS: 'qwen', WEBHOOK_URL: 'https://a.example' })).toEqual([
      'WEBHOOK_SECRET: expected what signs webhooks because WEBHOOK_URL is set, got none',
      'DASHSCOPE_API_KEY: expected a key because ANALYSIS is qwen, got none',
    ])
    expect(
      problemsOf({ WEBHOOK_URL: 'http://a.example', MODEL_PRICES: 'qwen=1/2', DATABASE_URL: 'mysql://a' }),
    ).toEqual([
      'DATABASE_URL: expected a postgres:// address, got something else',
      'MODEL_PRICES: expected qwen=textIn/audioIn/textOut/audioOut,openai=… with prices of a million tokens, got "qwen=1/2"',
      'WEBHOOK_URL: expected an https:// address (http:// on loopback only) without a query, got "http://a.example"',
      'WEBHOOK_SECRET: expected what signs webhooks because WEBHOOK_URL is set, got none',
    ])
  })
})
