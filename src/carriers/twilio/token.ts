import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/clock.ts'
import { ExpiringMap } from './expiring-map.ts'

/** Why a stream's token was not taken. */
export type TokenFault = 'missing' | 'forged' | 'expired' | 'used' | 'too-many'

/** Twilio opens the stream at once; answering-machine detection was seen to hold it back for 7 s. */
const LIFE_MS = 60_000
/** Starts that are remembered for that long: 300 a second. Beyond it nothing is taken, rather than anything twice. */
const MAX_USED = 20_000

/**
 * The ticket from our signed TwiML to the media socket, so that a stream nobody announced never reaches a model.
 *
 * ```
 *   webhook: issue(CallSid) ── <Parameter name="token"> ──▶ start: redeem(token, CallSid), once, within 60 s
 * ```
 * `<expiry>.<nonce>.<HMAC-SHA256 of CallSid, expiry and nonce>`. The key lives and dies with this object.
 */
export class StreamTokens {
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  readonly #used: ExpiringMap<true>

  constructor(clock: Clock, maxUsed = MAX_USED) {
    this.#clock = clock
    this.#used = new ExpiringMap(clock, LIFE_MS, maxUsed)
  }

  issue(callSid: string): string {
    const expiry = Math.ceil(this.#clock.now() + LIFE_MS)
    const nonce = randomBytes(12).toString('base64url')
    return `${expiry}.${nonce}.${this.#mac(callSid, `${expiry}`, nonce).toString('base64url')}`
  }

  /** Takes the token for this call; it is not good a second time. `undefined`: welcome. */
  redeem(token: string | undefined, callSid: string): TokenFault | undefined {
    if (token === undefined || token === '') return 'missing'
    const [, expiry, nonce, mac] = /^(\d{1,15})\.([\w-]{16})\.([\w-]{43})$/.exec(token) ?? []
    if (expiry === undefined || nonce === undefined || mac === undefined) return 'forged'
    const given = Buffer.from(mac, 'base64url')
    const expected = this.#mac(callSid, expiry, nonce)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged'
    if (this.#clock.now() >= Number(expiry)) return 'expired'
    if (this.#used.get(nonce)) return 'used'
    if (this.#used.full) return 'too-many'
    this.#used.set(nonce, true)
    return undefined
  }

  #mac(callSid: string, expiry: string, nonce: string): Buffer {
    return createHmac('sha256', this.#key).update(`${callSid}.${expiry}.${nonce}`).digest()
  }
}
