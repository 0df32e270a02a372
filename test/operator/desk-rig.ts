import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import type { Clock } from '../../src/base/clock.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { CallArchive, CallSummary } from '../../src/call/archive.ts'
import type { CallShelf } from '../../src/call/shelf.ts'
import type { CallCommand, CommandOutcome, LineSound, Supervision } from '../../src/call/supervision.ts'
import type { AccessOptions } from '../../src/operator/access.ts'
import type { HouseHealth } from '../../src/operator/api.ts'
import { makeOperatorDesk, type OperatorDeskOptions } from '../../src/operator/operator-desk.ts'
import { startServer } from '../../src/server.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { ANSWERED_AT, recordedEvents } from './recorded-events.ts'

export const PASSWORD = 'correct horse battery'
/** A recording of a hundred bytes, each of which is its own place. */
export const RECORDING = Buffer.from(Array.from({ length: 100 }, (_, i) => i))
export const FILE = `${ANSWERED_AT}.wav`

const health: HouseHealth = {
  ...{ liveCalls: 0, maxCalls: 300, open: true, lagMs: 1, maxLagMs: 300, workers: [], keptIn: 'memory', uptimeMs: 1 },
  store: { waiting: 0, lagMs: 0, dropped: 0, failing: false },
}

export function summaryOf(callId: string, more: Partial<CallSummary> = {}): CallSummary {
  const usage = { inputTokens: 1000, inputAudioTokens: 400, outputTokens: 500, outputAudioTokens: 200 }
  return {
    ...{ callId, openedAt: ANSWERED_AT, endedAt: ANSWERED_AT + 60_000, from: '+15550001111', to: '+15550002222' },
    ...{ agent: 'Bella', provider: 'qwen', reason: 'caller-hung-up', durationMs: 60_000, streams: 1, turns: 3 },
    ...{ bargeIns: 1, tools: 0, losses: 0, latencyP50Ms: 800, latencyP95Ms: 900 },
    usage: [{ provider: 'qwen', ...usage }],
    ...more,
  }
}

/** A store with nothing in it. */
export const emptyArchive: CallArchive = {
  search: async () => ({ calls: [] }),
  summary: async () => undefined,
  events: async () => [],
  totals: async () => ({ calls: 0, byReason: {}, durationMs: 0, turns: 0, bargeIns: 0, usage: [] }),
  trend: async () => [],
  agents: async () => [],
}

/** What the page asks the house for, and what it was asked. */
function makeHouse(calls: readonly CallSummary[]) {
  const asked: unknown[] = []
  const totals = { calls: 1, byReason: {}, durationMs: 1, turns: 1, bargeIns: 0, usage: calls[0]?.usage ?? [] }
  const archive: CallArchive = {
    async search(filter, limit, next) {
      asked.push({ filter, limit, next })
      if (next !== undefined && !/^\d+$/.test(next)) throw new RangeError('next: expected what a page has said')
      const from = Number(next ?? 0)
      const found = calls.slice(from, from + limit)
      return { calls: found, ...(from + limit < calls.length ? { next: `${from + limit}` } : {}) }
    },
    summary: async (callId) => calls.find((call) => call.callId === callId),
    events: async (callId) => (calls.some((call) => call.callId === callId) ? recordedEvents('goodbye') : []),
    totals: async () => totals,
    trend: async () => [{ ...totals, at: ANSWERED_AT }],
    agents: async () => ['Ada', 'Bella'],
  }
  return { archive, asked }
}

/** Lines that the page reaches into. */
class FakeSupervision implements Supervision {
  readonly commands: [string, CallCommand][] = []
  readonly spoken: Uint8Array[] = []
  readonly lines = new Map<string, { readonly sound: (sound: LineSound) => void; readonly ended: () => void }>()
  outcome: CommandOutcome = 'done'

  async command(callId: string, command: CallCommand): Promise<CommandOutcome> {
    this.commands.push([callId, command])
    return this.outcome
  }

  speak(_callId: string, audio: Uint8Array): void {
    this.spoken.push(audio)
  }

  listen(callId: string, sound: (sound: LineSound) => void, ended: () => void): Disposable {
    if (callId === 'CA0') ended()
    else this.lines.set(callId, { sound, ended })
    return { [Symbol.dispose]: () => void this.lines.delete(callId) }
  }
}

export interface DeskSetup
  extends Partial<Pick<OperatorDeskOptions, 'saveAsTest' | 'pageFolder' | 'archive' | 'phone'>> {
  readonly access?: Partial<AccessOptions>
  readonly calls?: readonly CallSummary[]
  /** What the shelf calls the folder; by default as it is. */
  readonly shelfFolder?: (folder: string) => string
}

export interface Asking {
  readonly method?: string
  readonly headers?: RequestOptions['headers']
  readonly body?: string
  /** Of which of this machine's addresses it comes. */
  readonly from?: string
}

export const json = { 'content-type': 'application/json' }

/** The desk on a real server, with a house behind it that is made up. Its clock moves when it is told to. */
export async function openDesk(setup: DeskSetup = {}) {
  await using opening = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'offhook-desk-'))
  opening.defer(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, FILE), RECORDING)
  writeFileSync(join(folder, `${ANSWERED_AT}.flight`), 'flight')
  const { shelfFolder = (path: string) => path } = setup
  const shelf: CallShelf = {
    list: async () => [{ name: FILE, kind: 'recording', answeredAt: ANSWERED_AT, bytes: RECORDING.length }],
    pathOf: async (callId, name) => (callId === 'CA1' ? join(shelfFolder(folder), name) : undefined),
    forget: async () => 0,
  }
  const { log, records } = makeLogRecorder()
  const clock = new ManualClock()
  const alarms: { readonly delayMs: number; readonly signal: AbortSignal }[] = []
  const watched: Clock = {
    now: () => clock.now(),
    after(delayMs, task, signal) {
      alarms.push({ delayMs, signal })
      clock.after(delayMs, task, signal)
    },
  }
  const supervision = new FakeSupervision()
  const { archive, asked } = makeHouse(setup.calls ?? [summaryOf('CA1')])
  const phoned: unknown[] = []
  const access = { proxies: ['127.0.0.1'], behindProxy: false, secureCookie: false, ...setup.access }
  const desk = opening.use(
    makeOperatorDesk({
      ...{ clock: watched, log, archive, shelf, supervision, currency: 'CNY', pageFolder: join(folder, 'page') },
      now: () => ANSWERED_AT + clock.now(),
      health: () => ({ ...health, liveCalls: 1 }),
      directory: () => ({
        agents: ['default'],
        numbers: [{ number: '+15550002222', agent: 'Bella' }],
        transferTargets: [{ name: 'desk', number: '+15550009999' }],
      }),
      prices: { qwen: { textIn: 1, audioIn: 2, textOut: 3, audioOut: 4 } },
      phone: {
        async voice(form) {
          phoned.push(form)
          return { status: 200, type: 'text/xml', body: '<Response/>' }
        },
        async next(url, form) {
          phoned.push(url, form)
          return { status: 204 }
        },
        upgrade: (_request, socket) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
      },
      ...setup,
      access,
    }),
  )
  const server = opening.use(
    await startServer({
      ...{ port: 0, host: '127.0.0.1', log, ready: () => true },
      mount: () => ({ routes: [], pages: [], mounts: [desk.mount], upgrades: desk.upgrades }),
    }),
  )
  const base = `http://127.0.0.1:${server.port}`
  const asking = opening.adopt(new Set<ClientRequest>(), (all) => {
    for (const one of all) one.destroy()
  })
  const scope = opening.move()

  /** Asks, as a page of ours would unless the headers say otherwise; returns when the answer's head is there. */
  async function open(path: string, asking?: Asking) {
    const [response] = (await once(send(path, asking), 'response')) as [IncomingMessage]
    return response
  }

  function send(path: string, { method = 'GET', headers = {}, body, from = '127.0.0.1' }: Asking = {}) {
    const ours = method === 'GET' || method === 'HEAD' ? {} : { origin: base, 'x-offhook': '1' }
    const asked = request({ host: '127.0.0.1', port: server.port, localAddress: from, path, method, agent: false })
    for (const [name, value] of Object.entries({ ...ours, ...headers })) {
      if (value !== undefined) asked.setHeader(name, value)
    }
    asking.add(asked)
    // As bytes: a text would be sent together with the headers, in its own coding.
    asked.end(body === undefined ? undefined : Buffer.from(body))
    return asked
  }

  return {
    ...{ desk, clock, records, supervision, asked, phoned, base, port: server.port, folder, open },
    /** The whole answer. */
    async ask(path: string, asking?: Asking) {
      const response = await open(path, asking)
      const body = await buffer(response)
      const { statusCode: status, headers } = response
      return { status, headers, body, text: body.toString('utf8') }
    },
    /** Asks, and does not wait for the answer. */
    send(path: string, asking: Asking): ClientRequest {
      return send(path, asking).on('error', () => {})
    },
    /** How many wait for so long, and have not gone [ms]. */
    waiting: (delayMs: number) => alarms.filter((one) => one.delayMs === delayMs && !one.signal.aborted).length,
    post(path: string, body: unknown, headers: RequestOptions['headers'] = {}) {
      return this.ask(path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
    },
    /** Signs in; returns the header that shows it. */
    async signIn(): Promise<{ readonly cookie: string }> {
      const { headers } = await this.post('/api/session', { password: PASSWORD })
      return { cookie: headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '' }
    },
    /** A socket, as a page of ours would open it. */
    socket(path: string, headers: Readonly<Record<string, string>> = {}) {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, {
        headers: { origin: base, ...headers },
        perMessageDeflate: false,
      })
      scope.adopt(socket, (one) => one.terminate())
      socket.on('error', () => {})
      return socket
    },
    /** What an upgrade is answered with. */
    async upgrade(path: string, { headers = {}, from = '127.0.0.1' }: Asking = {}): Promise<number | undefined> {
      const key = { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' }
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', ...key, origin: base }
      const asked = request({
        ...{ host: '127.0.0.1', port: server.port, path, localAddress: from, agent: false },
        headers: { ...upgrade, ...headers },
      })
      asked.on('error', () => {})
      asked.end()
      const [response] = (await Promise.race([once(asked, 'upgrade'), once(asked, 'response')])) as [IncomingMessage]
      response.socket.destroy()
      return response.statusCode
    },
    /** What operators were written down to have done. */
    get deeds() {
      return records.filter(({ message }) => message === 'an operator acted').map(({ fields }) => fields)
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}

/** Waits for what happens on other sockets of this process. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
