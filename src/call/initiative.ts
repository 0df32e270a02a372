import type { Clock } from '../base/clock.ts'
import type { Agent } from './agent.ts'
import type { CallNews } from './call-news.ts'
import type { CallInfo, Continuation, Farewell } from './info.ts'
import { Keypad } from './keypad.ts'
import { Leaving } from './leaving.ts'
import { type Due, Patience } from './patience.ts'
import { keyedIn, prompts } from './prompts.ts'
import type { RealtimeSession } from './provider.ts'
import { type ToolCall, type ToolResult, ToolRunner } from './tool-runner.ts'
import type { Voice } from './voice.ts'

export interface InitiativeParts {
  readonly session: RealtimeSession
  readonly voice: Voice
  readonly agent: Agent
  readonly info: CallInfo
  readonly clock: Clock
  readonly startedMs: number
  readonly tell: (news: CallNews) => void
}

/** What is going on between the two, asked when it matters. */
export interface Situation {
  readonly agentSpeaks: boolean
  readonly callerSpeaks: boolean
  /** An answer is being made that is to be heard. */
  readonly answering: boolean
  /** The agent is silent because the caller may be speaking. */
  readonly held: boolean
  /** How long the caller has been silent after speech [ms]; `undefined`: is not, or never spoke. */
  readonly silentMs: number | undefined
}

/** What the agent does to the call. */
export interface InitiativeActs {
  leave(ending: Omit<Farewell, 'said'>): void
  /** The agent stops speaking now. */
  silence(): void
}

/** Of what is being said when time is up, so much may be said to its end [ms]. */
const LAST_SENTENCE_MS = 5000
/** An answer that has not come by then is not waited for any more [ms]. */
const LONGEST_WAIT_MS = 15_000

/**
 * What the agent does by itself, besides answering: it opens the conversation, asks into a silence, covers a wait, runs
 * tools, reads the keypad, says goodbye and leaves.
 *
 * ```
 *   tick ──┬─ leaving, and the goodbye was heard ─▶ leave
 *          ├─ nobody speaks, or time is up ───────▶ prompt the model
 *          └─ the caller waits for an answer ─────▶ filler
 *   tool-call ─▶ runner ─▶ the model is answered, or the agent is leaving
 *   digits ─▶ keypad ─▶ the model is told
 * ```
 */
export class Initiative {
  readonly #parts: InitiativeParts
  readonly #situation: () => Situation
  readonly #acts: InitiativeActs
  readonly #leaving: Leaving
  readonly #patience: Patience
  readonly #keypad: Keypad
  readonly #tools: ToolRunner
  /** Since when the caller waits for an answer [ms of the clock]. */
  #owedSinceMs: number | undefined
  /** Whether the answer that ended last had any sound. */
  #lastAudible = false

  /** @param over aborts when the call is over. */
  constructor(parts: InitiativeParts, situation: () => Situation, acts: InitiativeActs, over: AbortSignal) {
    const { session, agent, info, clock, startedMs } = parts
    this.#parts = parts
    this.#situation = situation
    this.#acts = acts
    this.#leaving = new Leaving((toolCallId, output) => session.answerTool(toolCallId, output))
    this.#patience = new Patience(agent.manners, startedMs - (info.resumed?.spentMs ?? 0))
    this.#keypad = new Keypad(clock, over, (digits) => this.#onDigits(digits))
    this.#tools = new ToolRunner({
      ...{ tools: agent.tools, check: agent.checkArguments, info, clock, over },
      done: (call, result) => this.#onToolDone(call, result),
    })
  }

  /** Where the caller is on the way to. */
  get next(): Continuation | undefined {
    return this.#leaving.leave?.next
  }

  /** Whether the agent is letting go of the line: what it says now is its goodbye. */
  get leaving(): boolean {
    return this.#leaving.leave !== undefined
  }

  /** Makes the agent speak; without instructions it goes on from what it knows. */
  prompt(instructions: string | undefined): void {
    this.#parts.session.respond(instructions)
    this.owe()
  }

  /** The caller waits for the agent, since the end of his own words. */
  owe(): void {
    this.#owedSinceMs ??= this.#parts.clock.now() - Math.min(this.#situation().silentMs ?? 0, 1000)
  }

  callerBegan(): void {
    this.#owedSinceMs = undefined
    this.#parts.voice.uncover()
    this.#patience.callerSpoke(this.#parts.clock.now())
    if (!this.#situation().agentSpeaks) this.#leaving.callerSpoke()
  }

  /** The caller spoke over the agent. */
  interrupted(): void {
    this.#owedSinceMs = undefined
    this.#leaving.callerSpoke()
  }

  /** First sound of an answer. @param last it began when the agent was leaving. */
  answered(last: boolean): void {
    this.#owedSinceMs = undefined
    if (last) this.#leaving.spoke()
  }

  answerEnded(audible: boolean, completed: boolean): void {
    this.#lastAudible = audible
    this.#leaving.responseEnded(audible, completed)
  }

  key(digit: string): void {
    this.#patience.callerSpoke(this.#parts.clock.now())
    this.#keypad.press(digit)
  }

  run(call: ToolCall): void {
    this.#parts.tell({ type: 'tool-called', toolCallId: call.toolCallId, name: call.name })
    this.owe()
    this.#tools.run(call)
  }

  tick(nowMs: number): void {
    const { agentSpeaks, callerSpeaks, held } = this.#situation()
    const { leave } = this.#leaving
    const silent = !agentSpeaks && !this.#tools.busy
    if (leave !== undefined && this.#leaving.isOver(nowMs, silent)) {
      this.#acts.leave({ outcome: { reason: leave.reason }, next: leave.next })
      return
    }
    const waitedMs = nowMs - (this.#owedSinceMs ?? nowMs)
    if (waitedMs >= LONGEST_WAIT_MS && !this.#tools.busy) this.#owedSinceMs = undefined
    const owed = this.#owedSinceMs !== undefined
    const due = this.#patience.look(nowMs, !silent || callerSpeaks || owed || leave !== undefined)
    if (due !== undefined) this.#onDue(due, nowMs)
    if (!held && !callerSpeaks) this.#cover(nowMs)
  }

  #cover(nowMs: number): void {
    const { fillerAfterMs, filler } = this.#parts.agent.manners
    if (fillerAfterMs > 0 && nowMs - (this.#owedSinceMs ?? nowMs) >= fillerAfterMs) this.#parts.voice.cover(filler)
  }

  #onDue(due: Due, nowMs: number): void {
    // Who is on the way out goes the way it was going: a transfer does not become a hang-up.
    if (due === 'time-up' && this.leaving) {
      this.#leaving.insist()
      return
    }
    const next = { type: 'hang-up' } as const
    const { answering } = this.#situation()
    // A sentence may be finished; who has still to say a minute's worth is cut short, or the goodbye would never come.
    if (due === 'time-up' && (answering || this.#parts.voice.unheardMs > LAST_SENTENCE_MS)) this.#acts.silence()
    this.#parts.tell({ type: 'prompted', why: due })
    if (due === 'idle-goodbye') this.#leaving.begin({ reason: 'agent-hung-up', next, revocable: true }, nowMs)
    if (due === 'time-up') this.#leaving.begin({ reason: 'max-duration', next, revocable: false }, nowMs)
    this.prompt(prompts[due])
  }

  #onToolDone({ toolCallId, name }: ToolCall, { output, ok, leave }: ToolResult): void {
    const { session, clock, tell } = this.#parts
    tell({ type: 'tool-answered', toolCallId, name, ok })
    if (leave === undefined) {
      session.answerTool(toolCallId, output)
      this.#leaving.postpone(clock.now())
      this.owe()
      return
    }
    const reason = leave.type === 'hang-up' ? 'agent-hung-up' : 'handed-over'
    this.#leaving.begin({ reason, next: leave, asked: { toolCallId, output }, revocable: true }, clock.now())
    // The answer that asked for it is over already.
    if (!this.#situation().answering) this.#leaving.responseEnded(this.#lastAudible, true)
  }

  #onDigits(digits: string): void {
    const { session } = this.#parts
    const words = keyedIn(digits)
    if (session.takesNotes) session.note(words)
    this.prompt(session.takesNotes ? undefined : `${words} Answer that.`)
  }
}
