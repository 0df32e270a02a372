import { createHmac } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { Admission } from '../../../src/call/admission.ts'
import type { CarrierEvent, CarrierLeg } from '../../../src/call/carrier.ts'
import type { CallOutcome } from '../../../src/call/events.ts'
import type { CallInfo, Farewell } from '../../../src/call/info.ts'
import type { CallStore } from '../../../src/call/store.ts'
import { makeTwilioCarrier, type TwilioCarrier } from '../../../src/carriers/twilio/carrier.ts'
import { MediaDoor } from '../../../src/carriers/twilio/media-door.ts'
import type { StreamCounts } from '../../../src/carriers/twilio/media-stream.ts'
import type { OverflowPlan } from '../../../src/carriers/twilio/overflow.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import type { SwitchboardOptions } from '../../../src/carriers/twilio/switchboard-options.ts'
import { startServer } from '../../../src/server.ts'
import { openMemoryStore } from '../../../src/store/memory/store.ts'
import { makeLogRecorder } from '../../fakes/log.ts'
import { CALL, Phone } from './phone.ts'

export { CALL, Phone }

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
  readonly overflow?: OverflowPlan
  readonly fallbackNumber?: string
  readonly resume?: SwitchboardOptions['resume']
  /** Default: one of its own. */
  readonly store?: CallStore
  /** Default: a clock of its own, as if it was the year 2027. */
  readonly clock?: ManualClock
  readonly maxWaiting?: number
  /** Calls do not notice that their stream is gone. */
  readonly deaf?: boolean
}

/** When every manual clock begins [ms since 1970]. */
export const EPOCH = 1_800_000_000_000

/** What an answer waits for what another process may know of a stream's end [ms]. */
export const LATE_WORD_MS = 250

/** A clock on which nobody waits for the last word of another process: all that is known is known at once. */
export function makeHastyClock(): ManualClock {
  const clock = new ManualClock()
  const after = clock.after.bind(clock)
  clock.after = (delayMs, task, signal) => {
    if (delayMs === LATE_WORD_MS) void setImmediate().then(task)
    else after(delayMs, task, signal)
  }
  return clock
}

/** Lets everybody in while it is open, and knows who is there. */
export class FakeAdmission implements Admission {
  open = true
  readonly places = new Set<string>()
  asked = 0

  ask({ callId }: { readonly callId: string }) {
    this.asked++
    if (!this.open && !this.places.has(callId)) return 'all-lines-busy' as const
    this.places.add(callId)
    return undefined
  }

  left(callId: string): void {
    this.places.delete(callId)
  }
}

/** What a switchboard is made of, when nothing in particular is wanted. */
export function switchboardOptions(clock = new ManualClock(), log = makeLogRecorder().log): SwitchboardOptions {
  const now = () => EPOCH + clock.now()
  return {
    ...{ admission: new FakeAdmission(), overflow: { plan: 'say', queueMaxS: 60 }, fallbackNumber: undefined },
    ...{ resume: { max: 3, windowMs: 300_000 }, store: openMemoryStore({ now }), authTokens: [], clock, now, log },
  }
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
  const { clock = new ManualClock() } = options
  const { log, records } = makeLogRecorder()
  const calls: AnsweredCall[] = []
  const expected: CallInfo[] = []
  const phones: Phone[] = []
  const streams: StreamCounts[] = []
  const admission = new FakeAdmission()
  const defaults = switchboardOptions(clock, log)
  const { overflow, fallbackNumber, resume, store, authTokens = [], accountSid } = { ...defaults, ...options }
  const answer = (leg: CarrierLeg, info: CallInfo) => {
    const { promise, resolve, reject } = Promise.withResolvers<Farewell>()
    const end = async (outcome: CallOutcome, more: Partial<Farewell> = {}) => {
      await leg[Symbol.asyncDispose]()
      resolve({ outcome, said: [], ...more })
    }
    calls.push({ leg, info, end, fail: reject })
    const hear = () =>
      resolve({
        outcome:
          leg.gone.reason instanceof CallError
            ? { reason: 'carrier-lost', code: leg.gone.reason.code }
            : { reason: 'caller-hung-up' },
        said: [],
      })
    if (!options.deaf) leg.gone.addEventListener('abort', hear)
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
      const parts = { ...defaults, overflow, fallbackNumber, resume, store, authTokens, admission }
      const switchboard = new Switchboard(parts)
      const { maxWaiting = 256 } = options
      const onStreamEnded = (counts: StreamCounts) => void streams.push(counts)
      const media = new MediaDoor({
        register: switchboard,
        expect: expectCall,
        answer,
        clock,
        log,
        maxWaiting,
        onStreamEnded,
      })
      switchboards.push(switchboard)
      const carrier = makeTwilioCarrier({ publicUrl, accountSid, authTokens, switchboard, media, log })
      made.push(carrier)
      return { routes: carrier.routes, upgrades: [carrier.upgrade], pages: [], mounts: [] }
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
    ...{
      clock,
      records,
      streams,
      calls,
      expected,
      switchboards,
      base,
      port: server.port,
      admission,
      store,
      post,
      announce,
      connect,
      dial,
    },
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

/** 20 ms of sound, all of one value. */
export const frame = (fill: number) => new Uint8Array(160).fill(fill)

/** The time and the first byte of each piece of sound. */
export const sounds = (events: readonly CarrierEvent[]) =>
  events.flatMap((event) => (event.type === 'audio' ? [`${event.atMs}:${event.audio[0]}`] : []))

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
