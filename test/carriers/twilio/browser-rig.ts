import { WebSocket } from 'ws'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { CarrierLeg } from '../../../src/call/carrier.ts'
import type { CallOutcome } from '../../../src/call/events.ts'
import type { CallInfo, Farewell } from '../../../src/call/info.ts'
import { makeBrowserDoor } from '../../../src/carriers/twilio/browser-door.ts'
import { MediaDoor } from '../../../src/carriers/twilio/media-door.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import type { SwitchboardOptions } from '../../../src/carriers/twilio/switchboard-options.ts'
import type { Handset, HandsetListener } from '../../../src/operator/page/phone/media-stream.ts'
import {
  type CallEnding,
  type CallStep,
  type CallWorld,
  PhoneCall,
} from '../../../src/operator/page/phone/phone-call.ts'
import { readTwiml } from '../../../src/operator/page/phone/twiml.ts'
import { startServer } from '../../../src/server.ts'
import { readXml } from '../../../src/simulators/carrier/xml.ts'
import { makeLogRecorder } from '../../fakes/log.ts'
import { asInBrowser } from './browser-element.ts'
import { callSidOf } from './browser-key.ts'
import { Phone, switchboardOptions } from './rig.ts'

/** A handset without a sound card: it plays at once whatever it is given. */
class FakeHandset implements Handset {
  readonly played: Uint8Array[] = []
  cleared = 0
  listener: HandsetListener | undefined

  play(audio: Uint8Array): void {
    this.played.push(audio)
  }

  mark(name: string): void {
    queueMicrotask(() => this.listener?.mark(name))
  }

  clear(): void {
    this.cleared++
  }

  listen(listener: HandsetListener | undefined): void {
    this.listener = listener
  }
}

interface BrowserRigOptions extends Partial<SwitchboardOptions> {
  /** What the path of the media socket ends in, as with several processes. */
  readonly behind?: string
}

/** The door for browsers on a real server, a real switchboard and real media sockets; calls are answered by the test. */
export async function openBrowserRig({ behind = '', ...changes }: BrowserRigOptions = {}) {
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const switchboard = new Switchboard({ ...switchboardOptions(clock, log), ...changes })
  const calls: {
    leg: CarrierLeg
    info: CallInfo
    end(outcome: CallOutcome, more?: Partial<Farewell>): Promise<void>
  }[] = []
  const paths: string[] = []
  const phones: Phone[] = []
  const media = new MediaDoor({
    ...{ register: switchboard, clock, log, expect: () => undefined },
    answer(leg, info) {
      const { promise, resolve } = Promise.withResolvers<Farewell>()
      calls.push({
        ...{ leg, info },
        async end(outcome, more = {}) {
          await leg[Symbol.asyncDispose]()
          resolve({ outcome, said: [], ...more })
        },
      })
      leg.gone.addEventListener('abort', () => resolve({ outcome: { reason: 'caller-hung-up' }, said: [] }))
      return promise
    },
  })
  const server = await startServer({
    ...{ port: 0, host: '127.0.0.1', ready: () => true, log },
    mount(port) {
      const door = makeBrowserDoor({
        media: {
          expect: (info) => media.expect(info) + behind,
          open(request, socket, head) {
            paths.push(request.url ?? '')
            media.open(request, socket, head)
          },
          [Symbol.asyncDispose]: () => media[Symbol.asyncDispose](),
        },
        ...{ switchboard, log, publicUrl: `http://127.0.0.1:${port}` },
      })
      return {
        routes: [
          { path: '/api/phone/voice', handle: ({ form }) => door.voice(form) },
          { path: '/api/phone/next', handle: ({ url, form }) => door.next(url, form) },
        ],
        upgrades: [{ path: '/api/phone/media', upgrade: door.upgrade }],
        ...{ pages: [], mounts: [] },
      }
    },
  })
  const base = `127.0.0.1:${server.port}/api/phone`
  const post = (path: string, form: Readonly<Record<string, string>>) =>
    fetch(`http://${base}/${path}`, { method: 'POST', body: new URLSearchParams(form) })
  return {
    ...{ calls, clock, paths, post, records, switchboard },
    /** A raw phone on the media socket. */
    async connect(path = '') {
      const phone = new Phone(new WebSocket(`ws://${base}/media${path}`, { perMessageDeflate: false }))
      phones.push(phone)
      await phone.opened
      return phone
    },
    /** Calls with the page's own phone. */
    call: (phoneKey: string, to?: string, world: Partial<CallWorld> = {}) => callFrom(base, phoneKey, to, world),
    async [Symbol.asyncDispose]() {
      for (const phone of phones) phone.socket.terminate()
      switchboard[Symbol.dispose]()
      await media[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

function callFrom(base: string, phoneKey: string, to: string | undefined, changes: Partial<CallWorld>) {
  const steps: CallStep[] = []
  const said: string[] = []
  const handset = new FakeHandset()
  const world: CallWorld = {
    handset,
    async ask({ door, query }, form, signal) {
      const body = new URLSearchParams(form)
      const response = await fetch(`http://${base}/${door}${query}`, { method: 'POST', body, signal: signal ?? null })
      const text = await response.text()
      return { status: response.status, verbs: response.ok ? readTwiml(asInBrowser(readXml(text))) : undefined }
    },
    connect: (behind) => new WebSocket(`ws://${base}/media${behind}`, { perMessageDeflate: false }) as never,
    say: async (text) => void said.push(text),
    dial: async (digits) => void said.push(digits),
    wait: (_, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    line: () => ({ distort: (frame) => frame, fate: () => 'send' }),
    muted: () => false,
    random: Math.random,
    ...changes,
  }
  const onStep = (step: CallStep) => void steps.push(step)
  const call = new PhoneCall({ world, phoneKey, callSid: callSidOf(phoneKey), from: 'client:operator', to, onStep })
  const ended: Promise<CallEnding> = call.ended
  return { call, ended, handset, said, steps }
}
