import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import type { Happening } from '../../call/info.ts'
import type { CallStore } from '../../call/store.ts'
import { ExpiringMap } from './expiring-map.ts'

/** Why a stream's token was not taken. `unconfirmed`: another process made it, and the store could not say if it is new. */
export type TokenFault = 'missing' | 'forged' | 'expired' | 'used' | 'too-many' | 'unconfirmed'

/** What whoever gets the stream has to know: it may be a process that was never asked about the call. */
export interface Promised {
  /** Which of its call's, from 1. */
  readonly stream: number
  readonly from: string
  readonly to: string
  /** Why the caller comes back; absent: a call begins. */
  readonly happened?: Happening | undefined
}

export interface StreamTokensOptions {
  /** Any of their keys is taken, the first one's is given; none: a key of this process alone. */
  readonly authTokens: readonly string[]
  readonly store: CallStore
  readonly clock: Clock
  /** [ms since 1970]: other processes read it too. */
  readonly now: () => number
  readonly maxUsed?: number
}

/** Twilio opens the stream at once; answering-machine detection was seen to hold it back for 7 s [ms]. */
export const TOKEN_LIFE_MS = 60_000
/** Starts that are remembered for that long: 300 a second. Beyond it nothing is taken, rather than anything twice. */
const MAX_USED = 20_000
/** What the key is for, so that nothing else that is signed with an auth token can pass for one. */
const CONTEXT = 'offhook media stream token 1'
/** A parameter's name and value are under 500 characters; the rest of a token takes 80. */
const MAX_PROMISE_CHARACTERS = 400

/**
 * The ticket from our signed TwiML to the media socket, so that a stream nobody announced never reaches a model.
 *
 * ```
 *   webhook: issue(CallSid, what) ── <Parameter name="token"> ──▶ start: redeem(token, CallSid), once, within 60 s
 *                                                      our own ─▶ our memory says whether it is new
 *                                                     another's ─▶ the store says it, or nobody comes in
 * ```
 * `<expiry>.<nonce>.<what>.<HMAC-SHA256 of CallSid and the three>`. Its key is made of an auth token, so processes that
 * share that take each other's, and a token of before a key's rotation is good after it.
 */
export class StreamTokens {
  readonly #store: CallStore
  readonly #now: () => number
  readonly #keys: readonly [Buffer, ...Buffer[]]
  readonly #issued: ExpiringMap<Promised>
  readonly #used: ExpiringMap<true>

  constructor({ authTokens, store, clock, now, maxUsed = MAX_USED }: StreamTokensOptions) {
    this.#store = store
    this.#now = now
    const [first = randomBytes(32), ...others] = authTokens.map(keyOf)
    this.#keys = [first, ...others]
    this.#issued = new ExpiringMap(clock, TOKEN_LIFE_MS, maxUsed)
    this.#used = new ExpiringMap(clock, TOKEN_LIFE_MS, maxUsed)
  }

  issue(callSid: string, promised: Promised): string {
    const expiry = Math.ceil(this.#now() + TOKEN_LIFE_MS)
    const nonce = randomBytes(12).toString('base64url')
    this.#issued.set(nonce, promised)
    const text = `${expiry}.${nonce}.${write(promised)}`
    return `${text}.${macOf(this.#keys[0], callSid, text).toString('base64url')}`
  }

  /** Takes the token for this call; it is not good a second time. */
  async redeem(token: string | undefined, callSid: string): Promise<Promised | { readonly fault: TokenFault }> {
    if (token === undefined || token === '') return { fault: 'missing' }
    const [, text = '', expiry = '', nonce = '', what = '', mac = ''] =
      /^((\d{1,15})\.([\w-]{16})\.([\w-]{1,400}))\.([\w-]{43})$/.exec(token) ?? []
    if (mac === '' || !this.#isOurs(callSid, text, Buffer.from(mac, 'base64url'))) return { fault: 'forged' }
    if (this.#now() >= Number(expiry)) return { fault: 'expired' }
    if (this.#used.get(nonce)) return { fault: 'used' }
    if (this.#used.full) return { fault: 'too-many' }
    this.#used.set(nonce, true)
    // In the same turn, so that whoever shows it meanwhile comes too late.
    const own = this.#issued.get(nonce)
    const claimed = this.#claim(nonce, Number(expiry))
    try {
      if (!(await claimed)) return { fault: 'used' }
    } catch {
      // Ours is known to be new here, and where else it was shown nobody can say now: the call goes before the doubt.
      return own ?? { fault: 'unconfirmed' }
    }
    if (own !== undefined) return own
    return this.#store.isShared ? read(what) : { fault: 'unconfirmed' }
  }

  async #claim(nonce: string, untilAt: number): Promise<boolean> {
    return this.#store.claim(nonce, untilAt)
  }

  #isOurs(callSid: string, text: string, given: Buffer): boolean {
    return this.#keys.some((key) => {
      const expected = macOf(key, callSid, text)
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
  }
}

function keyOf(authToken: string): Buffer {
  return createHmac('sha256', authToken).update(CONTEXT).digest()
}

function macOf(key: Buffer, callSid: string, text: string): Buffer {
  return createHmac('sha256', key).update(`${callSid}.${text}`).digest()
}

/** What there is no room for is left out, the called number last: without it the wrong agent may answer. */
function write({ stream, from, to, happened }: Promised): string {
  const encoded = (fields: unknown) => Buffer.from(JSON.stringify(fields)).toString('base64url')
  const lineBroke = happened && { type: 'line-broke' }
  const choices = [
    [stream, from, to, happened],
    [stream, from, to, lineBroke],
    [stream, '', to, lineBroke],
    [stream, '', '', lineBroke],
  ].map(encoded)
  return choices.find((text) => text.length <= MAX_PROMISE_CHARACTERS) ?? encoded([stream, '', '', null])
}

/** Only what a key of ours has signed is ever read. */
function read(what: string): Promised {
  const [stream, from, to, happened] = JSON.parse(Buffer.from(what, 'base64url').toString())
  return { stream, from, to, happened: happened ?? undefined }
}
