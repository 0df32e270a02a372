import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { sign } from '../../src/simulators/carrier/signature.ts'
import { Phone } from '../carriers/twilio/rig.ts'
import { type HouseOptions, openHouse } from '../e2e/house.ts'

/** Where Twilio reaches the house. Nothing of it is in a request but in the signature. */
export const PUBLIC = 'https://voice.example.com'
export const TOKEN = 'the-auth-token-of-the-account'
export const SECOND_TOKEN = 'the-one-that-comes-after-it'
export const ACCOUNT = `AC${'0'.repeat(32)}`

/** Every path that Twilio posts to. */
export const webhooks = ['/twilio/voice', '/twilio/next', '/twilio/call-status', '/twilio/stream-status']

type Form = Readonly<Record<string, string>>
type Headers = Readonly<Record<string, string>>

/** What Twilio says of a call whose telephone rings. */
export const ringing = (callSid: string, more: Form = {}): Form => ({
  ...{ CallSid: callSid, AccountSid: ACCOUNT, From: '+15550001111', To: '+15550002222' },
  ...{ CallStatus: 'ringing', Direction: 'inbound', ApiVersion: '2010-04-01', FromCity: '', ...more },
})

/** Signs a form, or an upgrade when there is none, for a path of the public address. */
export const signed = (path: string, form: Form = {}, token = TOKEN, origin = PUBLIC): Headers => ({
  'x-twilio-signature': sign(token, origin + path, form),
})

/** The same for a media socket. */
export const signedUpgrade = (path = '/twilio/media', token = TOKEN, origin = 'wss://voice.example.com'): Headers =>
  signed(path, {}, token, origin)

/** Many calls of one caller; and each model is told whose it is, so that a test can find it. */
const manners = {
  AGENT_INSTRUCTIONS: 'This is {{callId}}.',
  MAX_CALLS_PER_CALLER: '1000',
  CALLER_CALLS_PER_HOUR: '100000',
  MAX_LAG_MS: '10000',
}
/** The settings of a house that looks at who comes. */
const guarded = { PUBLIC_URL: PUBLIC, TWILIO_AUTH_TOKEN: TOKEN, TWILIO_ACCOUNT_SID: ACCOUNT }

/** The whole server and a simulated model, for somebody at the gate who writes every byte by hand. */
export async function openGate({ env = guarded, ...options }: HouseOptions = {}) {
  await using opening = new AsyncDisposableStack()
  const house = opening.use(await openHouse({ ...options, env: { HOST: '127.0.0.1', ...manners, ...env } }))
  const port = Number(new URL(house.offhook.url).port)
  const phones = opening.adopt(new Set<Phone>(), (all) => {
    for (const phone of all) phone.socket.terminate()
  })
  const scope = opening.move()

  /** Posts a form, with these headers and no other; returns the status and the body. */
  async function post(path: string, form: Form, headers: Headers = {}, address = '127.0.0.1') {
    const body = new URLSearchParams(form).toString()
    const type = 'application/x-www-form-urlencoded'
    const options = { host: address, port, path, method: 'POST', agent: false, timeout: 5000 }
    const asking = request({ ...options, headers: { host: 'voice.example.com', 'content-type': type, ...headers } })
    asking.end(body)
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    return { status: response.statusCode, body: await text(response) }
  }

  /** Asks for a media socket. */
  async function knock(path: string, headers: Headers): Promise<Phone> {
    const phone = new Phone(new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers, perMessageDeflate: false }))
    phones.add(phone)
    await phone.opened
    return phone
  }

  return {
    ...{ house, port, post, knock },
    /** What an upgrade is answered with; the path as it stands here, which a client would tidy up. */
    async statusOf(path: string, headers: Headers): Promise<number | undefined> {
      const key = { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'sec-websocket-version': '13' }
      const upgrade = { connection: 'Upgrade', upgrade: 'websocket', ...key, host: 'voice.example.com' }
      const asking = request({ host: '127.0.0.1', port, path, agent: false, headers: { ...upgrade, ...headers } })
      asking.end()
      const [response] = (await Promise.race([once(asking, 'upgrade'), once(asking, 'response')])) as [IncomingMessage]
      response.socket.destroy()
      return response.statusCode
    },
    /** Announces a call as Twilio does; returns the token and the place of its stream. */
    async announce(callSid: string, more: Form = {}) {
      const form = ringing(callSid, more)
      const { body } = await post('/twilio/voice', form, signed('/twilio/voice', form))
      const token = /name="token" value="([^"]+)"/.exec(body)?.[1] ?? ''
      return { token, path: URL.parse(/<Stream [^>]*url="([^"]+)"/.exec(body)?.[1] ?? '')?.pathname ?? '' }
    },
    /** An announced call whose stream is there, with the session that its model has opened for it. */
    async dial(callSid: string, streamSid: string) {
      const { token, path } = await this.announce(callSid)
      const phone = await knock(path, signedUpgrade(path))
      phone.start(token, { callSid, streamSid })
      await until(() => house.eventsOf(callSid).some(({ type }) => type === 'connected' || type === 'answered'))
      const modelOf = () => house.model.sessions.find(({ config }) => JSON.stringify(config).includes(callSid))
      await until(() => modelOf() !== undefined)
      return { phone, model: modelOf() }
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}

export type Gate = Awaited<ReturnType<typeof openGate>>

/** Waits for what happens on other sockets of this process. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error('it did not happen within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
