import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPlans } from '../../src/agents/read-plans.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { systemClock } from '../../src/base/clock.ts'
import { afterStreamCheck } from '../../src/cli/doctor/after-stream.ts'
import { analystCheck } from '../../src/cli/doctor/analyst.ts'
import { judgeCertificate } from '../../src/cli/doctor/certificate.ts'
import type { Check, Context, Finding, Site } from '../../src/cli/doctor/check.ts'
import { clockCheck } from '../../src/cli/doctor/clock.ts'
import { collectorCheck } from '../../src/cli/doctor/collector.ts'
import { databaseCheck } from '../../src/cli/doctor/database.ts'
import { diskCheck } from '../../src/cli/doctor/disk.ts'
import { examine } from '../../src/cli/doctor/examine.ts'
import { findSite } from '../../src/cli/doctor/find-site.ts'
import { judgeMachine } from '../../src/cli/doctor/machine.ts'
import { judgeSound, mediaCheck } from '../../src/cli/doctor/media.ts'
import { judgeMemory } from '../../src/cli/doctor/memory.ts'
import { modelsCheck } from '../../src/cli/doctor/models.ts'
import { pageCheck } from '../../src/cli/doctor/page.ts'
import { portCheck } from '../../src/cli/doctor/port.ts'
import { reachCheck } from '../../src/cli/doctor/reach.ts'
import { lineOf } from '../../src/cli/doctor/report.ts'
import { runChecks, type Told } from '../../src/cli/doctor/run.ts'
import { signatureCheck } from '../../src/cli/doctor/signature.ts'
import { callOnce } from '../../src/cli/doctor/synthetic-call.ts'
import { turnsCheck } from '../../src/cli/doctor/turns.ts'
import { twimlCheck } from '../../src/cli/doctor/twiml.ts'
import { webhookCheck } from '../../src/cli/doctor/webhook.ts'
import { readConfig, revealTwilio } from '../../src/config.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { type RealtimeServer, startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { type House, openHouse } from '../e2e/house.ts'
import { TinyServer } from '../simulators/carrier/tiny-server.ts'

const KEY = 'sk-a-key-that-nobody-may-see'
const TOKEN = 'a-token-that-nobody-may-see'
const PUBLIC = 'http://localhost:8080'

let model: RealtimeServer
let house: House
let folder: string

beforeAll(async () => {
  const speaks = { replies: [[{ do: 'tone', hz: 500, ms: 2500 } as const]] }
  model = await startRealtimeServer({ apiKey: KEY, makeMind: scriptedMinds(systemClock, speaks) })
  house = await openHouse({ env: { TWILIO_AUTH_TOKEN: TOKEN, PUBLIC_URL: PUBLIC } })
  folder = await mkdtemp(join(tmpdir(), 'offhook-doctor-'))
})

afterAll(async () => {
  await house[Symbol.asyncDispose]()
  await model[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

type Env = Readonly<Record<string, string>>

/** What a check works with: settings, and a server that answers here. */
function contextOf(env: Env = {}, more: Partial<Context> = {}): Context {
  const config = readConfig({ DASHSCOPE_API_KEY: KEY, REALTIME_URL: model.url, DATA_DIR: folder, ...env })
  const read = readPlans({ agent: config.agent, agentsFile: undefined, twilio: revealTwilio(config), env: {} })
  if ('problems' in read) throw new Error(read.problems.join())
  const call = () => Promise.reject(new Error('no call was expected'))
  const site: Site = { publicUrl: PUBLIC, connectTo: house.offhook.url, how: 'here', problem: undefined }
  return { config, plans: read.plans, site, call, now: Date.now, measureMs: 100, ...more }
}

async function findingsOf(check: Check, context: Context): Promise<readonly Finding[]> {
  return [await check.run(context, AbortSignal.timeout(10_000))].flat()
}

/** The one thing that a check finds. */
async function found(check: Check, context: Context): Promise<Finding> {
  const findings = await findingsOf(check, context)
  const worst = findings.find(({ level }) => level === 'fail') ?? findings.find(({ level }) => level === 'warn')
  const [first] = findings
  if (first === undefined) throw new Error('nothing was found')
  return worst ?? first
}

const at = (server: TinyServer): Partial<Context> => ({
  site: { publicUrl: server.url, connectTo: undefined, how: 'public', problem: undefined },
})
const answers =
  (status: number, body = '') =>
  (_: unknown, response: import('node:http').ServerResponse) =>
    void response.writeHead(status).end(body)

describe.concurrent('the whole of it', () => {
  it('finds a server that it starts itself ready, with one line a check, and leaves nothing behind', {
    timeout: 60_000,
  }, async () => {
    const told: Told[] = []
    const env = {
      ...{ PORT: '0', DASHSCOPE_API_KEY: KEY, REALTIME_URL: model.url, DATA_DIR: folder, BARGE_IN: 'model' },
      ...{ MAX_LAG_MS: '10000', FILLER_AFTER_MS: '0', ANALYSIS: 'off' },
    }
    const all = await examine({ env, tell: (one) => told.push(one), measureMs: 60 })
    expect(all).toEqual(told)
    const failed = all.filter(({ level }) => level === 'fail')
    expect(failed.map(lineOf)).toEqual([])
    // How fast it was is no matter here: what is slow is `warn`.
    const said = (check: string) => all.find((one) => one.check === check)?.what
    expect(said('model')).toMatch(/a session is open/)
    expect(said('twiml')).toMatch(/answers with a stream/)
    expect(said('media')).toMatch(/the agent is heard/)
    expect(said('marks, clear')).toMatch(/^\d+ mark\(s\); it falls silent \d+ ms after/)
    expect(said('end of call')).toBe('the call ends, and its caller is let go')
    expect(all.find(({ check }) => check === 'public url')?.what).toMatch(/no PUBLIC_URL/)
    expect(await readdir(folder)).toEqual([])
    expect(JSON.stringify(all)).not.toContain(KEY)
  })

  it('listens to the agent also where there is no recorded speech, and says what was not tried for want of it', {
    timeout: 60_000,
  }, async () => {
    const env = { PORT: '0', DASHSCOPE_API_KEY: KEY, REALTIME_URL: model.url, DATA_DIR: 'none', BARGE_IN: 'model' }
    const more = { MAX_LAG_MS: '10000', FILLER_AFTER_MS: '0', ANALYSIS: 'off' }
    const speechFile = new URL('no-such.wav', import.meta.url)
    const asked = { env: { ...env, ...more }, tell: () => undefined, measureMs: 60, speechFile }
    const all = await examine(asked)
    expect(all.filter(({ level }) => level === 'fail').map(lineOf)).toEqual([])
    const of = (check: string) => all.find((one) => one.check === check)
    expect(of('media')?.what).toMatch(/^the agent is heard \d+ ms after the stream’s start, loud and clear$/)
    expect(of('marks, clear')).toMatchObject({
      level: 'warn',
      what: expect.stringMatching(/^[1-9]\d* mark.*not tried/),
    })
  })

  it('says all that is wrong with the settings, and exits with 1, also when its own files are broken; with 2 when it is asked for what there is not', {
    timeout: 60_000,
  }, async () => {
    const run = async (args: readonly string[], before: readonly string[] = []) => {
      const env = { PATH: process.env['PATH'], PORT: 'none', MAX_CALLS: '0', NODE_ENV: 'production' }
      const child = spawn(process.execPath, [...before, 'src/cli/doctor.ts', ...args], { env })
      const out: string[] = []
      child.stdout.on('data', (data) => out.push(String(data)))
      const [code] = await once(child, 'close')
      return { code, out: out.join('') }
    }
    const broken = `import { registerHooks } from 'node:module'
      registerHooks({ resolve: (name, at, next) => next(name.endsWith('/examine.ts') ? './gone.ts' : name, at) })`
    const [json, odd, torn] = await Promise.all([
      run(['--json']),
      run(['--jsno']),
      run([], ['--import', `data:text/javascript,${encodeURIComponent(broken)}`]),
    ])
    // Of a server that cannot be read: it is said, and waits for nothing.
    expect(torn).toEqual({ code: 1, out: '' })
    expect(json.code).toBe(1)
    const { ready, findings } = JSON.parse(json.out)
    expect(ready).toBe(false)
    expect(findings.map(({ what }: Told) => what.split(':')[0])).toEqual(['PORT', 'MAX_CALLS'])
    expect(odd).toEqual({ code: 2, out: '' })
  })

  it('goes on when a check fails by itself, or never ends; and shows no secret, whoever says it', async () => {
    const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel', OTEL_EXPORTER_OTLP_HEADERS: 'a=token-of-otel' }
    const context = contextOf({ DATABASE_URL: 'postgres://me:pass-word@db/x', ...traces })
    const checks: Check[] = [
      { name: 'odd', run: () => Promise.reject(new TypeError(`it said ${KEY}`)) },
      { name: 'slow', deadlineMs: 5, run: () => new Promise(() => undefined) },
      { name: 'open', run: async () => ({ level: 'ok', what: 'pass-word token-of-otel', todo: KEY }) },
    ]
    const lines = (await runChecks(checks, context, () => undefined)).map(lineOf)
    expect(lines).toEqual([
      'FAIL  odd          it could not be checked: it said [secret]  — see the findings above; try again',
      'FAIL  slow         it could not be checked: not done in 0.005 s  — see the findings above; try again',
      'ok    open         [secret] [secret]  — [secret]',
    ])
  })

  it('is not put off by a password that has a % in it, and does not show it', async () => {
    const context = contextOf({ DATABASE_URL: 'postgres://me:pass%word@db/x' })
    const check: Check = { name: 'open', run: async () => ({ level: 'ok', what: 'it is pass%word' }) }
    expect((await runChecks([check], context, () => undefined)).map(({ what }) => what)).toEqual(['it is [secret]'])
  })
})

describe('where the server is', () => {
  const nobody = async () => 'http://own'
  const config = (publicUrl: string | undefined, port = 0) => ({ publicUrl, port, host: '127.0.0.1' })

  it('is where PUBLIC_URL leads; else on this machine; else it is started', async () => {
    await using server = await TinyServer.listen()
    server.on('/healthz', answers(200, '{"status":"ok"}'))
    expect(await findSite(config(server.url), nobody)).toMatchObject({ how: 'public', publicUrl: server.url })
    const port = Number(new URL(server.url).port)
    expect(await findSite(config('http://127.0.0.1:1', port), nobody)).toMatchObject({
      ...{ how: 'here', publicUrl: 'http://127.0.0.1:1', connectTo: server.url, problem: 'nothing listens there' },
    })
    expect(await findSite(config(undefined), nobody)).toMatchObject({ how: 'own', publicUrl: 'http://own' })
  })

  it('is said when it is elsewhere: a redirect, a proxy with nobody behind it, another program', async () => {
    await using server = await TinyServer.listen()
    const problem = async () => {
      const site = await findSite(config(server.url), nobody)
      return await found(reachCheck, contextOf({ PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN }, { site }))
    }
    const moved = { location: 'https://www.example.com/healthz' }
    server.on('/healthz', (_, response) => response.writeHead(301, moved).end())
    expect(await problem()).toMatchObject({
      level: 'fail',
      what: expect.stringContaining('redirects to https://www.example.com'),
    })
    server.on('/healthz', answers(502))
    expect(await problem()).toMatchObject({ level: 'fail', todo: expect.stringContaining('start the server') })
    server.on('/healthz', answers(200, '<h1>Welcome to nginx!</h1>'))
    expect(await problem()).toMatchObject({ level: 'fail', what: expect.stringContaining('something else answers') })
    const here = contextOf({ PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN })
    expect((await findingsOf(reachCheck, here)).map(({ level, what }) => `${level} ${what}`)).toEqual([
      `ok ${PUBLIC} answers`,
      `ok the server at ${house.offhook.url} takes calls`,
    ])
    await using draining = await TinyServer.listen()
    draining.on('/readyz', answers(503))
    expect(await found(reachCheck, { ...here, ...at(draining) })).toMatchObject({
      level: 'fail',
      what: expect.stringMatching(/takes no calls/),
    })
  })

  it('is no place that has expired, or that nobody trusts', () => {
    const now = Date.UTC(2026, 5, 1)
    const until = (validTo: string, distrust?: string) => judgeCertificate({ validTo, distrust }, now).level
    expect(until('Sep  1 12:00:00 2026 GMT')).toBe('ok')
    expect(until('Jun 10 12:00:00 2026 GMT')).toBe('warn')
    expect(until('May 30 12:00:00 2026 GMT', 'CERT_HAS_EXPIRED')).toBe('fail')
    expect(
      judgeCertificate({ validTo: 'Sep  1 12:00:00 2026 GMT', distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, now),
    ).toMatchObject({
      ...{ level: 'fail', what: 'the certificate is not trusted: its certificate is signed by itself' },
    })
  })
})

describe('signatures', () => {
  const signed = { PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN }

  it('are taken when they are Twilio’s; a wrong token, and a server that takes itself for another, are told apart', async () => {
    expect(await found(signatureCheck, contextOf(signed))).toMatchObject({ level: 'ok' })
    const wrong = await found(signatureCheck, contextOf({ ...signed, TWILIO_AUTH_TOKEN: 'another-token' }))
    expect(wrong).toMatchObject({ level: 'fail', what: 'what is signed with this TWILIO_AUTH_TOKEN is refused' })
    const site: Site = {
      publicUrl: 'http://localhost:9999',
      connectTo: house.offhook.url,
      how: 'here',
      problem: undefined,
    }
    const mistaken = await found(signatureCheck, contextOf(signed, { site }))
    expect(mistaken).toMatchObject({ level: 'fail', what: expect.stringContaining(`takes itself for ${PUBLIC}`) })
    const prefixed = { ...site, publicUrl: `${PUBLIC}/prefix` }
    expect(await found(signatureCheck, contextOf(signed, { site: prefixed }))).toMatchObject({
      ...{ level: 'fail', what: '/twilio/call-status is answered with 404' },
    })
  })

  it('are missed where everybody is let in, and where nobody listens', async () => {
    await using open = await TinyServer.listen()
    open.on('/twilio/call-status', answers(204))
    expect(await found(signatureCheck, contextOf(signed, at(open)))).toMatchObject({
      ...{ level: 'fail', what: 'the server takes requests that nobody signed' },
    })
    const site: Site = { publicUrl: 'http://127.0.0.1:1', connectTo: undefined, how: 'public', problem: undefined }
    expect((await found(signatureCheck, contextOf(signed, { site }))).level).toBe('fail')
    expect((await found(signatureCheck, contextOf())).level).toBe('warn')
  })
})

describe('the call', () => {
  /** A call to a server that is none of ours. */
  async function calling(server: TinyServer): Promise<Context> {
    const context = contextOf({}, at(server))
    const report = callOnce(context, undefined, AbortSignal.timeout(10_000))
    return { ...context, call: () => report }
  }

  it('shows TwiML that a proxy has put its own page in the place of, or that has no stream', async () => {
    await using server = await TinyServer.listen()
    server.on('/twilio/call-status', answers(204))
    const voice = (type: string, body: string) =>
      server.on('/twilio/voice', (_, response) => response.writeHead(200, { 'content-type': type }).end(body))
    voice('text/html', '<html><body>Checking your browser<br></body></html>')
    const html = await calling(server)
    expect(await found(twimlCheck, html)).toMatchObject({ level: 'fail', what: expect.stringContaining('12100') })
    expect(await found(mediaCheck, html)).toMatchObject({ level: 'fail', what: 'the media socket was never opened' })
    voice('application/json', '{}')
    expect(await found(twimlCheck, await calling(server))).toMatchObject({ what: expect.stringContaining('12300') })
    voice('text/xml', '<Response><Say>All lines are busy.</Say></Response>')
    expect(await found(twimlCheck, await calling(server))).toMatchObject({
      ...{ level: 'fail', what: 'the call got no stream, but “All lines are busy.”' },
    })
    expect((await found(afterStreamCheck, await calling(server))).what).toBe('/twilio/next answers with 404')
  })

  it('shows a media socket that is not upgraded, and a server that sends sound without marks', async () => {
    await using server = await TinyServer.listen()
    server.on('/twilio/call-status', answers(204))
    server.twiml('/twilio/voice', `<Connect><Stream url="${server.mediaUrl}"/></Connect>`)
    server.refuse = 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'
    expect(await found(mediaCheck, await calling(server))).toMatchObject({
      level: 'fail',
      todo: expect.stringMatching(/Upgrade/),
    })
    server.refuse = undefined
    const plays = server.socket().then(async (socket) => {
      await socket.until((messages) => messages.length >= 2)
      socket.play(encodeMulaw(tone(500, 400, 8000)))
    })
    const context = await calling(server)
    const marks = await found(turnsCheck, context)
    await plays
    expect((await found(mediaCheck, context)).what).toMatch(/the agent is heard/)
    expect(marks).toMatchObject({ level: 'fail', what: expect.stringContaining('no mark came') })
  })

  it('shows an agent that talks on, or falls silent late', async () => {
    const report = {
      ...{ callSid: 'CA1', notices: [], verbs: ['stream'], words: '', isStreamed: true, frames: 9, firstSoundMs: 300 },
      ...{ hasSpeech: true, spokeFirst: false, heard: new Int16Array(), marks: 2 },
      end: { by: 'caller', status: 'completed', durationMs: 2000 } as const,
    }
    const with_ = (clearMs: number | 'none') => contextOf({}, { call: async () => ({ ...report, clearMs }) })
    expect((await found(turnsCheck, with_(200))).level).toBe('ok')
    expect((await found(turnsCheck, with_(1800))).level).toBe('warn')
    expect((await found(turnsCheck, with_('none'))).level).toBe('fail')
    expect((await found(turnsCheck, contextOf({}, { call: async () => report }))).level).toBe('warn')
    expect((await found(mediaCheck, with_(200))).level).toBe('fail')
  })

  it('without recorded speech leaves out what takes some, and is not passed by silence', async () => {
    const report = {
      ...{ callSid: 'CA1', notices: [], verbs: ['stream'], words: '', isStreamed: true, frames: 0, marks: 0 },
      ...{ hasSpeech: false, spokeFirst: false, heard: new Int16Array(8000) },
      end: { by: 'caller', status: 'completed', durationMs: 2000 } as const,
    }
    const of = (env: Env, more: object = {}) => contextOf(env, { call: async () => ({ ...report, ...more }) })
    const waits = await found(mediaCheck, of({ AGENT_GREETING: '' }))
    expect(waits).toMatchObject({ level: 'warn', what: expect.stringMatching(/^not tried: the agent waits/) })
    expect(await found(mediaCheck, of({}))).toMatchObject({ level: 'fail', what: 'nothing was heard of the agent' })
    const silent = await found(mediaCheck, of({}, { frames: 50 }))
    expect(silent).toMatchObject({ level: 'fail', what: 'what is heard is silence' })
    const marks = await found(turnsCheck, of({}, { frames: 50, firstSoundMs: 60, marks: 2 }))
    expect(marks).toMatchObject({ level: 'warn', what: expect.stringMatching(/^2 mark.*no recorded speech here$/) })
  })

  it('is measured to the first sound that is not silence, which may be late in what is heard', async () => {
    await using server = await TinyServer.listen()
    server.on('/twilio/call-status', answers(204))
    server.twiml('/twilio/voice', `<Connect><Stream url="${server.mediaUrl}"/></Connect>`)
    const plays = server.socket().then(async (socket) => {
      await socket.until((messages) => messages.length >= 2)
      socket.play(new Uint8Array(8 * 100).fill(0xff))
      socket.mark('begun')
      socket.play(new Uint8Array(8 * 400).fill(0xff), encodeMulaw(tone(500, 500, 8000)))
    })
    const context = await calling(server)
    const { firstSoundMs = 0, heard, marks } = await context.call()
    await plays
    expect(firstSoundMs).toBeGreaterThanOrEqual(480)
    expect(judgeSound(heard)).toBeUndefined()
    expect(marks).toBe(1)
  })

  it('tells speech from noise, and from silence', () => {
    const noise = Int16Array.from({ length: 8000 }, (_, i) => ((i * 7919 * 104_729) % 20_001) - 10_000)
    expect(judgeSound(tone(500, 500, 8000))).toBeUndefined()
    expect(judgeSound(noise)?.what).toMatch(/noise/)
    expect(judgeSound(new Int16Array(8000).fill(3))?.what).toMatch(/silence/)
    expect(judgeSound(new Int16Array(8000).fill(32_767))?.what).toMatch(/loud/)
  })
})

describe('a model', () => {
  it('takes the key and the voice, or refuses: a wrong key, a wrong voice and a wrong address are told apart', async () => {
    expect((await found(modelsCheck, contextOf())).what).toMatch(/a session is open/)
    const key = await found(modelsCheck, contextOf({ DASHSCOPE_API_KEY: 'sk-another-key-than-that' }))
    expect(key).toMatchObject({
      level: 'fail',
      what: expect.stringMatching(/provider-refused/),
      todo: expect.stringMatching(/key is wrong/),
    })
    const voice = await found(modelsCheck, contextOf({ AGENT_VOICE: 'Nobody' }))
    expect(voice).toMatchObject({
      level: 'fail',
      what: expect.stringMatching(/voice Nobody: provider-config/),
      todo: expect.stringMatching(/AGENT_VOICE/),
    })
    const away = await found(modelsCheck, contextOf({ REALTIME_URL: 'ws://127.0.0.1:1/realtime' }))
    expect(away).toMatchObject({
      level: 'fail',
      what: expect.stringMatching(/provider-lost/),
      todo: expect.stringMatching(/127\.0\.0\.1:1/),
    })
  })

  it('of many voices is asked for each once', async () => {
    const { plans } = contextOf()
    const ofVoice = (voice: string) => ({ ...plans.default, voice })
    const numbers = new Map(['Tina', 'Serena', 'Tina', 'Nobody'].map((voice, i) => [`+1555010${i}`, ofVoice(voice)]))
    const findings = await findingsOf(modelsCheck, contextOf({}, { plans: { default: plans.default, numbers } }))
    expect(findings.map(({ level }) => level === 'fail')).toEqual([false, false, false, true])
  })
})

describe('this machine', () => {
  it('has a disk that can be written, or says why not', async () => {
    expect((await findingsOf(diskCheck, contextOf())).map(({ what }) => what).join()).toMatch(/can be written.*GB free/)
    expect(await readdir(folder)).toEqual([])
    const file = join(folder, 'file')
    await writeFile(file, '')
    expect(await found(diskCheck, contextOf({ DATA_DIR: join(file, 'data') }))).toMatchObject({
      ...{ level: 'fail', what: expect.stringContaining('it is no directory') },
    })
    await rm(file)
    expect((await found(diskCheck, contextOf({ DATA_DIR: '/proc/offhook' }))).level).toBe('fail')
    expect((await found(diskCheck, contextOf({ DATA_DIR: 'none' }))).level).toBe('ok')
  })

  it('has a port, or somebody else has it', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const own: Partial<Context> = { site: { publicUrl: PUBLIC, connectTo: PUBLIC, how: 'own', problem: undefined } }
    expect(await found(portCheck, contextOf({ PORT: port }, own))).toMatchObject({
      level: 'fail',
      todo: expect.stringMatching(/another PORT/),
    })
    expect((await found(portCheck, contextOf({ PORT: port }))).level).toBe('ok')
    taken.close()
    await once(taken, 'close')
    expect((await found(portCheck, contextOf({ PORT: port }, own))).level).toBe('ok')
  })

  it('knows what time it is as the model’s server does', async () => {
    const off = (ms: number) => found(clockCheck, contextOf({}, { now: () => Date.now() + ms }))
    expect((await off(0)).level).toBe('ok')
    expect(await off(-12_000)).toMatchObject({ level: 'warn', what: expect.stringContaining('behind') })
    expect(await off(90_000)).toMatchObject({ level: 'fail', what: expect.stringContaining('ahead') })
    expect((await found(clockCheck, contextOf({ REALTIME_URL: 'ws://127.0.0.1:1/realtime' }))).level).toBe('warn')
  })

  it('has time and memory for the calls that may come, or not', () => {
    const limits = { maxCalls: 100, maxLagMs: 300 }
    const of = (p99Ms: number, callSecondMs: number) =>
      judgeMachine({ p99Ms, callSecondMs }, { workers: 1, limits }).level
    expect([of(2, 0.2), of(40, 0.2), of(400, 0.2), of(2, 2)]).toEqual(['ok', 'warn', 'fail', 'warn'])
    const { config } = contextOf()
    expect([judgeMemory(config, 8000).level, judgeMemory(config, 300).level]).toEqual(['ok', 'warn'])
  })
})

describe('who is told of calls, and who sees them', () => {
  it('answers, or is not there, or refuses the key', async () => {
    await using other = await TinyServer.listen()
    other.on('/hook', answers(405)).on('/v1/models', answers(401)).on('/v1/traces', answers(200))
    const env = {
      ...{ WEBHOOK_URL: `${other.url}/hook`, WEBHOOK_SECRET: 'a-secret-of-the-webhook' },
      ...{ ANALYSIS_URL: `${other.url}/v1`, OTEL_EXPORTER_OTLP_ENDPOINT: other.url },
    }
    expect((await found(webhookCheck, contextOf(env))).level).toBe('ok')
    expect(other.seen.at(-1)?.request.method).toBe('HEAD')
    expect((await found(analystCheck, contextOf(env))).level).toBe('fail')
    expect((await found(collectorCheck, contextOf(env))).level).toBe('ok')
    expect(other.seen.map(({ body }) => body)).toEqual(['', '', '{"resourceSpans":[]}'])
    other.on('/v1/models', answers(200, '{}')).on('/v1/traces', answers(404)).on('/hook', answers(301))
    expect((await found(analystCheck, contextOf(env))).level).toBe('ok')
    expect((await found(collectorCheck, contextOf(env))).level).toBe('warn')
    expect((await found(webhookCheck, contextOf(env))).level).toBe('warn')
    const away = { ...env, WEBHOOK_URL: 'http://127.0.0.1:1/hook' }
    expect(await found(webhookCheck, contextOf(away))).toMatchObject({
      level: 'fail',
      what: '127.0.0.1:1: nothing listens there',
    })
  })

  it('is not whoever asks for the page', async () => {
    await using server = await TinyServer.listen()
    const env = {
      PUBLIC_URL: 'https://voice.example.com',
      TWILIO_AUTH_TOKEN: TOKEN,
      OPERATOR_PASSWORD: 'a-long-password',
    }
    const site: Site = {
      publicUrl: 'https://voice.example.com',
      connectTo: server.url,
      how: 'here',
      problem: undefined,
    }
    const page = (more: Env = {}) => found(pageCheck, contextOf({ ...env, ...more }, { site }))
    server.on('/api/calls', answers(401))
    expect((await page()).level).toBe('ok')
    expect((await page({ OPERATOR_PASSWORD: '' })).level).toBe('warn')
    server.on('/api/calls', answers(200, '{}'))
    expect(await page()).toMatchObject({ level: 'fail', what: 'calls are shown to whoever asks' })
    server.on('/api/calls', answers(403))
    expect((await page()).level).toBe('ok')
    // A proxy that hands on nothing of it is no proof that nobody gets in.
    for (const status of [204, 302, 404, 502]) {
      server.on('/api/calls', answers(status))
      expect(await page()).toMatchObject({
        ...{ level: 'fail', what: `/api/calls is answered with ${status}, and should be refused (401 or 403)` },
      })
    }
    // On this machine there is nobody to try it as: what is set is said.
    const here = async (more: Env = {}) => (await found(pageCheck, contextOf(more))).what
    expect(await here()).toBe('the page is for this machine only; no password is set')
    expect(await here({ OPERATOR_PASSWORD: 'a-long-password' })).toMatch(/whoever has the password/)
    expect(await here({ OPERATOR_USER_HEADER: 'X-User' })).toMatch(/whom the proxy names in x-user; no password/)
  })

  it('is no database that is away; its password is not said', async () => {
    const away = await found(databaseCheck, contextOf({ DATABASE_URL: 'postgres://me:pass-word@127.0.0.1:1/calls' }))
    expect(away).toMatchObject({ level: 'fail', what: 'the database does not let us in: nothing listens there' })
    const kept = async (env: Env) => (await found(databaseCheck, contextOf(env))).what
    expect(await kept({})).toBe(`no DATABASE_URL: calls are kept in SQLite, ${folder}/offhook.db`)
    expect(await kept({ DATA_DIR: 'none' })).toMatch(/nothing is kept$/)
  })
})
