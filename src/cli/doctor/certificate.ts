import { isIP } from 'node:net'
import { connect } from 'node:tls'
import { reasonOf } from './ask.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

/** What a server shows of itself. */
export interface Shown {
  /** Why it is not trusted, in the words of the system; `undefined`: it is. */
  readonly distrust: string | undefined
  /** As certificates say it: `Jun  1 12:00:00 2026 GMT`. */
  readonly validTo: string
}

const DAY_MS = 86_400_000
/** Renewal is tried from 30 days before the end; so late it has failed for two weeks. */
const SOON_DAYS = 14

/** Whether Twilio takes the certificate, and for how much longer. */
export const certificateCheck: Check = {
  name: 'certificate',
  async run({ config, now }, signal) {
    const url = URL.parse(config.publicUrl ?? '')
    if (url?.protocol !== 'https:') return ok('none is needed: PUBLIC_URL is not https')
    try {
      return judgeCertificate(await look(url, signal), now())
    } catch (error) {
      return fail(`no certificate was shown: ${reasonOf(error)}`, 'let https:// on that address reach a proxy, or us')
    }
  },
}

/** What to make of a certificate at this moment [ms since 1970]. */
export function judgeCertificate({ distrust, validTo }: Shown, at: number): Finding {
  const days = Math.floor((Date.parse(validTo) - at) / DAY_MS)
  if (days < 0) return fail(`the certificate has expired on ${validTo}`, 'renew it: Twilio refuses it')
  if (distrust !== undefined) {
    const why = reasonOf(Object.assign(new Error(distrust), { code: distrust }))
    return fail(`the certificate is not trusted: ${why}`, 'get one of a public authority, with all between it and you')
  }
  if (days < SOON_DAYS) return warn(`the certificate ends in ${days} day(s)`, 'renew it; look why that was not done')
  return ok(`the certificate is good for ${days} days`)
}

function look({ hostname, port }: URL, signal: AbortSignal): Promise<Shown> {
  const { promise, resolve, reject } = Promise.withResolvers<Shown>()
  const host = hostname.replace(/^\[|\]$/g, '')
  // It is only looked at: nothing is sent.
  const servername = isIP(host) === 0 ? host : ''
  const socket = connect({ host, port: port === '' ? 443 : Number(port), servername, rejectUnauthorized: false })
  const giveUp = () => socket.destroy(new Error('it does not answer in time'))
  signal.addEventListener('abort', giveUp, { once: true })
  socket.once('secureConnect', () => {
    const { valid_to: validTo } = socket.getPeerCertificate()
    const error: unknown = socket.authorizationError
    resolve({ distrust: socket.authorized ? undefined : codeOf(error), validTo })
    socket.destroy()
  })
  socket.once('error', reject)
  return promise.finally(() => signal.removeEventListener('abort', giveUp))
}

function codeOf(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message
  return String(error)
}
