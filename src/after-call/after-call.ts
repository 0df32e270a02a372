import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Analysis } from '../call/analysis.ts'
import type { CallArchive } from '../call/archive.ts'
import type { CallEvent } from '../call/events.ts'
import type { CallShelf } from '../call/shelf.ts'
import type { CallStore } from '../call/store.ts'
import { Analyses } from './analyses.ts'
import { Analyst } from './analyst.ts'
import type { AnalystService } from './analyst-messages.ts'
import type { CountOutcome } from './count.ts'
import { countsOf } from './counts.ts'
import { type End, Endings, settleMsOf } from './endings.ts'
import { isEndOf, isOfDoctor, type KeptCall, nameOfEnd, readKeptCall } from './kept-call.ts'
import { Lease } from './lease.ts'
import { callsToLookAt, readPatiently } from './look-back.ts'
import { pause } from './pause.ts'
import { question } from './question.ts'
import { readShape, type Shape } from './shape.ts'
import { Slots } from './slots.ts'
import { type LinkToCall, webhookOf } from './webhook.ts'
import { Webhooks } from './webhooks.ts'

/** Calls whose archive is read at once: each may be 20,000 events. */
const READ_AT_ONCE = 2
/** A call that no process has ended may be on the line of another one; it is not when nothing happens for so long [ms]. */
const QUIET_MS = 900_000
/** Ends of calls that were taken up, remembered so that none is taken up twice. */
const MAX_REMEMBERED = 10_000

export interface AfterCallOptions {
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
  readonly archive: CallArchive
  /** `undefined`: nothing is recorded. */
  readonly shelf: CallShelf | undefined
  /** Takes a ticket of the store that all processes share, as it says there. */
  readonly claim: CallStore['claim']
  /** `undefined`: no model is asked, calls are summarised by counts. */
  readonly analyst: AnalystService | undefined
  /** Path of the JSON Schema of an analysis; `undefined`: ours. */
  readonly shapeFile: string | undefined
  readonly webhook: { readonly url: string; readonly secret: string } | undefined
  /** The operator's page of a call. */
  readonly linkTo: LinkToCall
  /** Puts an event where all events of calls go. */
  readonly append: (callId: string, event: CallEvent) => void
  /** Default: nobody counts. */
  readonly count?: CountOutcome
  /** Chance, from 0 to 1; default: the machine's. */
  readonly random?: () => number
}

/** What is done with a call when it is over. Disposing gives webhooks a few seconds; the rest is found at the next start. */
export interface AfterCall extends AsyncDisposable {
  /** Takes all events of all calls, in order; returns at once. */
  take(callId: string, event: CallEvent): void
}

/**
 * Analyses calls that are over, and tells of them. Calls of the last hour that a process before this one has left
 * undone are taken up.
 *
 * ```
 *   ended ── settles ──▶ read what is kept ─▶ webhook call.ended
 *                              └─▶ counts, or the analyst's answer ─▶ event `analysed` ─▶ webhook call.analysed
 *   … answered: what is not done yet is let go ── … ── ended ── settles ──▶ all of it anew, with more `streams`
 * ```
 * @throws RangeError that says what is wrong with the shape file.
 */
export function startAfterCall(options: AfterCallOptions): AfterCall {
  return new Aftermath(options, readShape(options.shapeFile))
}

class Aftermath implements AfterCall {
  readonly #options: AfterCallOptions
  readonly #shape: Shape
  readonly #count: CountOutcome
  readonly #endings: Endings
  readonly #lease: Lease
  readonly #analyst: Analyst | undefined
  readonly #analyses: Analyses | undefined
  readonly #webhooks: Webhooks | undefined
  readonly #readers = new Slots(READ_AT_ONCE)
  readonly #tasks = new Set<Promise<void>>()
  readonly #closed = new AbortController()
  /** Calls that have a stream in this house. */
  readonly #live = new Set<string>()
  /** Aborts when the call comes back: this end was not its last. Until it is analysed; then that it was. */
  readonly #taken = new Map<string, AbortController | undefined>()

  constructor(options: AfterCallOptions, shape: Shape) {
    const { clock, now, log, analyst, webhook, claim, count = () => {}, random = Math.random } = options
    this.#options = options
    this.#shape = shape
    this.#count = count
    this.#lease = new Lease(claim, now)
    this.#endings = new Endings({ clock, now, random, over: (end) => this.#begin(this.#overHere(end)) })
    if (analyst !== undefined) {
      const asked = new Analyst({ service: analyst, schema: shape.text }, clock)
      this.#analyst = asked
      this.#analyses = new Analyses({
        ...{ clock, log, random },
        ask: (about, signal) => asked.ask(about, signal),
        count: (outcome) => count('analysis', outcome),
      })
    }
    if (webhook !== undefined) {
      this.#webhooks = new Webhooks({
        ...{ ...webhook, clock, now, log, random },
        count: (outcome) => count('webhook', outcome),
        settled: ({ key }) => this.#begin(this.#lease.told(key)),
      })
    }
    this.#begin(this.#lookBack())
  }

  take(callId: string, event: CallEvent): void {
    if (event.type === 'answered') {
      this.#live.add(callId)
      this.#endings.answered(callId)
      this.#forget(callId)
    }
    if (event.type !== 'ended') return
    this.#live.delete(callId)
    if (!this.#closed.signal.aborted && !this.#endings.ended(callId, event.reason)) this.#count('analysis', 'refused')
  }

  /** Runs beside everything else; a mistake of ours in it is logged, and ends with it. */
  #begin(task: Promise<unknown>): void {
    const run: Promise<void> = task
      .then(() => {})
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown'
        this.#options.log.error({ reason }, 'what comes after a call failed')
      })
      .finally(() => this.#tasks.delete(run))
    this.#tasks.add(run)
  }

  async #lookBack(): Promise<void> {
    const { archive, now, clock } = this.#options
    const signal = this.#closed.signal
    const found = await readPatiently(() => callsToLookAt(archive, now()), clock, signal)
    for (const callId of found ?? []) this.#begin(this.#overElsewhere(callId))
  }

  /** Its end was seen here. What is kept may be late: while nothing can be written, or read, it is asked for again. */
  async #overHere(end: End): Promise<void> {
    const { callId } = end
    // One that fails is asked for later, like one that is late.
    const kept = await this.#readOnce(callId).catch(() => undefined)
    if (!this.#endings.stands(end)) return
    if (this.#isOurs(callId)) return this.#endings.done(end)
    const whose = kept === undefined ? 'unknown' : isEndOf(kept, end.at)
    if (kept === undefined || whose === 'unknown') {
      if (!this.#endings.again(end)) this.#unread(callId)
      return
    }
    this.#endings.done(end)
    if (whose === 'yes' && kept.analysis === undefined && !isOfDoctor(kept)) await this.#takeUp(kept, false)
  }

  /** Not heard of here: it may not be over after all, or be done by others. */
  async #overElsewhere(callId: string): Promise<void> {
    if (this.#isOurs(callId)) return
    const kept = await this.#readFound(callId)
    if (kept === undefined || isOfDoctor(kept) || this.#isOurs(callId)) return
    if (kept.analysis !== undefined) return await this.#tellAgain(kept, kept.analysis)
    const settlesMs = this.#settlesInMs(kept)
    if (settlesMs > 0) return await this.#overLater(callId, settlesMs)
    await this.#takeUp(kept, true)
  }

  /** @param isFound a process before this one may have told of it. */
  async #takeUp(kept: KeptCall, isFound: boolean): Promise<void> {
    const { callId } = kept.summary
    // At once: it may have been found, and be heard of, in the same moment.
    const isBack = this.#remember(callId)
    const freeMs = await this.#lease.take(nameOfEnd(kept), kept.summary.endedAt ?? kept.lastAt)
    if (isBack.aborted) return
    if (freeMs !== 0) this.#taken.delete(callId)
    if (freeMs === undefined) return
    if (freeMs > 0) return await this.#overLater(callId, freeMs)
    if (!isFound || (await this.#isUntold(kept))) this.#webhooks?.send(webhookOf(kept, this.#options.linkTo))
    await this.#analyse(kept, isBack)
  }

  /** Whether this process has it: on the line, or taken up already. */
  #isOurs(callId: string): boolean {
    return this.#live.has(callId) || this.#taken.has(callId) || this.#closed.signal.aborted
  }

  async #overLater(callId: string, ms: number): Promise<void> {
    if (await pause(this.#options.clock, ms, this.#closed.signal)) await this.#overElsewhere(callId)
  }

  /** How long the caller of a call that was found may still come back [ms]. */
  #settlesInMs({ hasEnded, lastAt, summary }: KeptCall): number {
    return lastAt + (hasEnded ? settleMsOf(summary.reason) : QUIET_MS) - this.#options.now()
  }

  async #readFound(callId: string): Promise<KeptCall | undefined> {
    const read = async () => ({ kept: await this.#readOnce(callId) })
    const found = await readPatiently(read, this.#options.clock, this.#closed.signal)
    if (found === undefined && !this.#closed.signal.aborted) this.#unread(callId)
    return found?.kept
  }

  /** `undefined`: nothing is kept of it, or nobody wants to know any more. @throws Error when the archive does not answer. */
  #readOnce(callId: string): Promise<KeptCall | undefined> {
    return this.#readers.run(async () =>
      // Many may wait for a store that answers late.
      this.#closed.signal.aborted ? undefined : await readKeptCall(this.#options.archive, callId),
    )
  }

  #unread(callId: string): void {
    this.#count('analysis', 'failed')
    this.#options.log.warn({ callId }, 'call not analysed: what is kept of it could not be read')
  }

  /** The signal that the call has come back. */
  #remember(callId: string): AbortSignal {
    const back = new AbortController()
    this.#taken.set(callId, back)
    const [oldest] = this.#taken.keys()
    if (this.#taken.size > MAX_REMEMBERED && oldest !== undefined) this.#taken.delete(oldest)
    return back.signal
  }

  #forget(callId: string): void {
    this.#taken.get(callId)?.abort()
    this.#taken.delete(callId)
  }

  async #analyse(kept: KeptCall, isBack: AbortSignal): Promise<void> {
    const { append, now, linkTo } = this.#options
    const { callId } = kept.summary
    const analysis = await this.#analysisOf(kept, isBack)
    if (this.#taken.get(callId)?.signal === isBack) this.#taken.set(callId, undefined)
    if (analysis === undefined || isBack.aborted) return
    append(callId, { atMs: Math.max(0, now() - kept.answeredAt), type: 'analysed', analysis })
    this.#webhooks?.send(webhookOf(kept, linkTo, analysis))
  }

  async #analysisOf(kept: KeptCall, isBack: AbortSignal): Promise<Analysis | undefined> {
    const { callId } = kept.summary
    const by = this.#options.analyst?.model
    const recordings = by === undefined ? [] : await this.#recordingsOf(callId)
    // A model has nothing to say about silence either.
    if (this.#analyses === undefined || by === undefined || (kept.said.length === 0 && recordings.length === 0)) {
      this.#count('analysis', 'counted')
      return countsOf(kept)
    }
    const asked = question(kept.summary, kept.said, this.#shape, recordings.length > 0)
    const signal = AbortSignal.any([isBack, this.#closed.signal])
    const result = await this.#analyses.analyse({ callId, asked, recordings }, signal)
    return result === undefined ? undefined : { by, result }
  }

  async #recordingsOf(callId: string): Promise<readonly string[]> {
    const { shelf, log } = this.#options
    if (shelf === undefined) return []
    try {
      const files = (await shelf.list(callId)).filter(({ kind }) => kind === 'recording')
      const paths = await Promise.all(files.map(({ name }) => shelf.pathOf(callId, name)))
      return paths.filter((path) => path !== undefined)
    } catch (error) {
      log.warn({ callId, reason: error instanceof Error ? error.message : 'unknown' }, 'recordings not found')
      return []
    }
  }

  /** What a process before this one has analysed, but may not have told: its receiver knows both by their keys. */
  async #tellAgain(kept: KeptCall, analysis: Analysis): Promise<void> {
    this.#remember(kept.summary.callId)
    const { linkTo } = this.#options
    if (await this.#isUntold(kept)) this.#webhooks?.send(webhookOf(kept, linkTo))
    if (await this.#isUntold(kept, analysis)) this.#webhooks?.send(webhookOf(kept, linkTo, analysis))
  }

  /** And remembers it as told from now on: a process that dies twice in the middle of it has lost it. */
  async #isUntold(kept: KeptCall, analysis?: Analysis): Promise<boolean> {
    if (this.#webhooks === undefined) return false
    return await this.#lease.told(webhookOf(kept, this.#options.linkTo, analysis).key)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    this.#endings.stop()
    await Promise.all(this.#tasks)
    await this.#webhooks?.[Symbol.asyncDispose]()
    // What was delivered at the last moment is being remembered.
    await Promise.all(this.#tasks)
    await this.#analyst?.[Symbol.asyncDispose]()
  }
}
