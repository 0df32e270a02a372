import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Agent } from './agent.ts'
import type { RealtimeProvider, RealtimeSession, SessionOptions } from './provider.ts'
import type { Standing } from './standing.ts'

/** A session that is open, and whose it is. It is the taker's to release. */
export interface Reached {
  readonly session: RealtimeSession
  readonly provider: RealtimeProvider
}

/** A session that was lost, and why. */
export interface Loss {
  readonly provider: RealtimeProvider
  readonly error: Error
  /** It was short, and brought no answer to its end. */
  readonly barren: boolean
}

/** Sessions of one provider's that came to nothing, one after the other. */
interface Row {
  readonly count: number
  readonly sinceMs: number
  readonly lastMs: number
}

export interface ReachOptions {
  readonly agent: Pick<Agent, 'providers' | 'connectMs'>
  /** What a session is to know, asked anew for each. */
  readonly describe: () => SessionOptions
  readonly standing: Standing
  readonly clock: Clock
  /** From 0 to 1, for the jitter. Default: Math.random. */
  readonly random?: () => number
}

/** How long one provider is tried before the next one is [ms] ... */
const SHARE_MS = 2500
/** ... and the last one, behind which there is only the apology. */
const LAST_SHARE_MS = 10_000
/** An attempt that hangs makes room for another [ms]. */
const LONGEST_ATTEMPT_MS = 4000
/** What an attempt gets at the end of its provider's time [ms]. */
const LAST_ATTEMPT_MS = 1000
/** So often in a row a provider may open a session that comes to nothing; one that is silent counts twice. */
const MAX_BARREN = 3
/** A loss so long after the one before is none of that row [ms]. */
const ROW_MS = 30_000
/** Before the second attempt, then twice as long each time, up to the longest [ms]; each is half to one and a half of it. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2000

/**
 * Reaches a model for one call: at its start, and each time that its session is lost.
 *
 * ```
 *   provider 1 ── lost, late ──▶ 0.25 s, 0.5, 1, 2 … (jittered), for 2.5 s in all ──┐
 *       ├─ busy, and there is another ─────────────────────────────────────────────┼─▶ provider 2 … the last, for 10 s
 *       └─ refused, misconfigured: not tried in this call any more ────────────────┘            └─▶ none: the last error
 * ```
 * The one that was in use is tried first, then the others in their order, those first that other calls can reach. One
 * whose sessions open and come to nothing, three times in a row, is not tried any more either; the last one only when that
 * has gone on for its 10 s.
 */
export class Reach {
  readonly #options: ReachOptions
  /** It makes no sense to ask them again. */
  readonly #refused = new Set<RealtimeProvider>()
  readonly #rows = new Map<RealtimeProvider, Row>()

  constructor(options: ReachOptions) {
    this.#options = options
  }

  /**
   * @param loss of what was in use before.
   * @throws the reason of `signal` when that aborts; else why the last provider could not be reached.
   */
  async find(signal: AbortSignal, loss?: Loss): Promise<Reached> {
    const { clock, agent, standing } = this.#options
    let error: unknown = loss?.error
    if (loss !== undefined) await this.#learn(loss, signal)
    const candidates = this.#candidates(loss?.provider)
    for (const [i, provider] of candidates.entries()) {
      const isLast = i === candidates.length - 1
      const untilMs = clock.now() + (isLast ? LAST_SHARE_MS : SHARE_MS)
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        const leftMs = Math.max(untilMs - clock.now(), LAST_ATTEMPT_MS)
        const attemptMs = Math.min(agent.connectMs, LONGEST_ATTEMPT_MS, leftMs)
        const answer = await this.#attempt(provider, attemptMs, signal)
        if ('session' in answer) {
          standing.reached(provider)
          return answer
        }
        error = answer.error
        if (isFatal(error)) this.#refused.add(provider)
        if (isFatal(error) || (isBusy(error) && !isLast)) break
        const waitMs = Math.min(pauseMs * (0.5 + (this.#options.random ?? Math.random)()), untilMs - clock.now())
        if (waitMs <= 0) break
        await pause(clock, waitMs, signal)
      }
      standing.failed(provider)
    }
    throw error ?? new CallError('provider-lost', 'there is no model to be tried')
  }

  /** Reconnecting to who fails at once would go round in circles, and fast. */
  async #learn({ provider, error, barren }: Loss, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const nowMs = clock.now()
    const before = this.#rows.get(provider)
    const row = before !== undefined && barren && nowMs - before.lastMs < ROW_MS ? before : { count: 0, sinceMs: nowMs }
    const count = barren ? row.count + (isSilence(error) ? 2 : 1) : 0
    this.#rows.set(provider, { count, sinceMs: row.sinceMs, lastMs: nowMs })
    const mayWait = this.#candidates(provider).length <= 1 && nowMs - row.sinceMs < LAST_SHARE_MS && !isSilence(error)
    const isSpent = count >= MAX_BARREN && !mayWait
    if (isFatal(error) || isSpent) this.#refused.add(provider)
    else if (count > 1 && !isSilence(error)) {
      await pause(clock, Math.min(FIRST_PAUSE_MS * 2 ** count, LONGEST_PAUSE_MS), signal)
    }
  }

  /** Another session of the same provider's, once. @throws why there is none. */
  async renew(provider: RealtimeProvider, signal: AbortSignal): Promise<Reached> {
    const { agent } = this.#options
    const answer = await this.#attempt(provider, Math.min(agent.connectMs, LONGEST_ATTEMPT_MS), signal)
    if ('session' in answer) return answer
    throw answer.error
  }

  #candidates(inUse: RealtimeProvider | undefined): readonly RealtimeProvider[] {
    const { agent, standing } = this.#options
    const others = standing.inOrder(agent.providers.filter((provider) => provider !== inUse))
    const all = inUse === undefined ? others : [inUse, ...others]
    return all.filter((provider) => !this.#refused.has(provider))
  }

  /** @throws the reason of `signal` when that aborts. */
  async #attempt(
    provider: RealtimeProvider,
    ms: number,
    signal: AbortSignal,
  ): Promise<Reached | { readonly error: unknown }> {
    const { clock, describe } = this.#options
    signal.throwIfAborted()
    const done = new AbortController()
    const late = new AbortController()
    const over = AbortSignal.any([signal, late.signal])
    const failed = Promise.withResolvers<never>()
    const fail = () => failed.reject(over.reason)
    over.addEventListener('abort', fail, { once: true })
    const tooLate = () => late.abort(new CallError('provider-timeout', `${provider.name} was not ready in ${ms} ms`))
    clock.after(ms, tooLate, done.signal)
    const opening = provider.connect(describe(), over)
    try {
      return { provider, session: await Promise.race([opening, failed.promise]) }
    } catch (error) {
      // It may be there all the same, a moment later.
      void opening.then((session) => session[Symbol.asyncDispose]()).catch(() => {})
      signal.throwIfAborted()
      return { error }
    } finally {
      done.abort()
      // A signal of `any` that is listened to is kept alive until it aborts, and this one never would.
      over.removeEventListener('abort', fail)
    }
  }
}

/** Trying again will not help: a bad key, an account in arrears, a voice that does not exist. */
function isFatal(error: unknown): boolean {
  return error instanceof CallError && (error.code === 'provider-refused' || error.code === 'provider-config')
}

/** It was there, and did not answer. */
function isSilence(error: Error): boolean {
  return error instanceof CallError && error.code === 'provider-timeout'
}

function isBusy(error: unknown): boolean {
  return error instanceof CallError && error.code === 'provider-busy'
}

/** @throws the reason of `signal` when that aborts first. */
async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = () => reject(signal.reason)
  signal.addEventListener('abort', giveUp)
  clock.after(ms, resolve, done.signal)
  if (signal.aborted) giveUp()
  try {
    await promise
  } finally {
    done.abort()
    signal.removeEventListener('abort', giveUp)
  }
}
