import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { API_KEY } from './house.ts'

interface Started extends Disposable {
  readonly url: string
  readonly exited: Promise<unknown[]>
  kill(signal: NodeJS.Signals): void
}

/** The server as a process of its own, as `npm start` runs it, with a model that cannot be reached. */
async function start(
  env: Readonly<Record<string, string>>,
): Promise<Started | { readonly code: unknown; readonly errors: string }> {
  const settings = {
    PORT: '0',
    DASHSCOPE_API_KEY: API_KEY,
    REALTIME_URL: 'ws://127.0.0.1:9/',
    NODE_ENV: 'production',
    ...env,
  }
  const child = spawn(process.execPath, ['src/main.ts'], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  for await (const line of createInterface(child.stdout)) {
    const url = /answers calls on (\S+)/.exec(line)?.[1]
    if (url === undefined) continue
    child.stdout.resume()
    return { url, exited, kill: (signal) => child.kill(signal), [Symbol.dispose]: () => void child.kill('SIGKILL') }
  }
  const [code] = await exited
  return { code, errors }
}

async function running(env: Readonly<Record<string, string>> = {}): Promise<Started> {
  const started = await start(env)
  if (!('url' in started)) throw new Error(`the server did not start: ${started.errors}`)
  return started
}

describe.concurrent('the process', () => {
  it('stops with 0 on SIGTERM when no call is live', async () => {
    using server = await running()
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    server.kill('SIGTERM')
    expect(await server.exited).toEqual([0, null])
  })

  it('waits for a live call, no longer than DRAIN_S, and stops with 0', async () => {
    using server = await running({ DRAIN_S: '1', REALTIME_PROVIDER: 'local' })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('audio-heard')
    server.kill('SIGTERM')
    await call.next('verb', ({ verb }) => verb.type === 'say')
    expect(await server.exited).toEqual([0, null])
  })

  it('ends now on a second signal', async () => {
    using server = await running({ DRAIN_S: '60', REALTIME_PROVIDER: 'local' })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('audio-heard')
    server.kill('SIGTERM')
    while ((await fetch(`${server.url}/readyz`)).status !== 503) await call.next('audio-heard')
    server.kill('SIGTERM')
    expect(await server.exited).toEqual([1, null])
  })

  it('says all that is wrong with its settings and does not start', async () => {
    const failed = await start({ PORT: 'eighty', VAD_SILENCE_MS: '5' })
    expect(failed).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/PORT: expected.*\n.*VAD_SILENCE_MS: expected/),
    })
  })

  it('says that its port is taken and does not start', async () => {
    using server = await running()
    const failed = await start({ PORT: new URL(server.url).port })
    expect(failed).toMatchObject({ code: 1, errors: expect.stringMatching(/EADDRINUSE/) })
  })
})
