import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig } from '../src/config.ts'
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
    expect(config).toMatchObject({ port: 8080, host: '127.0.0.1', publicUrl: undefined, provider: { name: 'local' } })
    expect(config.twilio.authTokens).toEqual([])
    expect(config.agent.greeting).toBeUndefined()
  })

  it('is the cloud model as soon as there is a key', () => {
    const config = readConfig({ DASHSCOPE_API_KEY: 'sk-1', AGENT_GREETING: '' })
    expect(config.provider).toEqual({
      name: 'qwen',
      apiKey: 'sk-1',
      url: 'wss://dashscope.aliyuncs.com/api-ws/v1/realtime',
      model: 'qwen3.5-omni-flash-realtime',
    })
    expect(config.agent.greeting).toBe('')
    expect(readConfig({ DASHSCOPE_API_KEY: 'sk-1', REALTIME_PROVIDER: 'local' }).provider.name).toBe('local')
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
      REALTIME_PROVIDER: 'qwen',
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
      limits: { maxCallS: 3600, maxCallWarnS: 30, idlePromptS: 10, idlePromptsMax: 2, fillerAfterMs: 2500 },
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

  it('hands down an environment without settings and their secrets', () => {
    const env = { TWILIO_AUTH_TOKEN: 'secret', AGENT_GREETING: 'Hi', LANG: 'C' }
    expect(withoutSettings(env)).toEqual({ LANG: 'C' })
  })

  it('wants the public address together with the token', () => {
    expect(problemsOf({ TWILIO_AUTH_TOKEN: 'a-secret-token' })[0]).toMatch(
      /^PUBLIC_URL: expected .* because TWILIO_AUTH_TOKEN is set, got none$/,
    )
  })
})

describe('.env.example', () => {
  it('lists every setting, each once, with a comment above it', () => {
    const lines = example.split('\n')
    const named = lines.flatMap((line, i) => {
      const name = /^#?([A-Z_]+)=/.exec(line)?.[1]
      return name === undefined ? [] : [{ name, comment: lines[i - 1] ?? '' }]
    })
    expect(named.map(({ name }) => name).sort()).toEqual([...settingNames].sort())
    for (const { name, comment } of named) expect(comment, name).toMatch(/^# .+/)
  })

  it('says the defaults', () => {
    expect(readConfig(parseEnv(example))).toEqual(readConfig({}))
  })
})
