/*
 * npm run screenshots
 *
 * The pictures of the README, of the real page before the real server: simulated callers say recorded speech to the
 * embedded agent, which understands and answers it.
 *
 *   four calls, over ──▶ call, history          three calls, live ──▶ board          one from the page's own phone ──▶ phone
 *
 * Only the two weeks before, without which history would have no trends, are made up.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { encodeMulaw } from '../src/audio/g711.ts'
import { readWav } from '../src/audio/wav.ts'
import { makeLog } from '../src/base/log.ts'
import { readConfig } from '../src/config.ts'
import { startOffhook } from '../src/offhook.ts'
import { type SimulatedCall, startSimulatedCall } from '../src/simulators/carrier/call.ts'
import { openChromium, type Visit } from '../test/browser/browser.ts'
import { makeMicrophone } from '../test/browser/microphone.ts'
import { keepPast, type PastCall } from '../test/browser/past.ts'

const FOLDER = fileURLToPath(new URL('../docs/pictures/', import.meta.url))
/** So long that nobody who stops to think is taken to have finished [ms]. */
const QUIET_MS = 900
const AGENTS = {
  default: {
    name: 'Front desk',
    greeting: 'Good evening, Harbour Street. How can I help you?',
    instructions: 'A restaurant.',
  },
  numbers: {
    '+14155550120': { name: 'Bookings', greeting: 'Bookings, good evening.', instructions: 'Books tables.' },
  },
}

/** One thing a caller does, when the agent is silent; `over`: so long after its first sound, without waiting for its end [ms]. */
interface Step {
  readonly say: string
  readonly over?: number
}

interface Caller {
  readonly from: string
  readonly to: string
  readonly steps: readonly Step[]
}

const past: readonly Caller[] = [
  {
    from: '+14155550142',
    to: '+14155550120',
    steps: [{ say: 'for-two-friday-at-eight-thirty' }, { say: 'this-is-correct' }, { say: 'thank-you-goodbye' }],
  },
  {
    from: '+442079460018',
    to: '+14155550199',
    steps: [{ say: 'hello' }, { say: 'help' }, { say: 'location', over: 2500 }, { say: 'an-operator' }],
  },
  { from: '+8613800000137', to: '+14155550199', steps: [{ say: 'help' }, { say: 'please-try-again' }] },
  {
    from: '+14155550166',
    to: '+14155550120',
    steps: [{ say: 'a-party-for-four-tomorrow-at-seven-pm' }, { say: 'no' }, { say: 'thank-you-goodbye' }],
  },
]
const live: readonly Caller[] = [
  { from: '+14155550142', to: '+14155550120', steps: [{ say: 'for-two-friday-at-eight-thirty' }] },
  { from: '+442079460018', to: '+14155550199', steps: [{ say: 'location' }] },
  { from: '+8613800000137', to: '+14155550199', steps: [{ say: 'help' }] },
]

async function main(): Promise<void> {
  await using scope = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'offhook-pictures-'))
  scope.defer(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(FOLDER, { recursive: true })
  // Where it is kept is in the picture.
  process.chdir(folder)
  mkdirSync('data')
  await keepPast('data', daysBefore(Date.now()))
  const offhook = scope.use(await startOffhook(readConfig(settings(folder)), { log: makeLog('warn') }))
  const call = (caller: Caller) =>
    scope.use(startSimulatedCall({ webhookUrl: `${offhook.publicUrl}/twilio/voice`, from: caller.from, to: caller.to }))
  const done = await inPairs(past, async (caller) => {
    const phone = call(caller)
    await converse(phone, caller.steps)
    await agentQuiet(phone, 600)
    phone.hangUp()
    await phone.ended
    return phone.callSid
  })
  // What the store still has to write, it has written.
  await sleep(1000)
  using microphone = makeMicrophone([{ silentMs: 5000 }, { say: 'location' }])
  const chromium = scope.use(await openChromium(microphone.path))
  const open = async (hash: string, options: Parameters<typeof chromium.visit>[1] = {}) =>
    scope.use(await chromium.visit(`${offhook.url}/#/${hash}`, { viewport: { width: 1280, height: 800 }, ...options }))
  await takeCall(open, done[1] ?? '')
  await takeHistory(open)
  await takeBoard(open, call)
  await takePhone(open)
}

/** Two weeks of calls, more of them on Fridays and in the evening. */
function daysBefore(now: number): PastCall[] {
  const calls: PastCall[] = []
  for (let day = 14; day >= 1; day--) {
    const evening = now - day * 86_400_000
    const count = 6 + ((day * 7) % 5) + (new Date(evening).getUTCDay() === 5 ? 9 : 0)
    for (let i = 0; i < count; i++) calls.push(pastCall(calls.length, evening - i * 1_900_000))
  }
  return calls
}

function pastCall(index: number, at: number): PastCall {
  const isBooking = index % 3 !== 0
  return {
    callId: `CA${index.toString(16).padStart(32, '0')}`,
    ...{ at, from: `+1415555${String(1000 + ((index * 37) % 9000))}` },
    agent: isBooking ? 'Bookings' : 'Front desk',
    reason: index % 17 === 0 ? 'carrier-lost' : index % 5 === 0 ? 'handed-over' : 'caller-hung-up',
    asked: isBooking ? 'A table for two on Friday, please.' : 'When are you open?',
    answered: isBooking ? 'At seven, or at half past eight?' : 'From noon to ten.',
    latencyMs: 520 + ((index * 53) % 260) + (index % 19 === 0 ? 700 : 0),
  }
}

type Open = (hash: string, options?: { colorScheme?: 'dark'; locale?: string; viewport?: Size }) => Promise<Visit>

interface Size {
  readonly width: number
  readonly height: number
}

function settings(folder: string): Record<string, string> {
  const agents = join(folder, 'agents.json')
  writeFileSync(agents, JSON.stringify(AGENTS))
  return {
    PORT: '0',
    REALTIME_PROVIDERS: 'local',
    AGENTS_FILE: agents,
    DATA_DIR: 'data',
    ...{ RECORDING: 'on', FLIGHT_RECORDER: 'on', MAX_LAG_MS: '1000', FILLER_AFTER_MS: '0' },
    MODEL_PRICES: 'qwen=3.3/27/20/107',
    IDLE_PROMPT_S: '60',
    TRANSFER_TARGETS: 'manager=+14155550100',
  }
}

/** Two at a time: the recogniser takes most of a core. */
async function inPairs<T, R>(all: readonly T[], run: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let i = 0; i < all.length; i += 2) results.push(...(await Promise.all(all.slice(i, i + 2).map(run))))
  return results
}

async function converse(call: SimulatedCall, steps: readonly Step[]): Promise<void> {
  let answer = await call.next('audio-heard')
  for (const { say, over } of steps) {
    if (over === undefined) await agentQuiet(call, QUIET_MS)
    else await call.next('audio-heard', ({ atMs }) => atMs > answer.atMs + over)
    await call.speak(speech(say))
    if (over !== undefined) await sleep(QUIET_MS)
    answer = await call.next('audio-heard')
  }
}

function speech(file: string): Uint8Array {
  const [samples] = readWav(readFileSync(new URL(`../fixtures/audio/${file}.wav`, import.meta.url))).channels
  return encodeMulaw(samples ?? new Int16Array())
}

/** Resolves when nothing of the agent was heard for `ms`. */
async function agentQuiet(call: SimulatedCall, ms: number): Promise<void> {
  let lastMs = call.recordedMs
  let over = false
  call.listen((event) => {
    if (event.type === 'audio-heard') lastMs = event.atMs
    if (event.type === 'ended') over = true
  })
  while (!over && call.recordedMs - lastMs < ms) await sleep(20)
}

async function takeCall(open: Open, callId: string): Promise<void> {
  const shots = [
    { name: 'call', visit: await open(`calls/${callId}`) },
    { name: 'call-zh', visit: await open(`calls/${callId}`, { locale: 'zh-CN' }) },
  ]
  for (const { name, visit } of shots) await shoot(visit.page, name)
}

async function takeHistory(open: Open): Promise<void> {
  const { page } = await open('history')
  await shoot(page, 'history')
}

async function takeBoard(open: Open, call: (caller: Caller) => SimulatedCall): Promise<void> {
  const shots = [
    { name: 'board', visit: await open('', { viewport: { width: 1280, height: 520 } }) },
    { name: 'board-dark', visit: await open('', { viewport: { width: 1280, height: 520 }, colorScheme: 'dark' }) },
    { name: 'board-phone', visit: await open('', { viewport: { width: 390, height: 844 } }) },
  ]
  const phones: SimulatedCall[] = []
  // One after the other: three recognisers at once are too much for two cores. Nobody hangs up.
  for (const caller of live) {
    const phone = call(caller)
    phones.push(phone)
    await converse(phone, caller.steps)
  }
  for (const { name, visit } of shots) await shoot(visit.page, name)
  for (const phone of phones) phone.hangUp()
  await Promise.all(phones.map(({ ended }) => ended))
}

async function takePhone(open: Open): Promise<void> {
  const { page } = await open('phone', { viewport: { width: 1280, height: 960 } })
  await page.getByRole('button', { name: 'Call', exact: true }).click()
  // The greeting, a question, and the answer, which is being heard.
  await page.getByText('We are at twelve Harbour Street.').waitFor()
  await shoot(page, 'phone')
}

/** When all of it is drawn. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState('load')
  await sleep(1000)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
  process.stdout.write(`${name}.png\n`)
}

await main()
