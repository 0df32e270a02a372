import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { systemClock } from '../../src/base/clock.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { type RealtimeServer, startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { eventually } from '../workers/rig.ts'
import { API_KEY, agentQuiet, heardBetween, openHouse } from './house.ts'

const SHOP = '+15550100'

/** A folder of its own with an agents file that can be written anew. */
function agentsFile(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-agents-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'agents.yaml')
  const write = (next: string) => writeFileSync(path, next)
  write(text)
  return { folder, path, write }
}

/** What each model was told first, in the order of the calls. */
function told(model: RealtimeServer, field: 'instructions' | 'voice'): unknown[] {
  return model.sessions.map(({ received }) => {
    const update = received.events.find(({ type }) => type === 'session.update')?.event
    return (update as { session?: Record<string, unknown> } | undefined)?.session?.[field]
  })
}

/** The server as a process of its own; `line` resolves with the next line of its log that has these words. */
async function startProcess(env: Readonly<Record<string, string>>) {
  // A machine that is busy with other tests is late, and would turn callers away.
  const own = {
    PORT: '0',
    DASHSCOPE_API_KEY: API_KEY,
    ANALYSIS: 'off',
    NODE_ENV: 'production',
    AGENT_GREETING: '',
    MAX_LAG_MS: '10000',
    DATA_DIR: 'none',
  }
  const settings = { ...own, ...env }
  const child = spawn(process.execPath, ['src/main.ts'], { env: settings, stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const output = createInterface(child.stdout)
  output.on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  const line = (words: string) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const at = lines.findIndex((one) => one.includes(words))
        if (at >= 0) resolve(lines.splice(0, at + 1)[at] ?? '')
      }
      waiting.add(look)
      output.once('close', () => reject(new Error(`the process ended without: ${words}`)))
      look()
    })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const url = /answers calls on (\S+)/.exec(await line('answers calls on'))?.[1] ?? ''
  return { url, line, signal: (signal: NodeJS.Signals) => child.kill(signal) }
}

describe('agents by number', () => {
  it('answer their own number in their own voice, and greet with their own recording at once', async () => {
    const { folder, path } = agentsFile(`
default: { instructions: For everybody. }
numbers:
  ${SHOP}: { instructions: 'A shop, for {{caller}}.', voice: Serena, greeting: Welcome., greetingAudio: welcome.wav }
`)
    writeFileSync(join(folder, 'welcome.wav'), writeWav({ sampleRate: 16_000, channels: [tone(700, 400, 16_000)] }))
    await using house = await openHouse({ env: { AGENTS_FILE: path } })
    await using shop = house.call({ from: '+15550177', to: SHOP })
    await shop.next('audio-heard')
    await agentQuiet(shop, 300)
    expect(toneDbfs(heardBetween(shop, 0), 8000, 700)).toBeGreaterThan(-30)
    await using other = house.call({ to: '+15550199' })
    await other.next('stream-started')
    await eventually(() => told(house.model, 'voice')[1] !== undefined)
    await shop.hangUp()
    await house.ended(shop)
    expect(told(house.model, 'voice')).toEqual(['Serena', 'Tina'])
    expect(told(house.model, 'instructions')).toEqual([
      expect.stringMatching(/^A shop, for \+15550177\..*Welcome\.$/s),
      'For everybody.',
    ])
  })

  it('that are to be recorded where nothing is kept do not start', async () => {
    const { path } = agentsFile(`numbers: { ${SHOP}: { recording: true } }`)
    await expect(openHouse({ env: { AGENTS_FILE: path } })).rejects.toThrow(
      /numbers\."\+15550100": recording, flightRecorder: expected false because DATA_DIR is none, got true/,
    )
  })

  it.each(['1', '2'])(
    'are read again on SIGHUP, by %s process(es), while a live call keeps its own',
    async (WORKERS) => {
      const { path, write } = agentsFile(`numbers: { ${SHOP}: { instructions: First. } }`)
      await using model = await startRealtimeServer({ apiKey: API_KEY, makeMind: scriptedMinds(systemClock, {}) })
      const server = await startProcess({ AGENTS_FILE: path, WORKERS, REALTIME_URL: model.url })
      const calls = async () => {
        const before = model.sessions.length
        const call = startSimulatedCall({ webhookUrl: `${server.url}/twilio/voice`, to: SHOP })
        onTestFinished(() => call[Symbol.asyncDispose]())
        await eventually(() => told(model, 'instructions')[before] !== undefined)
      }
      await calls()
      write(`numbers: { ${SHOP}: { instructions: Second. } }`)
      server.signal('SIGHUP')
      await server.line('agents reloaded')
      await calls()
      write(`numbers: { ${SHOP}: { instructions: 'Third, {{colour}}.', voice: [] } }`)
      server.signal('SIGHUP')
      const refused = JSON.parse(await server.line('the agents stay as they were')) as { problems: string[] }
      expect(refused.problems).toEqual([
        `${path}:1: numbers."${SHOP}".instructions: there is no variable {{colour}}`,
        `${path}:1: numbers."${SHOP}".voice: expected the name of a voice, got a list`,
      ])
      await calls()
      expect(told(model, 'instructions')).toEqual(['First.', 'Second.', 'Second.'])
      expect(model.sessions.map(({ isOpen }) => isOpen)).toEqual([true, true, true])
    },
  )

  it('that are wrong keep the server from starting, with everything that is', async () => {
    const { path } = agentsFile('default: { voise: x, model: a model }\nnumbers: { shop: {} }')
    const env = { DASHSCOPE_API_KEY: API_KEY, NODE_ENV: 'production', AGENTS_FILE: path }
    const child = spawn(process.execPath, ['src/main.ts'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    const exited = once(child, 'exit')
    let errors = ''
    child.stderr.on('data', (data) => {
      errors += data
    })
    expect((await exited)[0]).toBe(1)
    expect(errors).toContain(`${path}:1: default.voise: there is no such field; did you mean "voice"?`)
    expect(errors).toContain(`${path}:2: numbers.shop: this name is not a number`)
  })
})
