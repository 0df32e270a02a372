import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { CallStore, RecalledCall } from '../../call/store.ts'
import { CallFile } from './call-file.ts'
import { ExpiringMap } from './expiring-map.ts'

export interface CallFilesOptions {
  readonly store: CallStore
  readonly clock: Clock
  /** [ms since 1970] */
  readonly now: () => number
  readonly log: Logger
}

/** How long a call is remembered here after each of its steps [ms], and of how many calls; the store remembers longer. */
const REMEMBERED_MS = 10 * 60_000
const REMEMBERED = 10_000
/** How long it is remembered that a call is over: its webhook, shown again by whoever has seen it, opens none [ms]. */
const OVER_MS = 60 * 60_000

/**
 * The calls that are known: in memory, and in a store for whoever has to go on with them.
 *
 * ```
 *   keep ─▶ memory, and store
 *   at     ◀─ memory
 *   latest ◀─ memory ◀─ store, where another process has put what came later
 * ```
 */
export class CallFiles {
  readonly #store: CallStore
  readonly #now: () => number
  readonly #log: Logger
  readonly #files: ExpiringMap<CallFile>
  readonly #over: ExpiringMap<true>
  readonly #asking = new Map<string, Promise<CallFile | undefined>>()

  constructor({ store, clock, now, log }: CallFilesOptions) {
    this.#store = store
    this.#now = now
    this.#log = log
    this.#files = new ExpiringMap(clock, REMEMBERED_MS, REMEMBERED)
    this.#over = new ExpiringMap(clock, OVER_MS, REMEMBERED)
  }

  /** Whether another process may tell what is not known here. */
  get isShared(): boolean {
    return this.#store.isShared
  }

  /** A call as this process knows it. */
  at(callId: string): CallFile | undefined {
    return this.#files.get(callId)
  }

  /**
   * A call as anybody knows it. A store that does not answer knows nothing, and the caller is not kept waiting for it.
   * Whoever asks while somebody is asking gets the same answer.
   * @param known what is known of it here, though it may not be remembered any more: it is brought up to date.
   */
  async latest(callId: string, known?: CallFile): Promise<CallFile | undefined> {
    const asking = this.#asking.get(callId) ?? this.#takeUp(callId, known)
    this.#asking.set(callId, asking)
    const file = await asking
    this.#asking.delete(callId)
    return this.at(callId) ?? file
  }

  /** Whether the carrier has told us that this call is over. */
  isOver(callId: string): boolean {
    return this.#over.get(callId) === true
  }

  /** A call that nobody knows. */
  open(callId: string): CallFile {
    const file = new CallFile({ callId, openedAt: this.#now(), streams: 0, recoveries: [], said: [] })
    this.#files.set(callId, file)
    return file
  }

  /** Whatever was changed is remembered, and its time begins anew; of a call that is over, in the store only. */
  keep(file: CallFile): void {
    if (file.record.over) {
      this.#files.delete(file.callId)
      this.#over.set(file.callId, true)
    } else this.#files.set(file.callId, file)
    this.#store.keep(file.record)
  }

  /** Sees to it that its words are all that were said, also when nobody was left to tell them. */
  async complete(file: CallFile): Promise<void> {
    if (file.isTold || !file.begun) return
    const said = (await this.#recall(file.callId))?.said ?? []
    if (said.length > 0) file.tell(said)
  }

  async #takeUp(callId: string, remembered: CallFile | undefined): Promise<CallFile | undefined> {
    const known = await this.#recall(callId)
    if (known === undefined) return undefined
    const here = this.at(callId) ?? remembered
    if (here !== undefined) {
      here.refresh(known)
      return here
    }
    const file = new CallFile(known)
    this.#files.set(callId, file)
    this.#log.info({ callId, streams: known.streams }, 'a call of another process is taken up')
    return file
  }

  async #recall(callId: string): Promise<RecalledCall | undefined> {
    try {
      return await this.#store.recall(callId)
    } catch (error) {
      this.#log.warn({ callId, err: error }, 'the store did not say what it knows of a call')
      return undefined
    }
  }
}
