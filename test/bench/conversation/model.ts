import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { type EnergyVad, makeEnergyVad } from '../../../src/simulators/realtime/energy-vad.ts'
import type { Mind, MindConfig, MindEvent, ReplyPart } from '../../../src/simulators/realtime/mind.ts'
import { pause } from '../../../src/simulators/realtime/pause.ts'
import type { Answer } from './sounds.ts'

/**
 * How the simulated model notices the caller.
 *
 * - `quick`: like a server VAD. Whatever is loud for 60 ms is speech, a cough too; said `reportMs` after its onset.
 * - `careful`: like a semantic VAD that is always right. Only what is speech by its label; said `reportMs` after it.
 */
export type EarKind = 'quick' | 'careful'

/** What the model of one call does. */
export interface ModelPlan {
  readonly ear: EarKind
  /** What is quieter is not heard at all [dBFS]. */
  readonly hearsDbfs: number
  /** From the onset of speech to `speech_started` [ms]. */
  readonly reportMs: number
  /** One after the other, the last again and again; `thinkMs`: from `response.created` to the first delta. */
  readonly answers: readonly { readonly answer: Answer; readonly thinkMs: number }[]
}

/** What is known of a model's side of one call. Times are [ms] of the machine's clock. */
export interface ModelSide {
  /** When each answer was asked for. */
  readonly replies: readonly number[]
  /** When each `speech_started` left. */
  readonly reports: readonly number[]
  /** Resolves when the so manieth answer (from 0) is asked for. */
  replied(index: number): Promise<void>
  /** Whether what is heard from now on is speech; until it is told, it is. A careful ear passes over the rest. */
  listenFor(isSpeech: boolean): void
  /** Says `speech_started` now, whatever was heard. Returns when it left. */
  startSpeech(): number
  /** Says `speech_stopped` now; the turn is answered. */
  stopSpeech(): void
}

/** The mind of one simulated session, after a plan. */
export class PlannedMind implements Mind, ModelSide {
  readonly replies: number[] = []
  readonly reports: number[] = []
  readonly #plan: ModelPlan
  readonly #tell: (event: MindEvent) => void
  readonly #clock: Clock = systemClock
  readonly #life = new AbortController()
  readonly #waiting: { readonly index: number; readonly resolve: () => void }[] = []
  #config: MindConfig | undefined
  #vad: EnergyVad | undefined
  #heardMs = 0
  #isSpeech = true
  /** The turn under way, unless it is passed over; `begin` says that it began, once. */
  #turn: { readonly isSpeech: boolean; readonly begin: () => void; readonly dueMs: number } | undefined

  constructor(plan: ModelPlan, tell: (event: MindEvent) => void) {
    this.#plan = plan
    this.#tell = tell
  }

  configure(config: MindConfig): void {
    const before = this.#config
    this.#config = config
    if (before?.inputRate === config.inputRate && before.vad?.silenceMs === config.vad?.silenceMs) return
    this.#vad = config.vad && makeEnergyVad(config.inputRate, thresholdOf(this.#plan.hearsDbfs), config.vad.silenceMs)
    this.#heardMs = 0
  }

  hear(audio: Uint8Array): void {
    this.#heardMs += (audio.length * 500) / (this.#config?.inputRate ?? 16_000)
    for (const edge of this.#vad?.push(audio) ?? []) {
      if (edge.type === 'speech-started') this.#started(edge.atMs)
      else this.#stopped(edge.atMs)
    }
  }

  commit(): void {
    this.#tell({ type: 'transcript', text: 'So it is', final: true })
  }

  clear(): void {
    this.#turn = undefined
    this.#vad?.reset()
  }

  async *reply(_request: unknown, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    const { answers } = this.#plan
    const index = this.replies.push(this.#clock.now()) - 1
    for (const waiting of this.#waiting) if (waiting.index <= index) waiting.resolve()
    const planned = answers[Math.min(index, answers.length - 1)]
    if (planned === undefined) return
    if (planned.thinkMs > 0) await pause(this.#clock, planned.thinkMs, signal)
    if (signal.aborted) return
    yield { type: 'text', text: planned.answer.words }
    yield { type: 'audio', audio: planned.answer.pcm }
  }

  interrupted(): void {}

  replied(index: number): Promise<void> {
    if (this.replies.length > index) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ index, resolve })
    return promise
  }

  listenFor(isSpeech: boolean): void {
    if (isSpeech === this.#isSpeech) return
    this.#isSpeech = isSpeech
    // What is loud already, an echo perhaps, does not hide that somebody begins to speak.
    if (isSpeech) this.clear()
  }

  startSpeech(): number {
    const atMs = this.#clock.now()
    this.reports.push(atMs)
    this.#tell({ type: 'speech-started', atMs: this.#heardMs })
    return atMs
  }

  stopSpeech(): void {
    this.#tell({ type: 'transcript', text: 'Go on', final: true })
    this.#tell({ type: 'speech-stopped', atMs: this.#heardMs, accepted: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort()
  }

  #started(onsetMs: number): void {
    const { ear, reportMs } = this.#plan
    const isSpeech = this.#isSpeech
    if (!isSpeech && ear === 'careful') return
    const delayMs = Math.max(0, reportMs - (this.#heardMs - onsetMs))
    let begun = false
    const begin = () => {
      if (begun) return
      begun = true
      this.reports.push(this.#clock.now())
      this.#tell({ type: 'speech-started', atMs: onsetMs })
    }
    this.#turn = { isSpeech, begin, dueMs: this.#clock.now() + delayMs }
    this.#clock.after(delayMs, begin, this.#life.signal)
  }

  /** Never before its beginning was said. */
  #stopped(atMs: number): void {
    const turn = this.#turn
    this.#turn = undefined
    if (turn === undefined) return
    const end = () => {
      turn.begin()
      if (turn.isSpeech) this.#tell({ type: 'transcript', text: 'I have a question', final: true })
      this.#tell({ type: 'speech-stopped', atMs, accepted: turn.isSpeech })
    }
    const delayMs = turn.dueMs - this.#clock.now()
    if (delayMs <= 0) end()
    else this.#clock.after(delayMs, end, this.#life.signal)
  }
}

/** As the energy VAD maps it: -1 to 1 are -70 to -30 dBFS. */
const thresholdOf = (dbfs: number) => (dbfs + 50) / 20
