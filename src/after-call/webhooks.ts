import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { backOffMs, mayPass, retryAfterMs } from './back-off.ts'
import type { WebhookOutcome } from './count.ts'
import { deadline, pause } from './pause.ts'
import { Slots } from './slots.ts'
import { headersOf, type Webhook } from './webhook.ts'

const AT_ONCE = 4
const ATTEMPT_MS = 10_000
const BACK_OFF = { firstMs: 5000, mostMs: 600_000 }
/** How long one is tried [ms]. */
const LIFE_MS = 3_600_000
/** What a receiver that does not answer can hold, at most: so many, of so many characters together. */
const MAX_WAITING = 1000
const MAX_CHARACTERS = 16_000_000
/** How long those on their way have when the house closes [ms]. */
const GRACE_MS = 3000

export interface WebhooksOptions {
  readonly url: string
  readonly secret: string
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
  readonly count: (outcome: WebhookOutcome) => void
  readonly random: () => number
  /** The receiver has it, or has said that it never wants it. */
  readonly settled: (webhook: Webhook) => void
}

/** All that is still to be told of one call, in order. */
interface Chain {
  readonly webhooks: Webhook[]
  /** Aborts when it is given up. */
  readonly dropped: AbortController
}

/**
 * Delivers webhooks: those of one call one after the other, so that nobody hears of its analysis before its end.
 *
 * ```
 *   call 1: ended ─▶ POST ─ 503 ─ pause ─▶ POST ─ 200 ─▶ analysed ─▶ POST …
 *   call 2: ended ─▶ POST …                                            at the bound the oldest call's are given up
 * ```
 * Disposing lets those that were never tried, and those on their way, have three seconds.
 */
export class Webhooks implements AsyncDisposable {
  readonly #options: WebhooksOptions
  readonly #slots = new Slots(AT_ONCE)
  readonly #chains = new Map<string, Chain>()
  readonly #running = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  readonly #closed = new AbortController()
  #waiting = 0
  #characters = 0
  #dropped = 0
  /** The receiver has said 410: there is nobody any more. */
  #isGone = false

  constructor(options: WebhooksOptions) {
    this.#options = options
  }

  /** Takes it, and returns at once. */
  send(webhook: Webhook): void {
    if (this.#isGone || this.#closing.signal.aborted) return
    const chain = this.#chains.get(webhook.callId)
    this.#waiting++
    this.#characters += webhook.body.length
    if (chain !== undefined) chain.webhooks.push(webhook)
    else this.#begin(webhook)
    while (this.#waiting > MAX_WAITING || this.#characters > MAX_CHARACTERS) this.#dropOldest()
  }

  #begin(webhook: Webhook): void {
    const chain = { webhooks: [webhook], dropped: new AbortController() }
    this.#chains.set(webhook.callId, chain)
    const run = this.#run(webhook.callId, chain).finally(() => this.#running.delete(run))
    this.#running.add(run)
  }

  async #run(callId: string, chain: Chain): Promise<void> {
    for (let next = chain.webhooks[0]; next !== undefined; next = chain.webhooks[0]) {
      const isOver = await this.#deliver(next, chain.dropped.signal)
      if (!isOver || chain.dropped.signal.aborted) return
      chain.webhooks.shift()
      this.#letGo(next)
    }
    this.#chains.delete(callId)
  }

  /** Until the receiver has it, or does not want it, or an hour is over; false: until nobody waited for it any more. */
  async #deliver(webhook: Webhook, dropped: AbortSignal): Promise<boolean> {
    const { clock, random, count } = this.#options
    const endMs = clock.now() + LIFE_MS
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#slots.run(() => this.#attempt(webhook, dropped))
      if (answer === undefined || dropped.aborted) return false
      const { status, waitMs = 0 } = answer
      if (status !== undefined && status < 300) return this.#settle(webhook, 'delivered')
      if (status !== undefined && !mayPass(status)) return this.#refused(webhook, status)
      const wait = Math.max(backOffMs(BACK_OFF, attempt, random), waitMs)
      if (clock.now() + wait > endMs) return this.#givenUp(webhook, attempt, status)
      // Who closes does not wait: what is not delivered now is found again at the next start.
      if (this.#closing.signal.aborted) return false
      count('retried')
      if (!(await pause(clock, wait, AbortSignal.any([dropped, this.#closing.signal])))) return false
    }
  }

  /** `undefined`: nobody wants it any more; without a status: it was not answered. */
  async #attempt(
    webhook: Webhook,
    dropped: AbortSignal,
  ): Promise<{ readonly status?: number; readonly waitMs?: number } | undefined> {
    const { url, secret, clock, now } = this.#options
    if (dropped.aborted || this.#closed.signal.aborted || this.#isGone) return undefined
    using limit = deadline(clock, ATTEMPT_MS, this.#closed.signal)
    const { body } = webhook
    const headers = headersOf(webhook, secret, now())
    try {
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: limit.signal })
      const wait = retryAfterMs(response.headers.get('retry-after'), now())
      // Nobody wants to read it, however long it is.
      await response.body?.cancel()
      return { status: response.status, ...(wait === undefined ? {} : { waitMs: wait }) }
    } catch {
      return {}
    }
  }

  #settle(webhook: Webhook, outcome: 'delivered' | 'refused'): true {
    this.#options.count(outcome)
    this.#options.settled(webhook)
    return true
  }

  #refused(webhook: Webhook, status: number): true {
    const { callId, type } = webhook
    const { log } = this.#options
    if (status === 410) {
      this.#isGone = true
      // This one is refused, and the others are dropped: each is counted once.
      this.#chains.get(callId)?.webhooks.shift()
      this.#letGo(webhook)
      while (this.#chains.size > 0) this.#dropOldest()
      log.error({ callId, type }, 'no more webhooks until the next start: their receiver is gone (410)')
    } else log.warn({ callId, type, status }, 'webhook refused')
    return this.#settle(webhook, 'refused')
  }

  #givenUp({ callId, type }: Webhook, attempts: number, status: number | undefined): true {
    this.#options.count('given-up')
    this.#options.log.warn({ callId, type, attempts, status }, 'webhook given up')
    return true
  }

  #dropOldest(): void {
    const [oldest] = this.#chains
    if (oldest === undefined) return
    const [callId, { webhooks, dropped }] = oldest
    this.#chains.delete(callId)
    dropped.abort()
    for (const webhook of webhooks) {
      this.#letGo(webhook)
      this.#options.count('dropped')
      // While a receiver is down, one goes for each that comes.
      if (this.#dropped++ % 100 === 0) {
        this.#options.log.warn({ callId, dropped: this.#dropped }, 'webhooks given up: too many wait')
      }
    }
  }

  #letGo({ body }: Webhook): void {
    this.#waiting--
    this.#characters -= body.length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, log } = this.#options
    this.#closing.abort()
    const done = new AbortController()
    clock.after(GRACE_MS, () => this.#closed.abort(), done.signal)
    await Promise.all(this.#running)
    done.abort()
    const left = [...this.#chains.values()].reduce((sum, { webhooks }) => sum + webhooks.length, 0)
    if (left > 0) log.warn({ webhooks: left }, 'webhooks not delivered yet: tried again after the next start')
  }
}
