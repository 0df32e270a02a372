import { type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { makeLog } from '../../src/base/log.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { openSqliteStore } from '../../src/store/sql/sqlite.ts'
import { API_KEY, wait } from './house.ts'

interface Started extends Disposable {
  readonly url: string
  readonly exited: Promise<unknown[]>
  /** What it has printed since it started, its log too. */
  readonly printed: () => string
  /** Resolves when it has printed this. @throws when it ends without it */
  prints(text: string): Promise<unknown>
  kill(signal: NodeJS.Signals): void
}

const settings = {
  ...{ PORT: '0', NODE_ENV: 'production', MAX_LAG_MS: '10000', DATA_DIR: 'none' },
  ...{ DASHSCOPE_API_KEY: API_KEY, REALTIME_URL: 'ws://127.0.0.1:9/', ANALYSIS: 'off' },
}

/** Arguments that make a process run this before anything else. */
function importing(sabotage: string): string[] {
  return sabotage === '' ? [] : ['--import', `data:text/javascript,${encodeURIComponent(sabotage)}`]
}

function spawned(command: string, args: readonly string[], stdio: StdioOptions) {
  const child = spawn(command, args, { env: settings, stdio })
  return { child, exited: once(child, 'exit'), [Symbol.dispose]: () => void child.kill('SIGKILL') }
}

/** The server as a process of its own, as `npm start` runs it, with a model that cannot be reached. */
async function start(
  env: Readonly<Record<string, string>>,
  sabotage = '',
): Promise<Started | { readonly code: unknown; readonly errors: string }> {
  const args = [...importing(sabotage), 'src/main.ts']
  const child = spawn(process.execPath, args, { env: { ...settings, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'close')
  let [printed, errors] = ['', '']
  child.stdout.on('data', (data) => {
    printed += data
  })
  child.stderr.on('data', (data) => {
    errors += data
  })
  const gone = exited.then(([code, signal]) => Promise.reject(new Error(`it ended with ${code ?? signal}`)))
  gone.catch(() => {})
  const prints = async (text: RegExp | string) => {
    for (;;) {
      const found = printed.match(text)
      if (found !== null) return found
      await Promise.race([gone, wait(5)])
    }
  }
  const started = await prints(/answers calls on (\S+)\n/).catch(() => undefined)
  if (started === undefined) return { code: (await exited)[0], errors }
  return {
    ...{ url: started[1] ?? '', exited, printed: () => printed, prints },
    kill: (signal) => child.kill(signal),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

async function running(env: Readonly<Record<string, string>> = {}, sabotage?: string): Promise<Started> {
  const started = await start(env, sabotage)
  if (!('url' in started)) throw new Error(`the server did not start: ${started.errors}`)
  return started
}

/** A model that goes on talking: to be set up in the environment, and disposed of. */
async function talkative() {
  const script = { replies: [[{ do: 'tone', hz: 700, ms: 60_000 }]] } as const
  const model = await startRealtimeServer({ apiKey: API_KEY, makeMind: scriptedMinds(systemClock, script) })
  return { talks: { REALTIME_URL: model.url }, [Symbol.asyncDispose]: () => model[Symbol.asyncDispose]() }
}

describe.concurrent('the process', () => {
  it('stops with 0 on SIGTERM when no call is live, but not before a balancer could see that', async () => {
    using server = await running({ DRAIN_S: '1' })
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    server.kill('SIGTERM')
    await server.prints('"msg":"draining"')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    await using late = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    expect(await late.next('verb')).toMatchObject({ verb: { type: 'say', text: expect.stringContaining('busy') } })
    expect(await server.exited).toEqual([0, null])
  })

  it('stops with 0 on Ctrl-C at once, and lives on when its terminal is closed', async () => {
    using server = await running()
    server.kill('SIGHUP')
    await server.prints('there is no AGENTS_FILE')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    server.kill('SIGINT')
    expect(await server.exited).toEqual([0, null])
  })

  it('lives on when its terminal is closed while it says that it has started', async () => {
    const write = 'const write = process.stdout.write.bind(process.stdout)'
    const closes = 'String(text).includes("answers calls on") && process.kill(process.pid, "SIGHUP")'
    using server = await running({}, `${write}; process.stdout.write = (text) => { ${closes}; return write(text) }`)
    await server.prints('there is no AGENTS_FILE')
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('takes no new call once it is told to stop, says so at once, and lets a live one go on to its end', async () => {
    await using model = await talkative()
    using server = await running({ DRAIN_S: '60', ...model.talks })
    const webhookUrl = `${server.url}/twilio/voice`
    await using call = startSimulatedCall({ webhookUrl })
    await call.next('audio-heard')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
    server.kill('SIGTERM')
    await server.prints('"msg":"draining"')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    await using late = startSimulatedCall({ webhookUrl })
    expect(await late.next('verb')).toMatchObject({ verb: { type: 'say', text: expect.stringContaining('busy') } })
    for (let frames = 0; frames < 20; frames++) await call.next('audio-heard')
    call.hangUp()
    expect(await server.exited).toEqual([0, null])
  })

  it('hands a live call over when DRAIN_S is spent, keeps what is known of it, and stops with 0', async () => {
    await using scope = new AsyncDisposableStack()
    const directory = await mkdtemp(join(tmpdir(), 'offhook-'))
    scope.defer(() => rm(directory, { recursive: true }))
    const model = scope.use(await talkative())
    using server = await running({ DRAIN_S: '1', DATA_DIR: directory, ...model.talks })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('audio-heard')
    server.kill('SIGTERM')
    const verb = await call.next('verb', ({ verb }) => verb.type !== 'stream')
    expect(verb).toMatchObject({ verb: { type: 'pause' } })
    expect(await server.exited).toEqual([0, null])
    expect(server.printed()).toContain('"reason":"shutdown"')
    const store = scope.use(await openSqliteStore({ directory, log: makeLog('silent') }))
    expect(await store.recall(call.callSid)).toMatchObject({ farewell: { outcome: { reason: 'shutdown' } } })
  })

  it('ends now on a second signal', async () => {
    await using model = await talkative()
    using server = await running({ DRAIN_S: '60', ...model.talks })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('audio-heard')
    server.kill('SIGTERM')
    while ((await fetch(`${server.url}/readyz`)).status !== 503) await call.next('audio-heard')
    server.kill('SIGTERM')
    expect(await server.exited).toEqual([1, null])
  })

  it.each([
    ['an error that nobody caught', 'setImmediate(() => { throw new Error("the unthinkable") })'],
    ['a promise that nobody waited for', 'Promise.reject(new Error("the unthinkable"))'],
  ])('says it once and ends when there is %s', async (_, happens) => {
    using server = await running({}, `process.on("SIGUSR2", () => { ${happens} })`)
    server.kill('SIGUSR2')
    expect(await server.exited).toEqual([1, null])
    expect(server.printed().match(/the unthinkable","stack"/g)).toHaveLength(1)
    expect(server.printed()).toContain('"level":60')
  })

  it('ends also when nobody reads what it has to say of it', async () => {
    const sabotage = `
      import { writeSync } from "node:fs"
      setInterval(() => {
        if (process.listenerCount("SIGTERM") === 0) return
        try { for (;;) writeSync(1, "x") } catch { throw new Error("the unthinkable") }
      }, 20)`
    using deaf = spawned(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ['pipe', 'ignore', 'ignore'])
    using server = spawned(
      process.execPath,
      [...importing(sabotage), 'src/main.ts'],
      ['ignore', deaf.child.stdin, 'ignore'],
    )
    expect(await server.exited).toEqual([null, 'SIGKILL'])
  })

  it('says all that is wrong with its settings and does not start', async () => {
    const failed = await start({ PORT: 'eighty', VAD_SILENCE_MS: '5' })
    expect(failed).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/PORT: expected.*\n.*VAD_SILENCE_MS: expected/),
    })
  })

  it('says where calls cannot be kept and does not start', async () => {
    for (const DATA_DIR of ['/dev/null/calls', '/proc/nowhere']) {
      const failed = await start({ DATA_DIR })
      expect(failed).toMatchObject({ code: 1, errors: expect.stringContaining(`DATA_DIR: ${DATA_DIR}`) })
    }
  })

  it('says that its port is taken and does not start', async () => {
    using server = await running()
    const failed = await start({ PORT: new URL(server.url).port })
    expect(failed).toMatchObject({ code: 1, errors: expect.stringMatching(/EADDRINUSE/) })
  })
})
