import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpReply } from '../../base/http.ts'
import type { Logger } from '../../base/log.ts'
import { readAddress } from './address.ts'
import { readAsked } from './asked.ts'
import { type Form, field } from './form.ts'
import type { MediaSockets } from './register.ts'
import { isRareCount } from './socket.ts'
import type { Switchboard } from './switchboard.ts'
import type { Road } from './switchboard-options.ts'

export interface BrowserDoorOptions {
  /** Twilio's too: a call from a browser is one like any other. */
  readonly switchboard: Switchboard
  readonly media: MediaSockets
  /** Where Twilio reaches us; the page keeps of its URLs only what is behind the host. */
  readonly publicUrl: string
  readonly log: Logger
}

/** What is behind the webhooks and the socket of a phone in an operator's browser. Who asks was let in already. */
export interface BrowserDoor {
  /**
   * A call begins, or one that was held asks again. Answers TwiML, or 400 with what is wrong with the form.
   * @param form its `From`, `client:` and who calls, is to be said by who let them in, never by a page: texts go to who
   *   calls, and limits count by it.
   */
  voice(form: Form): Promise<HttpReply>
  /**
   * What comes after a stream, or after a human was dialled.
   * @param url path and query as requested: the query of the URL that the TwiML names.
   */
  next(url: string, form: Form): Promise<HttpReply>
  /** The media socket. Its stream still has to show the token of its TwiML. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

const ACCOUNT = `AC${'0'.repeat(32)}`
const CALLER = 'client:operator'
const CALLED = 'client:default'

/**
 * The door for a phone in a browser: it speaks what Twilio speaks, but that a key stands where Twilio's signature does.
 *
 * ```
 *   page: PhoneKey, random ── SHA-256 ──▶ CallSid
 *   POST voice, PhoneKey ─▶ TwiML with a token ─▶ media socket: start with CallSid and token ─▶ … ─▶ POST next, PhoneKey
 * ```
 * Whose call a form is about follows from its key and from nothing else. So a phone reaches only calls whose key it has,
 * which are those that it began: to name another's call, or one of Twilio's, it would have to find a key for a given
 * hash. And nothing has to be remembered for that: a call comes back after a restart, and to another process.
 */
export function makeBrowserDoor({ switchboard, media, publicUrl, log }: BrowserDoorOptions): BrowserDoor {
  const road: Road = { address: readAddress(publicUrl), expect: (info) => media.expect(info) }
  let refused = 0
  const answer = async (form: Form, reply: (form: Form, callSid: string) => Promise<HttpReply>): Promise<HttpReply> => {
    const callSid = callSidOf(field(form, 'PhoneKey'))
    if (callSid === undefined) return problem(400, 'PhoneKey: expected 64 hexadecimal digits')
    if (![callSid, ''].includes(field(form, 'CallSid'))) {
      if (isRareCount(++refused)) log.warn({ refused }, 'a browser phone asked for a call that is not its own')
      return problem(403, 'CallSid: expected the one that belongs to the PhoneKey')
    }
    return reply(formOf(form, callSid), callSid)
  }
  return {
    voice: (form) => answer(form, (checked, callSid) => switchboard.announce(checked, callSid, waitedIn(form), road)),
    next: (url, form) => answer(form, (checked, callSid) => switchboard.next(checked, callSid, readAsked(url), road)),
    upgrade: (request, socket, head) => media.open(request, socket, head),
  }
}

/** The page makes the same of its key. */
function callSidOf(phoneKey: string): string | undefined {
  if (!/^[0-9a-f]{64}$/.test(phoneKey)) return undefined
  return `CA${createHash('sha256').update(phoneKey).digest('hex').slice(0, 32)}`
}

/** The form as Twilio would send it: whatever else a page sends is left out. */
function formOf(form: Form, callSid: string): Form {
  const from = matching(form, 'From', /^client:[\w.@+-]{1,60}$/) ?? CALLER
  const to = matching(form, 'To', /^(\+?\d{2,15}|sips?:[\w.@:+-]{1,100})$/i) ?? CALLED
  const dialled = {
    DialCallStatus: matching(form, 'DialCallStatus', /^(completed|answered|busy|no-answer|failed|canceled)$/),
    DialCallSid: matching(form, 'DialCallSid', /^CA[0-9a-f]{32}$/),
  }
  return {
    ...{ AccountSid: ACCOUNT, ApiVersion: '2010-04-01', CallSid: callSid, Direction: 'inbound' },
    CallStatus: matching(form, 'CallStatus', /^(in-progress|completed|no-answer)$/) ?? 'ringing',
    ...{ From: from, Caller: from, To: to, Called: to },
    ...Object.fromEntries(Object.entries(dialled).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  }
}

/** How long the caller was held so far [s]: of Twilio it is in the URL of `<Redirect>`, which the page puts into a field. */
function waitedIn(form: Form): number {
  return Number(matching(form, 'Waited', /^\d{1,5}$/) ?? 0)
}

function matching(form: Form, name: string, pattern: RegExp): string | undefined {
  const value = field(form, name)
  return pattern.test(value) ? value : undefined
}

function problem(status: number, body: string): HttpReply {
  return { status, type: 'text/plain', body }
}
