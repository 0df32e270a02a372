/*
 * The caller's turns on the wire; the words of a turn may come any time after it.
 *
 *   speech_started(U) ─▶ [transcription.delta(U)…] ─▶ speech_stopped(U) ─▶ committed(U) ─▶ item.created(U)
 *                                                        └ rejected: error, no item      └ … transcription.completed(U)
 */
import type { Faults } from './faults.ts'
import { speechNotAccepted } from './faults.ts'
import { makeId } from './ids.ts'
import type { Wire } from './wire.ts'
import { commonError } from './wire-error.ts'

interface Turn {
  readonly itemId: string
  /** [ms of received sound] */
  readonly startedMs: number
  hasItem: boolean
  /** The semantic VAD threw it away: its words, should they come, are nobody's. */
  rejected: boolean
}

/** A mind that never says what it heard does not make the list grow. */
const MAX_AWAITING = 16
const TRANSCRIPTION = 'conversation.item.input_audio_transcription'

export interface TurnsOptions {
  readonly wire: Wire
  readonly faults: Faults
  readonly itemWhileSpeaking: boolean
  /** Which transcripts the session wants at the moment. */
  wants(): 'none' | 'final' | 'live'
}

/** The caller's side of the conversation: items and transcripts. */
export class CallerTurns {
  readonly #options: TurnsOptions
  #speaking: Turn | undefined
  /** Ended turns whose words are not known yet, oldest first. */
  #awaiting: Turn[] = []
  /** Committed turns without an item. */
  #untaken = 0
  /** Words that were final before their turn was over, or had its item. */
  #early: string | undefined
  /** Transcripts kept back until a response is done. */
  #held: (() => void)[] = []

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  get isSpeaking(): boolean {
    return this.#speaking !== undefined
  }

  /** The caller begins to speak at `atMs`; the wire says so from `paddingMs` earlier. */
  start(atMs: number, paddingMs: number): void {
    const turn = { itemId: makeId('item'), startedMs: atMs, hasItem: false, rejected: false }
    this.#speaking = turn
    this.#awaiting = this.#awaiting.filter((other) => !other.rejected)
    const audio_start_ms = Math.max(0, Math.round(atMs - paddingMs))
    this.#options.wire.emit('input_audio_buffer.speech_started', { audio_start_ms, item_id: turn.itemId })
    if (this.#options.itemWhileSpeaking) this.#createItem(turn)
  }

  /**
   * The caller stopped at `atMs`.
   * @returns how long [ms] the turn was; undefined when none was going on or it was rejected.
   */
  stop(atMs: number, rejected: boolean): number | undefined {
    const turn = this.#speaking
    if (turn === undefined) return undefined
    this.#speaking = undefined
    turn.rejected = rejected
    this.#options.wire.emit('input_audio_buffer.speech_stopped', {
      audio_end_ms: Math.round(atMs),
      item_id: turn.itemId,
    })
    if (rejected) this.#options.wire.emitError(speechNotAccepted)
    else this.#commitTurn(turn)
    this.#await(turn)
    return rejected ? undefined : Math.max(0, atMs - turn.startedMs)
  }

  /** The client commits: all that was appended is a turn, that being spoken too. @returns what creates its item. */
  commit(): () => void {
    const turn = this.#speaking ?? { itemId: makeId('item'), startedMs: 0, hasItem: false, rejected: false }
    this.#speaking = undefined
    this.#options.wire.emit('input_audio_buffer.committed', { item_id: turn.itemId })
    this.#untaken++
    return () => {
      this.#untaken--
      this.#createItem(turn)
      this.#await(turn)
    }
  }

  /** Nothing was said from `startMs` to `endMs`: that is a turn too, which has no words. */
  timeout(startMs: number, endMs: number): void {
    const turn = { itemId: makeId('item'), startedMs: startMs, hasItem: false, rejected: false }
    const segment = { audio_start_ms: Math.round(startMs), audio_end_ms: Math.round(endMs), item_id: turn.itemId }
    this.#options.wire.emit('input_audio_buffer.timeout_triggered', segment)
    this.#commitTurn(turn)
  }

  /** The buffer was cleared or turns became manual: what is being said is no turn. */
  forget(): void {
    this.#speaking = undefined
    this.#early = undefined
  }

  /** What the turn being spoken, else the last one, may turn out to say; the whole so far. */
  guess(text: string): void {
    const turn = this.#speaking ?? this.#awaiting.at(-1)
    if (turn === undefined || turn.rejected || this.#options.wants() !== 'live') return
    // The service splits what it is sure of from what it is not; the last word stands for the latter.
    const sure = text.lastIndexOf(' ') + 1
    this.#options.wire.emit(`${TRANSCRIPTION}.delta`, {
      item_id: turn.itemId,
      content_index: 0,
      text: text.slice(0, sure),
      stash: text.slice(sure),
      language: 'en',
      emotion: 'neutral',
      obfuscation: makeId('item').slice(-14),
    })
  }

  /** The words of the oldest turn that awaits them. */
  final(text: string): void {
    const turn = this.#awaiting.shift()
    if (turn === undefined) {
      if (this.#speaking !== undefined || this.#untaken > 0) this.#early = text
      return
    }
    if (turn.rejected || this.#options.wants() === 'none') return
    const { transcript } = this.#options.faults
    if (transcript === 'after-response') this.#held.push(() => this.#emitFinal(turn, text))
    else this.#emitFinal(turn, text)
  }

  responseEnded(): void {
    for (const emit of this.#held.splice(0)) emit()
  }

  #await(turn: Turn): void {
    this.#awaiting.push(turn)
    if (this.#awaiting.length > MAX_AWAITING) this.#awaiting.shift()
    const early = this.#early
    this.#early = undefined
    if (early !== undefined) this.final(early)
  }

  #commitTurn(turn: Turn): void {
    this.#options.wire.emit('input_audio_buffer.committed', { item_id: turn.itemId })
    if (!turn.hasItem) this.#createItem(turn)
  }

  #createItem(turn: Turn): void {
    turn.hasItem = true
    const content = [{ type: 'input_audio' }]
    const item = {
      id: turn.itemId,
      object: 'realtime.item',
      type: 'message',
      status: 'in_progress',
      role: 'user',
      content,
    }
    this.#options.wire.emit('conversation.item.created', { item })
  }

  #emitFinal(turn: Turn, text: string): void {
    const { wire, faults } = this.#options
    const fields = { item_id: turn.itemId, content_index: 0 }
    if (faults.transcript === 'never') return
    if (faults.transcript === 'failed') {
      wire.emit(`${TRANSCRIPTION}.failed`, { ...fields, error: commonError('The transcription failed.') })
      return
    }
    wire.emit(`${TRANSCRIPTION}.completed`, { ...fields, transcript: faults.transcript === 'empty' ? '' : text })
  }
}
