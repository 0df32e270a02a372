import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { API_KEY } from '../e2e/house.ts'
import { eventually, isAlive } from './rig.ts'

const TWILIO_TOKEN = 'a-token-that-signs-webhooks'

/** The server as a group of processes of its own, as a terminal or a service manager starts it. */
async function startGroup(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { PORT: '0', WORKERS: '2', NODE_ENV: 'production', MAX_LAG_MS: '10000', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(child, 'exit')
  const { pid = 0 } = child
  const workers: number[] = []
  let url: string | undefined
  for await (const line of createInterface(child.stdout)) {
    const worker = /"worker":"\d","pid":(\d+)/.exec(line)?.[1]
    if (worker !== undefined) workers.push(Number(worker))
    url ??= /answers calls on (\S+)/.exec(line)?.[1]
    // The log has a buffer of its own: its lines may come after what was printed later.
    if (url === undefined || workers.length < 2) continue
    child.stdout.resume()
    return {
      ...{ url, pid, workers, exited },
      /** To every process of the group, as Ctrl-C does. */
      signalAll: (signal: NodeJS.Signals) => process.kill(-pid, signal),
      [Symbol.dispose]: () => {
        for (const each of [pid, ...workers]) if (isAlive(each)) process.kill(each, 'SIGKILL')
      },
    }
  }
  throw new Error('the server did not start')
}

describe.concurrent('the processes', () => {
  it('drain together when all of them get the signal: a live call goes on, and is handed over when it is stopped', async () => {
    using server = await startGroup({ DRAIN_S: '1', REALTIME_PROVIDERS: 'local' })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('audio-heard')
    server.signalAll('SIGINT')
    for (let frames = 0; frames < 20; frames++) await call.next('audio-heard')
    await call.next('verb', ({ verb }) => verb.type === 'redirect')
    expect(await server.exited).toEqual([0, null])
    expect(server.workers.map(isAlive)).toEqual([false, false])
  })

  it('are gone when the reception dies, and on a second signal', async () => {
    await using model = await startRealtimeServer({ apiKey: API_KEY, makeMind: scriptedMinds(systemClock, {}) })
    const env = { DASHSCOPE_API_KEY: API_KEY, REALTIME_URL: model.url, DATA_DIR: 'none' }
    using killed = await startGroup(env)
    await using lost = startSimulatedCall({ webhookUrl: `${killed.url}/twilio/voice` })
    await eventually(() => model.sessions.length === 1)
    process.kill(killed.pid, 'SIGKILL')
    await lost.next('stream-ended')
    await eventually(() => !killed.workers.some(isAlive))
    expect(killed.workers).toHaveLength(2)
    using server = await startGroup({ ...env, DRAIN_S: '60' })
    await using call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice` })
    await call.next('stream-started')
    server.signalAll('SIGTERM')
    await eventually(async () => (await fetch(`${server.url}/readyz`)).status === 503)
    server.signalAll('SIGTERM')
    await server.exited
    await eventually(() => !server.workers.some(isAlive))
  })

  it('keep secrets to themselves: a worker has none on its command line or in its environment', async () => {
    using server = await startGroup({
      ...{
        DASHSCOPE_API_KEY: API_KEY,
        REALTIME_URL: 'ws://127.0.0.1:9/',
        DATA_DIR: 'none',
        METRICS_TOKEN: 'a-token-for-the-scraper',
      },
      ...{ TWILIO_AUTH_TOKEN: TWILIO_TOKEN, PUBLIC_URL: 'https://voice.example.com', HOST: '127.0.0.1' },
      ...{ SSL_CERT_DIR: '/what/is/not/ours' },
    })
    expect(server.workers).toHaveLength(2)
    if (!existsSync('/proc/self/environ')) return
    const seen = (pid: number) =>
      ['environ', 'cmdline'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join()
    expect(seen(server.pid)).toContain(TWILIO_TOKEN)
    for (const pid of server.workers) {
      for (const secret of [API_KEY, TWILIO_TOKEN, 'a-token-for-the-scraper']) expect(seen(pid)).not.toContain(secret)
      expect(seen(pid)).toContain('/what/is/not/ours')
    }
  })
})
