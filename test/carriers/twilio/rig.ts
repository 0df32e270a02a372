import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { type RawData, WebSocket } from 'ws'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { CarrierEvent, CarrierLeg } from '../../../src/call/carrier.ts'
import type { CallOutcome } from '../../../src/call/events.ts'
import type { CallInfo, Farewell } from '../../../src/call/info.ts'
import { makeTwilioCarrier, type TwilioCarrier } from '../../../src/carriers/twilio/carrier.ts'
import { MediaDoor } from '../../../src/carriers/twilio/media-door.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import { startServer } from '../../../src/server.ts'
import type { LegRequest } from '../../fakes/fake-leg.ts'
import { makeLogRecorder } from '../../fakes/log.ts'

export const STREAM = 'MZ00000000000000000000000000000001'
export const CALL = 'CA00000000000000000000000000000001'

/** A call that reached `answer`. */
interface AnsweredCall {
  readonly leg: CarrierLeg
  readonly info: CallInfo
  /** Ends it: hangs up, then tells the carrier what it came to, and what the agent wants to become of the caller. */
  end(outcome: CallOutcome, more?: Partial<Farewell>): Promise<void>
  fail(error: Error): void
}

export interface RigOptions {
  /** Given the port; default loopback. */
  readonly publicUrl?: (port: number) => string
  readonly authTokens?: readonly string[]
  readonly accountSid?: string
  /** Takes announcements; default: they are kept. */
  readonly expectCall?: (info: CallInfo) => void
}

/** The page's own recipe, not the package that is under test. */
export function sign(token: string, url: string, form: Readonly<Record<string, string>> = {}): string {
  const data = Object.keys(form)
    .sort()
    .reduce((text, name) => text + name + form[name], url)
  return createHmac('sha1', token).update(data, 'utf8').digest('base64')
}

/** The Twilio carrier on a real server and a manual clock, between a raw phone and calls that a test answers. */
export async function openRig(options: RigOptions = {}) {
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const calls: AnsweredCall[] = []
  const expected: CallInfo[] = []
  const phones: Phone[] = []
  const state = { open: true }
  const answer = (leg: CarrierLeg, info: CallInfo) => {
    const { promise, resolve, reject } = Promise.withResolvers<Farewell>()
    const end = async (outcome: CallOutcome, more: Partial<Farewell> = {}) => {
      await leg[Symbol.asyncDispose]()
      resolve({ outcome, said: [], ...more })
    }
    calls.push({ leg, info, end, fail: reject })
    return promise
  }
  const { expectCall = (info: CallInfo) => void expected.push(info) } = options
  const made: TwilioCarrier[] = []
  const switchboards: Switchboard[] = []
  const server = await startServer({
    port: 0,
    host: '127.0.0.1',
    ready: () => true,
    log,
    mount: (port) => {
      const publicUrl = options.publicUrl?.(port) ?? `http://127.0.0.1:${port}`
      const { authTokens = [], accountSid } = options
      const switchboard = new Switchboard({ admit: () => state.open, clock, log })
      const media = new MediaDoor({ register: switchboard, expect: expectCall, answer, clock, log })
      switchboards.push(switchboard)
      const carrier = makeTwilioCarrier({ publicUrl, accountSid, authTokens, switchboard, media, log })
      made.push(carrier)
      return { routes: carrier.routes, upgrades: [carrier.upgrade], pages: [] }
    },
  })
  const base = `http://127.0.0.1:${server.port}`
  const post = (path: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    fetch(base + path, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' })
  /** Reports the call and returns the token of the TwiML. */
  const announce = async (callSid = CALL, headers: Readonly<Record<string, string>> = {}) => {
    const reply = await post('/twilio/voice', { CallSid: callSid, From: '+15550001111', To: '+15550002222' }, headers)
    return /name="token" value="([^"]+)"/.exec(await reply.text())?.[1] ?? ''
  }
  const connect = async (headers: Readonly<Record<string, string>> = {}, path = '/twilio/media') => {
    const phone = new Phone(
      new WebSocket(`ws://127.0.0.1:${server.port}${path}`, { headers, perMessageDeflate: false }),
    )
    phones.push(phone)
    await phone.opened
    return phone
  }
  /** Announces, connects and starts; resolves when the call has been put through. */
  const dial = async (callSid = CALL) => {
    const phone = await connect()
    phone.start(await announce(callSid), { callSid })
    await phone.settle()
    const call = calls.at(-1)
    if (call === undefined) throw new Error('the call was not put through')
    return { phone, ...call }
  }
  return {
    ...{ clock, records, calls, expected, switchboards, base, port: server.port, state, post, announce, connect, dial },
    /** The call that was put through as the n-th, from 0. */
    answered: async (n: number) => {
      await until(() => calls.length > n)
      const call = calls[n]
      if (call === undefined) throw new Error('no such call')
      return call
    },
    /** Resolves when the server has seen that many media sockets end. */
    streamEnded: (times = 1) => until(() => records.filter((r) => r.message === 'media stream ended').length >= times),
    closeCarrier: async () => {
      for (const carrier of made) await carrier[Symbol.asyncDispose]()
    },
    async [Symbol.asyncDispose]() {
      for (const phone of phones) phone.socket.terminate()
      for (const carrier of made) await carrier[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** A phone on the raw media socket: it sends what a test writes, and reads what comes. */
export class Phone {
  readonly socket: WebSocket
  readonly received: string[] = []
  /** Rejects with the HTTP status when the upgrade is refused. */
  readonly opened: Promise<void>
  /** The close code, when it comes. */
  readonly closed: Promise<number>
  #sequence = 1
  #timestampMs = 155

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: RawData) => this.received.push(String(data)))
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => socket.once('close', (code: number) => resolve(code)))
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`))
        response.resume()
        socket.terminate()
      })
    })
    this.opened.catch(() => {})
  }

  raw(text: string | Uint8Array): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(text)
  }

  send(frame: Readonly<Record<string, unknown>>): void {
    this.raw(JSON.stringify(frame))
  }

  start(token: string | undefined, fields: { callSid?: string; mediaFormat?: unknown; streamSid?: string } = {}): void {
    const { callSid = CALL, streamSid = STREAM } = fields
    const { mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 } } = fields
    const customParameters = token === undefined ? {} : { token }
    const start = { accountSid: 'AC1', streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters }
    this.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    this.send({ event: 'start', sequenceNumber: this.#next(), start, streamSid })
  }

  /** A media frame; without a timestamp it follows the one before. */
  say(audio: Uint8Array, timestampMs = this.#timestampMs, streamSid = STREAM): void {
    this.#timestampMs = timestampMs + audio.byteLength / 8
    const payload = Buffer.from(audio).toString('base64')
    const media = { track: 'inbound', chunk: '1', timestamp: `${timestampMs}`, payload }
    this.send({ event: 'media', sequenceNumber: this.#next(), media, streamSid })
  }

  press(digit: string): void {
    this.send({
      ...{ event: 'dtmf', streamSid: STREAM, sequenceNumber: this.#next() },
      dtmf: { track: 'inbound_track', digit },
    })
  }

  echo(name: string): void {
    this.send({ event: 'mark', sequenceNumber: this.#next(), streamSid: STREAM, mark: { name } })
  }

  stop(callSid = CALL): void {
    this.send({
      ...{ event: 'stop', sequenceNumber: this.#next(), streamSid: STREAM },
      stop: { accountSid: 'AC1', callSid },
    })
  }

  requests(): LegRequest[] {
    return this.received.map((text): LegRequest => {
      const frame = JSON.parse(text)
      if (frame.event === 'media') return { type: 'media', audio: Buffer.from(frame.media.payload, 'base64') }
      return frame.event === 'mark' ? { type: 'mark', name: frame.mark.name } : { type: 'clear' }
    })
  }

  /** A ping's answer comes when all frames before it were read, and behind all that were sent. */
  async settle(): Promise<void> {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.ping()
      await Promise.race([once(this.socket, 'pong'), this.closed])
    }
    if (this.socket.readyState !== WebSocket.OPEN) await this.closed
  }

  #next(): string {
    return `${this.#sequence++}`
  }
}

export function listenTo(leg: CarrierLeg): CarrierEvent[] {
  const events: CarrierEvent[] = []
  leg.listen((event) => events.push(event))
  return events
}

/** Waits for what other sockets of this process have still to see. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen within 5 s')
    await setImmediate()
  }
}
