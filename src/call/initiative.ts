import type { Clock } from '../base/clock.ts'
import { CallError } from '../base/errors.ts'
import type { Agent } from './agent.ts'
import type { CallNews } from './call-news.ts'
import { type Airtime, DeadAir } from './dead-air.ts'
import type { EnduringSession } from './enduring-session.ts'
import type { CallInfo, Continuation, Farewell } from './info.ts'
import { Keypad } from './keypad.ts'
import type { Latencies } from './latencies.ts'
import { Leaving } from './leaving.ts'
import { welcomeBack } from './memory.ts'
import { type Due, Patience } from './patience.ts'
import { keyedIn, prompts } from './prompts.ts'
import { type ToolCall, type ToolResult, ToolRunner } from './tool-runner.ts'
import type { Transcript } from './transcript.ts'
import { RECORDED, type Voice } from './voice.ts'

export interface InitiativeParts {
  readonly session: EnduringSession
  readonly voice: Voice
  readonly transcript: Transcript
  readonly agent: Agent
  readonly info: CallInfo
  readonly clock: Clock
  readonly latencies: Latencies
  readonly startedMs: number
  readonly tell: (news: CallNews) => void
}

/** What is going on between the two, asked when it matters. */
export interface Situation extends Airtime {
  readonly agentSpeaks: boolean
}

/** What the agent does to the call. */
export interface InitiativeActs {
  leave(ending: Omit<Farewell, 'said'>): void
  /** The agent stops speaking now. */
  silence(): void
}

/** Of what is being said when time is up, so much may be said to its end [ms]. */
const LAST_SENTENCE_MS = 5000
/** A model that calls more tools without a word between goes round in circles, and each round is paid for. */
const MAX_CALLS_IN_A_ROW = 24

/**
 * What the agent does by itself, besides answering: it opens the conversation, asks into a silence, covers a wait, runs
 * tools, reads the keypad, says goodbye and leaves.
 *
 * ```
 *   tick ──┬─ leaving, and the goodbye was heard ─▶ leave
 *          ├─ nobody speaks, or time is up ───────▶ prompt the model
 *          └─ nobody speaks who is to ────────────▶ filler, hold; ask again; give the model up
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
  readonly #deadAir: DeadAir
  /** Whether the answer that ended last had any sound. */
  #lastAudible = false
  /** Tools that were called since anybody was heard. */
  #callsInARow = 0
  /** Whether the answer that is being made has called a tool. */
  #calling = false

  /** @param over aborts when the call is over. */
  constructor(parts: InitiativeParts, situation: () => Situation, acts: InitiativeActs, over: AbortSignal) {
    const { session, agent, info, clock, startedMs } = parts
    this.#parts = parts
    this.#situation = situation
    this.#acts = acts
    this.#deadAir = new DeadAir(agent.manners.fillerAfterMs, startedMs)
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

  /** Whether something is going on besides speech: a tool, a wait, a goodbye. */
  get busy(): boolean {
    return this.leaving || this.#tools.busy || this.#deadAir.owed
  }

  /** The agent's first words, or those to a caller who is back. */
  open(): void {
    const { agent, info, voice, latencies, clock, startedMs, tell } = this.#parts
    const { greeting } = agent
    if (info.resumed !== undefined) this.prompt(welcomeBack(info.resumed))
    else if (greeting?.type === 'instruction') this.prompt(greeting.text)
    if (info.resumed !== undefined || greeting?.type !== 'sound') return
    const place = voice.play(greeting.sound, greeting.words)
    latencies.greeted(clock.now() - startedMs)
    tell({ type: 'agent-audible', responseId: RECORDED })
    if (greeting.words === '') return
    tell({ type: 'said', speaker: 'agent', itemId: RECORDED, text: greeting.words, place })
  }

  /** Makes the agent speak; without instructions it goes on from what it knows. */
  prompt(instructions: string | undefined): void {
    this.#parts.session.respond(instructions)
    this.owe(0)
  }

  /** The caller waits for the agent. @param silentMs since the end of his own words; 0: nothing of his is to be answered. */
  owe(silentMs: number): void {
    this.#deadAir.owe(this.#parts.clock.now(), silentMs)
  }

  /** What was heard of the caller was nothing to be answered. */
  nobodyAsks(): void {
    this.#deadAir.paid()
  }

  /** The model that is there has only now heard what is waited for. */
  reached(): void {
    this.#deadAir.asked(this.#parts.clock.now())
  }

  callerBegan(): void {
    this.#deadAir.paid()
    this.#callsInARow = 0
    this.#parts.voice.uncover()
    this.#patience.callerSpoke(this.#parts.clock.now())
    if (!this.#situation().agentSpeaks) this.#leaving.callerSpoke()
  }

  /** The caller spoke over the agent. */
  interrupted(): void {
    this.#deadAir.paid()
    this.#leaving.callerSpoke()
  }

  /** A human has spoken with the caller, and nobody has waited for the agent. */
  handedBack(): void {
    this.#deadAir.paid()
    // A tool that was at work may have wanted to leave meanwhile.
    this.#leaving.callerSpoke()
    this.#patience.callerSpoke(this.#parts.clock.now())
  }

  /** First sound of an answer. @param last it began when the agent was leaving. */
  answered(last: boolean): void {
    this.#callsInARow = 0
    this.#deadAir.paid()
    if (last) this.#leaving.spoke()
  }

  answerEnded(audible: boolean, completed: boolean): void {
    this.#lastAudible = audible
    // A model may have nothing to say.
    if (completed && !audible && !this.#calling) this.#deadAir.paid()
    this.#calling = false
    this.#leaving.responseEnded(audible, completed)
  }

  key(digit: string): void {
    this.#patience.callerSpoke(this.#parts.clock.now())
    this.#keypad.press(digit)
  }

  run(call: ToolCall): void {
    this.#parts.tell({ type: 'tool-called', toolCallId: call.toolCallId, name: this.#nameOf(call) })
    this.#calling = true
    this.owe(0)
    if (++this.#callsInARow > MAX_CALLS_IN_A_ROW) {
      this.#parts.session.renounce(new CallError('provider-protocol', 'the model calls tools and says nothing'))
      return
    }
    this.#tools.run(call)
  }

  tick(nowMs: number): void {
    const situation = this.#situation()
    const { agentSpeaks, callerSpeaks, earSpeaking, reached } = situation
    const { session, voice, agent } = this.#parts
    const { leave } = this.#leaving
    const idle = !agentSpeaks && !this.#tools.busy
    if (leave !== undefined && this.#leaving.isOver(nowMs, idle)) {
      this.#acts.leave({ outcome: { reason: leave.reason }, next: leave.next })
      return
    }
    if (earSpeaking) voice.uncover()
    const cover = this.#deadAir.cover(nowMs, situation)
    if (cover !== undefined) voice.cover(agent.manners[cover])
    const insist = this.#deadAir.insist(nowMs, situation, idle)
    if (insist === 'remind') session.remind()
    if (insist === 'renounce') session.renounce(new CallError('provider-timeout', 'no answer began, for seconds'))
    const busy = !idle || !reached || callerSpeaks || this.#deadAir.owed || leave !== undefined
    const due = this.#patience.look(nowMs, busy)
    if (due !== undefined) this.#onDue(due, nowMs)
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

  /** What a model makes up is no name: it may be words of the caller's. */
  #nameOf({ name }: ToolCall): string {
    return this.#parts.agent.tools.some(({ declaration }) => declaration.name === name) ? name : 'unknown'
  }

  #onToolDone(call: ToolCall, { output, ok, leave }: ToolResult): void {
    const { session, clock, transcript, tell } = this.#parts
    const { toolCallId } = call
    const name = this.#nameOf(call)
    // What becomes of the caller then is told by itself, when they are back.
    const told = transcript.toolAnswered(name, leave === undefined ? output : '')
    tell({ type: 'tool-answered', toolCallId, name, ok, ...told })
    if (leave === undefined) {
      session.answerTool(toolCallId, output)
      this.#leaving.postpone(clock.now())
      this.owe(0)
      // It may have been waited for since long; the model can only begin now.
      this.reached()
      return
    }
    const reason = leave.type === 'hang-up' ? 'agent-hung-up' : 'handed-over'
    this.#leaving.begin({ reason, next: leave, asked: { toolCallId, output }, revocable: true }, clock.now())
    // The answer that asked for it is over already.
    if (!this.#situation().answering) this.#leaving.responseEnded(this.#lastAudible, true)
  }

  #onDigits(digits: string): void {
    const { session, transcript } = this.#parts
    const words = keyedIn(digits)
    transcript.callerKeyed(words)
    if (session.takesNotes) session.note(words)
    this.prompt(session.takesNotes ? undefined : `${words} Answer that.`)
  }
}
