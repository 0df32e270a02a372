import { spawnSync } from 'node:child_process'
import { Console } from 'node:console'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { afterAll, describe, expect, it } from 'vitest'
import { makeLog } from '../src/base/log.ts'
import { makeSecret } from '../src/base/secret.ts'
import { ConfigError, readConfig, revealTwilio } from '../src/config.ts'
import { openModels } from '../src/open-models.ts'
import { secretNames, settingNames, settings } from '../src/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'offhook-secrets-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The value of each secret, none of which may ever be seen. */
const hushed = (name: string) => {
  const value = `hush-${name.toLowerCase()}-0123456789`
  return name === 'DATABASE_URL' ? `postgres://offhook:${value}@127.0.0.1/offhook` : value
}
const values = secretNames.map(hushed)
const surroundings = {
  PUBLIC_URL: 'https://voice.example.com',
  REALTIME_PROVIDERS: 'qwen,openai,azure',
  AZURE_OPENAI_URL: 'wss://a.openai.azure.com/openai/v1/realtime',
  AZURE_OPENAI_DEPLOYMENT: 'voice',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318',
  WEBHOOK_URL: 'https://hooks.example.com',
  ANALYSIS: 'dmxapi',
}
const given = { ...surroundings, ...Object.fromEntries(secretNames.map((name) => [name, hushed(name)])) }

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

/** All secrets of a configuration, in the open. */
function revealed(env: Record<string, string>): readonly (string | undefined)[] {
  const config = readConfig(env)
  const keys = config.providers.map((provider) => (provider.name === 'local' ? '' : provider.apiKey.reveal()))
  const { metricsToken, databaseUrl, operator, afterCall, traces } = config
  const own = [metricsToken, databaseUrl, operator.password, afterCall.analyst?.key, afterCall.webhook?.secret]
  return [...revealTwilio(config).authTokens, ...keys, ...[...own, traces?.headers].map((secret) => secret?.reveal())]
}

describe('a secret', () => {
  it('is every setting that is a key or a token', () => {
    expect([...secretNames].sort()).toEqual(
      Object.keys(settings)
        .filter((name) => /KEY|TOKEN|SECRET|PASSWORD|HEADERS$|DATABASE_URL/.test(name))
        .sort(),
    )
    for (const name of secretNames) expect(settingNames).toContain(`${name}_FILE`)
  })

  it('may be in a file instead, each of them, with a newline at its end and behind a link', () => {
    const inFiles = secretNames.map((name, i) => {
      const path = file(name, hushed(name) + ['', '\n', '\r\n'][i % 3])
      symlinkSync(path, `${path}.link`)
      return [`${name}_FILE`, `${path}.link`]
    })
    expect(revealed({ ...surroundings, ...Object.fromEntries(inFiles) })).toEqual(values)
    expect(revealed(given)).toEqual(values)
  })

  it('in a file chooses the model as one in the environment does', () => {
    const config = readConfig({ OPENAI_API_KEY_FILE: file('chooses', 'sk-file') })
    expect(config.providers).toMatchObject([{ name: 'openai' }])
  })

  it.each([
    ['is not there', () => join(folder, 'nowhere'), /cannot be read \(ENOENT\)/],
    ['is a folder', () => folder, /not a file/],
    ['is empty', () => file('empty', '\n'), /an empty one/],
    ['is too big', () => file('big', `hush${'x'.repeat(64 * 1024)}`), /more than 65536 bytes/],
    ['is not text', () => file('binary', Uint8Array.of(104, 117, 115, 104, 0xff, 0xfe)), /not UTF-8/],
    ['is a pipe that nobody writes to', pipe, /not a file/],
    ['was given the secret itself for a path', () => 'hush-i-am-the-key', /cannot be read/],
  ])('whose file %s is one problem, which names the setting and nothing that is in it', (_, path, what) => {
    const problems = problemsOf({ REALTIME_PROVIDERS: 'qwen', DASHSCOPE_API_KEY_FILE: path() })
    expect(problems).toEqual([expect.stringMatching(what)])
    expect(problems[0]).toMatch(/^DASHSCOPE_API_KEY_FILE: expected the path of a small text file/)
    expect(problems.join()).not.toMatch(/hush|offhook-secrets/)
  })

  it('in a file that is no such secret is a problem that does not show it', () => {
    expect(problemsOf({ METRICS_TOKEN_FILE: file('short', 'hush') })).toEqual([
      'METRICS_TOKEN: expected a secret of 16 characters or more, without spaces, got something else',
    ])
  })

  it('that is given twice is a problem: nobody knows which one is meant', () => {
    const twice = { DASHSCOPE_API_KEY: 'hush-1', DASHSCOPE_API_KEY_FILE: file('twice', 'hush-1') }
    expect(problemsOf(twice)).toEqual([
      'DASHSCOPE_API_KEY_FILE: expected the path of a small text file that holds DASHSCOPE_API_KEY, got DASHSCOPE_API_KEY too: one of the two',
    ])
  })

  it('is not in the configuration however that is printed', () => {
    const config = readConfig(given)
    const hidden = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }
    const printed = [
      inspect(config, hidden),
      inspect(config, { ...hidden, customInspect: false }),
      inspect({ ...config, providers: [...config.providers.map((provider) => ({ ...provider }))] }, hidden),
      inspect(new Error('no', { cause: config }), hidden),
      inspect(Object.assign(new Error('no'), { config }), hidden),
      JSON.stringify(config),
      JSON.stringify(config.providers),
      `${config.metricsToken} ${config.twilio.authTokens}`,
      String(Object.entries(config).flat(9)),
      logged(config),
    ].join('\n')
    expect(printed).toContain('a.openai.azure.com')
    for (const value of values) expect(printed).not.toContain(value)
  })

  it('crosses to no other process by accident: a clone is refused, and one is made of what was revealed', async () => {
    const config = readConfig(given)
    for (const cross of [structuredClone, (it: unknown) => deserialize(serialize(it))]) {
      expect(() => cross(config)).toThrow(/could not be cloned/)
      expect(() => cross(makeSecret('hush'))).toThrow(expect.not.objectContaining({ message: /hush/ }))
    }
    await using scope = new AsyncDisposableStack()
    const models = await openModels(config, makeLog('silent'), scope, () => {})
    const there = deserialize(serialize(models)) as typeof models
    expect(there.map(({ apiKey }) => apiKey)).toEqual(values.slice(2, 5))
  })
})

/** What a careless line would say. */
function logged(config: unknown): string {
  const lines: string[] = []
  const stdout = new Writable({ write: (line, _, done) => done(void lines.push(String(line))) })
  const careless = new Console({ stdout })
  careless.dir(config, { depth: null })
  careless.log('%o %j', config, config)
  return lines.join('')
}

function pipe(): string {
  const path = join(folder, 'pipe')
  spawnSync('mkfifo', [path])
  return path
}
