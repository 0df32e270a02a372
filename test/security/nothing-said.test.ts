import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type SimulatedCall, startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import { scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../src/simulators/realtime/server.ts'
import { say } from '../e2e/house.ts'
import { ACCOUNT, PUBLIC, ringing, SECOND_TOKEN, signed, TOKEN, until } from './gate.ts'

const API_KEY = 'sk-a-key-that-nobody-may-see'
const METRICS_TOKEN = 'a-token-for-the-scraper-alone'
const SHOP_KEY = 'a-key-of-the-shop-next-door'
const secrets = [API_KEY, METRICS_TOKEN, SHOP_KEY, TOKEN, SECOND_TOKEN]

const CALLER = '+15557654321'
const DESK = '+15550177666'
/** What was said, by whom, and what went to a tool and came from there. */
const words = ['my dog is called Wuff', 'what a wonderful name', 'order-of-a-private-kind', 'Wuff', 'wonderful']
const people = [CALLER, DESK, CALLER.slice(2), DESK.slice(2), ...words]

/** The server as a process of its own that logs all it can; what it prints is kept. */
async function startTalkative(env: Readonly<Record<string, string>>) {
  const own = { PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'trace', NODE_ENV: 'production', MAX_LAG_MS: '10000' }
  const settings = { ...own, ...env }
  const child = spawn(process.execPath, ['src/main.ts'], { env: settings, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      printed += data
    })
  }
  const urlIn = () => /answers calls on (\S+)/.exec(printed)?.[1]
  await until(() => urlIn() !== undefined || child.exitCode !== null)
  const url = urlIn()
  if (url === undefined) throw new Error(`the server did not start: ${printed}`)
  return {
    url,
    printed: () => printed,
    /** At once: the second signal waits for nobody. */
    async stop() {
      child.kill('SIGTERM')
      await until(() => printed.includes('"draining"'))
      child.kill('SIGTERM')
      return await closed
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

const turns = [{ transcript: words[0] ?? '' }]
const replies = [
  [
    { do: 'say', text: words[1] ?? '' },
    { do: 'tone', hz: 700, ms: 300 },
    { do: 'call', name: 'look_up', args: JSON.stringify({ id: words[2] }) },
  ],
  [{ do: 'call', name: 'transfer_call', args: JSON.stringify({ destination: 'night desk' }) }],
  [{ do: 'tone', hz: 900, ms: 200 }],
] as const

function agentsFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-said-'))
  const parameters = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
  const tool = { name: 'look_up', description: 'Looks up.', url: 'https://localhost:9/{id}', parameters }
  const httpTools = [{ ...tool, method: 'GET', headers: { 'x-key': `\${SHOP_KEY}` } }]
  writeFileSync(join(folder, 'agents.yaml'), JSON.stringify({ default: { httpTools } }))
  return folder
}

/** What Twilio was told to do in a call: numbers to dial, and the tokens of its streams, are its to see. */
function toldTwilio(call: SimulatedCall) {
  const told = { verbs: [] as string[], tokens: [] as string[] }
  call.listen((event) => {
    if (event.type !== 'verb') return
    told.verbs.push(JSON.stringify(event.verb))
    if (event.verb.type === 'stream') told.tokens.push(...Object.values(event.verb.parameters))
  })
  return told
}

it('nothing that the server ever says has a key, a token, a number or a word of a call in it', async () => {
  const makeMind = scriptedMinds(systemClock, { turns, replies })
  await using model = await startRealtimeServer({ apiKey: API_KEY, makeMind })
  await using scope = new AsyncDisposableStack()
  const folder = agentsFile()
  scope.defer(() => rmSync(folder, { recursive: true }))
  using server = await startTalkative({
    ...{ DASHSCOPE_API_KEY: API_KEY, REALTIME_URL: model.url, METRICS_TOKEN, SHOP_KEY },
    ...{ PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_AUTH_TOKEN_SECONDARY: SECOND_TOKEN },
    ...{ TWILIO_ACCOUNT_SID: ACCOUNT, TRANSFER_TARGETS: `night desk=${DESK}`, SMS_FROM: '+15550001111' },
    ...{ DATA_DIR: join(folder, 'data'), RECORDING: 'on', FLIGHT_RECORDER: 'on' },
    ...{ AGENTS_FILE: join(folder, 'agents.yaml'), BARGE_IN: 'model', AGENT_GREETING: '' },
  })
  const said: string[] = []
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(server.url + path, init)
    said.push(`${response.status} ${[...response.headers].join()} ${await response.text()}`)
    return response.status
  }
  const post = (path: string, form: Readonly<Record<string, string>>, headers = signed(path, form)) =>
    ask(path, { method: 'POST', body: new URLSearchParams(form), headers })
  const dial = () => {
    const webhookUrl = `${PUBLIC}/twilio/voice`
    const statusCallback = { url: `${PUBLIC}/twilio/call-status` }
    return scope.use(
      startSimulatedCall({
        ...{ webhookUrl, statusCallback, connectTo: server.url, authToken: TOKEN, accountSid: ACCOUNT },
        ...{ from: CALLER, maxCallMs: 20_000, dial: () => ({ status: 'completed', ringMs: 0, talkMs: 0 }) },
      }),
    )
  }

  // A conversation with a tool that fails, keys, and a human at the end.
  const call = dial()
  const { verbs, tokens } = toldTwilio(call)
  const dialled = call.next('dialled')
  await call.next('stream-started')
  for (const key of '4711') call.press(key)
  await call.speak(say(400, 600))
  expect((await dialled).number).toBe(DESK)
  await call.ended
  // A model that repeats the key it does not like.
  model.refuse({ refuseUpgrade: { status: 401, code: 'InvalidApiKey', message: `Incorrect API key: ${API_KEY}` } })
  const lost = dial()
  await lost.next('verb', ({ verb }) => verb.type === 'say')
  lost.hangUp()
  await lost.ended
  // Who has no business here, and who has.
  const form = ringing('CA9', { From: CALLER, SpeechResult: words[0] ?? '' })
  expect(await post('/twilio/voice', form)).toBe(200)
  expect(await post('/twilio/voice', form, { 'x-twilio-signature': 'no' })).toBe(403)
  expect(
    await post('/twilio/voice', { ...form, CallSid: CALLER }, signed('/twilio/voice', { ...form, CallSid: CALLER })),
  ).toBe(400)
  expect(await post('/twilio/stream-status', { ...form, StreamEvent: 'stream-error' })).toBe(204)
  expect(await post('/twilio/voice', { a: 'x'.repeat(70_000) })).toBe(413)
  expect(await ask(`/${API_KEY}?token=${METRICS_TOKEN}`)).toBe(404)
  expect(await ask('/twilio/voice')).toBe(404)
  for (const path of ['/healthz', '/readyz', '/metrics']) await ask(path)
  expect(await ask('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).toBe(200)
  expect(await server.stop()).toEqual([1, null])

  const everything = [server.printed(), ...said].join('\n')
  expect(everything).toContain('call ended')
  expect(everything).toContain('tool-called')
  expect(tokens.length).toBeGreaterThan(0)
  expect(verbs.join()).toContain(DESK)
  for (const never of [...secrets, ...words]) expect(verbs.join()).not.toContain(never)
  for (const never of [...secrets, ...tokens, ...people]) expect(linesWith(everything, never), never).toEqual([])
  // One digit is in every number: no line may have the key of one.
  expect(linesWith(server.printed(), '"digit')).toEqual([])
})

function linesWith(text: string, what: string): readonly string[] {
  return text.split('\n').filter((line) => line.includes(what))
}
