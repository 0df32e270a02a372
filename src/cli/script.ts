import { decodeMulaw } from '../audio/g711.ts'
import { levelDbfs } from '../audio/level.ts'
import type { Clock } from '../base/clock.ts'
import type { SimulatedCall } from '../simulators/carrier/call.ts'
import { isAudible, type Span } from './measure.ts'

const POLL_MS = 20

/** How long the caller waits for what [ms]. */
export interface Manners {
  /** The agent has finished when it was silent for so long. */
  readonly silenceMs: number
  /** The agent's first words when it is picked up; then the caller begins. */
  readonly greetingMs: number
  /** An answer; then the caller goes on without one. */
  readonly answerMs: number
  /** How far into an answer it is interrupted. */
  readonly interruptAfterMs: number
  /** A pause after which what the agent says is something new, after it was interrupted. */
  readonly newAnswerMs: number
}

export const politeManners: Manners = {
  silenceMs: 800,
  greetingMs: 3000,
  answerMs: 8000,
  interruptAfterMs: 1000,
  newAnswerMs: 400,
}

/** What the caller says: mu-law 8 kHz, and whether over the agent's next answer. */
export interface Words {
  readonly audio: Uint8Array
  readonly interrupts: boolean
}

/** When the agent is heard, in the time of the recording [ms]. */
class Ear {
  /** Begin of what the agent is saying, or said last: silence of up to `newAnswerMs` belongs to it. */
  startedMs = Number.NEGATIVE_INFINITY
  lastMs = Number.NEGATIVE_INFINITY

  constructor(call: SimulatedCall, newAnswerMs: number) {
    call.listen((event) => {
      if (event.type !== 'audio-heard' || !isAudible(levelDbfs(decodeMulaw(event.audio)))) return
      if (event.atMs - this.lastMs > newAnswerMs) this.startedMs = event.atMs
      this.lastMs = event.atMs
    })
  }
}

/** Runs `turn` for each thing the caller says, when it was said and the agent has answered (or has not, for long). */
export interface ScriptOptions {
  readonly call: SimulatedCall
  readonly clock: Clock
  readonly manners: Manners
  /** Index of the words, when they were sent, and when the answer was over; -1 for the greeting, before any words. */
  readonly turn: (index: number, said: Span, overMs: number) => void
}

/**
 * Holds a conversation: says each of `script` in turn, and hangs up when the agent has finished after the last one.
 *
 * ```
 *   agent   greeting ─┐silenceMs      ┌─ answer ─┐silenceMs        ┌─ answer ──✂          ┌─ answer ─┐silenceMs
 *   caller            └─▶ words 0 ────┘          └─▶ words 1 ──────┘  1 s └▶ words 2 ─────┘          └─▶ hangs up
 * ```
 * Resolves when the script is done or the call is over, whichever is first.
 */
export async function runScript(script: readonly Words[], options: ScriptOptions): Promise<void> {
  const { call, clock, manners, turn } = options
  const ear = new Ear(call, manners.newAnswerMs)
  const over = new AbortController()
  void call.ended.then(() => over.abort())
  const until = async (holds: () => boolean) => {
    while (!over.signal.aborted && !holds()) await pause(clock, over.signal)
  }
  const silent = () => call.recordedMs - ear.lastMs >= manners.silenceMs
  /** The agent has said something new since `sinceMs`, and finished; or it has not begun in time. */
  const answered = (sinceMs: number, withinMs: number) =>
    until(() => silent() && (ear.startedMs >= sinceMs || call.recordedMs - sinceMs >= withinMs))
  const answering = (sinceMs: number, withinMs: number) =>
    until(() => {
      const begun = ear.startedMs >= sinceMs
      if (begun && call.recordedMs - ear.startedMs >= manners.interruptAfterMs) return true
      return silent() && (begun || call.recordedMs - sinceMs >= withinMs)
    })
  await Promise.race([call.next('stream-started').catch(() => undefined), call.ended])
  let last: { readonly index: number; readonly said: Span } = { index: -1, said: { fromMs: 0, toMs: 0 } }
  for (const [index, words] of script.entries()) {
    const withinMs = index === 0 ? manners.greetingMs : manners.answerMs
    await (words.interrupts ? answering : answered)(last.said.toMs, withinMs)
    if (over.signal.aborted) break
    const fromMs = call.recordedMs
    turn(last.index, last.said, fromMs)
    await call.speak(words.audio)
    last = { index, said: { fromMs, toMs: call.recordedMs } }
  }
  await answered(last.said.toMs, manners.answerMs)
  turn(last.index, last.said, call.recordedMs)
  call.hangUp()
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const woken = new AbortController()
  const wake = () => {
    woken.abort()
    resolve()
  }
  signal.addEventListener('abort', wake, { signal: woken.signal })
  clock.after(POLL_MS, wake, woken.signal)
  return promise
}
