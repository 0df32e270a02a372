import type { Clock } from '../base/clock.ts'
import type { CallNews } from './call-news.ts'
import type { EnduringSession } from './enduring-session.ts'
import type { Farewell } from './info.ts'
import type { Initiative } from './initiative.ts'
import { handedBack, operatorSays } from './prompts.ts'
import type { SessionEvent } from './provider.ts'
import type { CallCommand } from './supervision.ts'
import type { Transcript } from './transcript.ts'
import type { Voice } from './voice.ts'

export interface OperatorParts {
  readonly session: EnduringSession
  readonly voice: Voice
  readonly initiative: Initiative
  readonly transcript: Transcript
  readonly clock: Clock
  /** Aborts when the call is over: then nothing is done any more. */
  readonly over: AbortSignal
  readonly tell: (news: CallNews) => void
}

/** What an operator does to the call. */
export interface OperatorActs {
  leave(ending: Omit<Farewell, 'said'>): void
  /** The agent stops speaking now, and holds nothing back. */
  silence(): void
  callerSpeaks(): boolean
  agentSpeaks(): boolean
}

/** An operator who is on the line is heard all the time, silence too. Who is not for so long is gone [ms]. */
const GONE_MS = 10_000

/**
 * A human who reaches into the call.
 *
 * ```
 *   whisper ─▶ the model is told, and speaks when nobody else does
 *   agent on the line ── take-over ─▶ operator on the line ── hand-back ─▶ agent: told of it, goes on
 *                    ▲                    │ voice ◀ speak; the agent's answers are cut as they begin, its tools are refused
 *                    └─ 10 s without a sound of theirs: a closed page, a lost line ─┘
 *   hang-up, transfer ─▶ the call lets go of the line, now
 * ```
 * The model goes on hearing the caller meanwhile: what is said is written down, and it knows it afterwards.
 */
export class Operator {
  readonly #parts: OperatorParts
  readonly #acts: OperatorActs
  #onLine = false
  /** When something of theirs was heard last [ms of the clock]. */
  #heardMs = 0
  /** What the model could not be told while it was not to speak. */
  #untold: string[] = []
  /** The model was lost for good, which is the human's to bear until they hand back. */
  #loss: Omit<Farewell, 'said'> | undefined

  constructor(parts: OperatorParts, acts: OperatorActs) {
    this.#parts = parts
    this.#acts = acts
  }

  /** Whether a human has taken the call over. */
  get onLine(): boolean {
    return this.#onLine
  }

  /** False: it cannot be done as the call stands. */
  take(command: CallCommand): boolean {
    const { tell, over } = this.#parts
    if (over.aborted) return false
    switch (command.type) {
      case 'hang-up':
        tell({ type: 'operator', did: 'hung-up' })
        this.#acts.leave({ outcome: { reason: 'operator-hung-up' }, next: { type: 'hang-up' } })
        return true
      case 'transfer': {
        const { destination, number } = command
        tell({ type: 'operator', did: 'transferred', destination })
        this.#acts.leave({
          outcome: { reason: 'handed-over' },
          next: { type: 'transfer', destination, number },
        })
        return true
      }
      case 'whisper':
        return this.#whisper(command.text)
      case 'take-over':
        return this.#takeOver()
      case 'hand-back':
        return this.#handBack()
    }
  }

  /** Sound in the leg's format; dropped unless the call is taken over. */
  speak(audio: Uint8Array): void {
    if (!this.#onLine || this.#parts.over.aborted) return
    this.#heardMs = this.#parts.clock.now()
    this.#parts.voice.pass(audio)
  }

  /** No model can be had any more: that is the end of the call, unless a human is speaking. */
  lose(loss: Omit<Farewell, 'said'>): void {
    if (this.#onLine) this.#loss = loss
    else this.#acts.leave(loss)
  }

  /** While a human speaks no tool runs: the agent would leave, or transfer, behind their back. */
  refuse({ toolCallId, name }: Extract<SessionEvent, { type: 'tool-call' }>): void {
    const { session, transcript, tell } = this.#parts
    const output = JSON.stringify({ error: 'not done: a human colleague is speaking with the caller' })
    tell({ type: 'tool-called', toolCallId, name })
    tell({ type: 'tool-answered', toolCallId, name, ok: false, ...transcript.toolAnswered(name, output) })
    session.answerTool(toolCallId, output)
  }

  /** A caller is not left alone by an operator whose page was closed. */
  tick(nowMs: number): void {
    if (this.#onLine && nowMs - this.#heardMs >= GONE_MS) this.#handBack()
  }

  #whisper(text: string): boolean {
    const { session, initiative, tell } = this.#parts
    const words = operatorSays(text)
    tell({ type: 'operator', did: 'whispered', text })
    if (session.takesNotes) session.note(words)
    const spoken = this.#acts.callerSpeaks() || this.#acts.agentSpeaks() || initiative.busy
    if (this.#onLine) {
      if (!session.takesNotes) this.#untold.push(words)
    } else if (!spoken) initiative.prompt(session.takesNotes ? undefined : words)
    else if (!session.takesNotes) session.respond(words)
    return true
  }

  #takeOver(): boolean {
    const { initiative, tell, clock } = this.#parts
    if (this.#onLine) return false
    initiative.interrupted()
    // Time is up: that cannot be revoked.
    if (initiative.leaving) return false
    this.#onLine = true
    this.#heardMs = clock.now()
    this.#acts.silence()
    tell({ type: 'operator', did: 'took-over' })
    return true
  }

  #handBack(): boolean {
    const { initiative, voice, tell } = this.#parts
    if (!this.#onLine) return false
    this.#onLine = false
    voice.finish()
    tell({ type: 'operator', did: 'handed-back' })
    initiative.handedBack()
    const untold = this.#untold.splice(0)
    if (this.#loss !== undefined) this.#acts.leave(this.#loss)
    // Who is speaking is answered when they have finished.
    else if (!this.#acts.callerSpeaks()) initiative.prompt([handedBack, ...untold].join(' '))
    return true
  }
}
