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
import type { Mind } from './mind.ts'
import type { CallerTurns } from './turns.ts'
import { invalidRequest, Refusal } from './wire-error.ts'

interface ManualTurnsOptions {
  readonly clock: Clock
  readonly behaviour: Behaviour
  readonly mind: Mind
  readonly life: AbortSignal
  readonly turns: CallerTurns
  readonly conversation: Conversation
}

/** What `commit` and `response.create` do to each other. */
export class ManualTurns {
  readonly #options: ManualTurnsOptions
  /** Sound since the last turn [bytes]. */
  #uncommitted = 0
  /** Committed turns that are not taken yet. */
  #taking = 0
  /** Committed turns whose item comes with the next answer. */
  readonly #items: (() => void)[] = []

  constructor(options: ManualTurnsOptions) {
    this.#options = options
  }

  heard(bytes: number): void {
    this.#uncommitted += bytes
  }

  clear(): void {
    this.#uncommitted = 0
  }

  /** @throws Refusal while the server listens for turns itself, and for an empty buffer. */
  commit({ turnDetection, inputRate }: SessionConfig): void {
    if (turnDetection !== null) throw new Refusal(invalidRequest('Internal service error: null'))
    if (this.#uncommitted === 0) {
      throw new Refusal(invalidRequest('Error committing input audio buffer, maybe no audio data.'))
    }
    const { clock, behaviour, mind, life, turns, conversation } = this.#options
    conversation.took(0, (this.#uncommitted * 500) / inputRate)
    this.#uncommitted = 0
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
