/*
 * Turns that the client ends.
 *
 *   commit ─▶ committed ──turnTakingMs──▶ item.created ─▶ [transcription.completed]      create ─▶ response.created …
 *                └ create: dropped without a word ┘
 *   commit ─▶ committed ─▶ create ─▶ item.created, response.created …                    itemAfterCreate
 */
import type { Clock } from '../../base/clock.ts'
import type { Behaviour } from './behaviour.ts'
import type { SessionConfig } from './config.ts'
import type { Ask, Conversation } from './conversation.ts'
import type { Dialect } from './dialect.ts'
import type { Mind } from './mind.ts'
import type { CallerTurns } from './turns.ts'
import { Refusal } from './wire-error.ts'

interface ManualTurnsOptions {
  readonly clock: Clock
  readonly behaviour: Behaviour
  readonly dialect: Dialect
  readonly mind: Mind
  readonly life: AbortSignal
  readonly turns: CallerTurns
  readonly conversation: Conversation
}

/** What `commit` and `response.create` do to each other. */
export class ManualTurns {
  readonly #options: ManualTurnsOptions
  /** Sound since the last turn [ms]. */
  #uncommittedMs = 0
  /** Committed turns that are not taken yet. */
  #taking = 0
  /** Committed turns whose item comes with the next answer. */
  readonly #items: (() => void)[] = []

  constructor(options: ManualTurnsOptions) {
    this.#options = options
  }

  heard(ms: number): void {
    this.#uncommittedMs += ms
  }

  clear(): void {
    this.#uncommittedMs = 0
  }

  /** The server took a turn out of the buffer; it matters where the client may commit too. */
  taken(): void {
    if (this.#options.dialect.complaints.commitUnderVad === undefined) this.#uncommittedMs = 0
  }

  /** @throws Refusal for an empty buffer, and at some services while the server listens for turns itself. */
  commit({ turnDetection }: SessionConfig): void {
    const { clock, behaviour, dialect, mind, life, turns, conversation } = this.#options
    const { commitUnderVad, emptyCommit } = dialect.complaints
    if (turnDetection !== null && commitUnderVad !== undefined) throw new Refusal(commitUnderVad)
    const ms = this.#uncommittedMs
    if (ms === 0 || ms < dialect.leastCommitMs) throw new Refusal(emptyCommit(ms))
    conversation.took(0, ms)
    this.#uncommittedMs = 0
    const createItem = turns.commit()
    if (behaviour.itemAfterCreate) this.#items.push(createItem)
    else if (behaviour.turnTakingMs === 0) createItem()
    else {
      this.#taking++
      const taken = () => {
        this.#taking--
        createItem()
      }
      clock.after(behaviour.turnTakingMs, taken, life)
    }
    mind.commit()
  }

  /** `response.create`. @throws Refusal as the conversation does. */
  create(ask: Omit<Ask, 'trigger'>): void {
    if (this.#taking > 0) return
    for (const createItem of this.#items.splice(0)) createItem()
    this.#options.conversation.create(ask)
  }
}
