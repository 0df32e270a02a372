import type { AudioFormat } from '../../audio/format.ts'
import type { Clock } from '../../base/clock.ts'
import type { RealtimeSession, SessionEvent, SessionOptions } from '../../call/provider.ts'
import type { Deed, ScriptStep } from './script.ts'

/** Two hours of 20 ms frames; the sound of a longer call is counted but not kept. */
const keptPieces = 360_000

type NewDeed = Deed extends infer D ? (D extends Deed ? Omit<D, 'atMs'> : never) : never

/**
 * A session without a model: it tells what its script says, and remembers what the call did.
 *
 * ```
 *   opened ──atMs──▶ event ──▶ event …            deed of the call ──atMs──▶ event (its `after`)
 * ```
 */
export class ScriptedSession implements RealtimeSession {
  readonly options: SessionOptions
  readonly inputFormat: AudioFormat
  readonly outputFormat: AudioFormat
  readonly turnsBy: 'model' | 'caller'
  readonly takesNotes: boolean
  readonly #clock: Clock
  readonly #openedMs: number
  readonly #over = new AbortController()
  readonly #script: readonly ScriptStep[]
  readonly #deeds: Deed[] = []
  readonly #appended: Uint8Array[] = []
  #appendedBytes = 0
  #disposed = false
  #waiting: SessionEvent[] = []
  #listener: ((event: SessionEvent) => void) | undefined

  constructor(
    options: SessionOptions,
    kind: Pick<RealtimeSession, 'inputFormat' | 'outputFormat' | 'turnsBy' | 'takesNotes'>,
    clock: Clock,
    script: readonly ScriptStep[],
  ) {
    this.options = options
    this.inputFormat = kind.inputFormat
    this.outputFormat = kind.outputFormat
    this.turnsBy = kind.turnsBy
    this.takesNotes = kind.takesNotes
    this.#clock = clock
    this.#openedMs = clock.now()
    this.#script = script
    for (const step of script) if (step.after === undefined) this.#plan(step)
  }

  /** What the call did, in order, but for the sound. */
  get deeds(): readonly Deed[] {
    return this.#deeds
  }

  /** Bytes of sound that were appended. */
  get appendedBytes(): number {
    return this.#appendedBytes
  }

  /** The sound that was appended, in one piece. */
  appended(): Uint8Array {
    return Buffer.concat(this.#appended)
  }

  /** Tells the call something now, besides the script. After `closed`, or after dispose, nothing is told. */
  tell(event: SessionEvent): void {
    if (this.#over.signal.aborted) return
    if (event.type === 'closed') this.#over.abort()
    if (this.#listener === undefined) this.#waiting.push(event)
    else this.#listener(event)
  }

  listen(listener: (event: SessionEvent) => void): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (!this.#disposed) listener(next)
    }
    this.#listener = listener
  }

  append(audio: Uint8Array): void {
    if (this.#over.signal.aborted) return
    this.#appendedBytes += audio.length
    if (this.#appended.length < keptPieces) this.#appended.push(audio)
  }

  beginTurn(): void {
    if (this.turnsBy === 'caller') this.#do({ type: 'begin-turn' })
  }

  endTurn(): void {
    if (this.turnsBy === 'caller') this.#do({ type: 'end-turn' })
  }

  dropTurn(): void {
    if (this.turnsBy === 'caller') this.#do({ type: 'drop-turn' })
  }

  note(text: string): void {
    if (this.takesNotes) this.#do({ type: 'note', text })
  }

  respond(instructions?: string, unless?: 'answered'): void {
    const how = { ...(instructions === undefined ? {} : { instructions }), ...(unless === undefined ? {} : { unless }) }
    this.#do({ type: 'respond', ...how })
  }

  cancel(): void {
    this.#do({ type: 'cancel' })
  }

  truncate(itemId: string, heardMs: number, heardText: string): void {
    this.#do({ type: 'truncate', itemId, heardMs, heardText })
  }

  answerTool(toolCallId: string, output: string): void {
    this.#do({ type: 'answer-tool', toolCallId, output })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    this.#deeds.push({ atMs: this.#clock.now() - this.#openedMs, type: 'dispose' })
    this.#over.abort()
  }

  #do(deed: NewDeed): void {
    if (this.#over.signal.aborted) return
    this.#deeds.push({ atMs: this.#clock.now() - this.#openedMs, ...deed })
    const nth = this.#deeds.filter(({ type }) => type === deed.type).length
    for (const step of this.#script) if (step.after === deed.type && (step.nth ?? 1) === nth) this.#plan(step)
  }

  #plan({ atMs, event }: ScriptStep): void {
    this.#clock.after(atMs, () => this.tell(event), this.#over.signal)
  }
}
