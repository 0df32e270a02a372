import type { Clock } from '../../base/clock.ts'
import type { CallStatus, StreamEnd, Tell } from './events.ts'
import { makeSid } from './parameters.ts'
import type { DialVerb, GatherVerb, HttpMethod, StreamVerb, Verb } from './twiml.ts'
import { wait } from './wait.ts'
import type { Form } from './webhook.ts'

/** Speaking time of `<Say>` [ms] a character: some 16 characters a second. Nothing is really said. */
const SAY_MS_PER_CHARACTER = 60
/** `<Play>` of a URL does not fetch it. */
const PLAY_MS = 1000
const DIGIT_MS: Readonly<Record<string, number>> = { w: 500, W: 1000 }

/** Digits that nobody asked for are kept up to here. */
const MAX_DIGITS = 100

/** What becomes of a call to a third party: the simulation's world outside. */
export interface DialOutcome {
  readonly status: 'completed' | 'busy' | 'no-answer' | 'failed' | 'canceled'
  /** Until somebody answers, or it is given up; at most the verb's timeout. */
  readonly ringMs: number
  /** How long the two talk when it was answered. */
  readonly talkMs?: number
}

/** What the call does after a verb. */
export type Next =
  | { readonly type: 'next-verb' }
  | { readonly type: 'ask'; readonly url: string; readonly method: HttpMethod; readonly form: Form }
  | { readonly type: 'over'; readonly status: CallStatus }

/** Digits that the caller presses while no stream is open. */
export class Keypad {
  #digits: string[] = []
  #pressed: () => void = () => undefined

  press(digit: string): void {
    if (this.#digits.length < MAX_DIGITS) this.#digits.push(digit)
    this.#pressed()
  }

  /** Forgets what was pressed; `pressed` is called at each digit from now on. */
  reset(pressed: () => void): void {
    this.#digits = []
    this.#pressed = pressed
  }

  get waiting(): boolean {
    return this.#digits.length > 0
  }

  take(): string | undefined {
    return this.#digits.shift()
  }
}

/** What verbs are carried out on. */
export interface Stage {
  readonly clock: Clock
  /** Aborts when the call is over: every verb ends at once. */
  readonly signal: AbortSignal
  readonly tell: Tell
  readonly keypad: Keypad
  /** The calling number and the called one: the numbers that a call may show to a third party. */
  readonly numbers: readonly string[]
  readonly openStream: (verb: StreamVerb) => Promise<StreamEnd>
  readonly dial: (number: string, timeoutMs: number) => DialOutcome
}

const NEXT: Next = { type: 'next-verb' }

/** Carries out one verb, and says what comes after it. */
export async function runVerb(verb: Verb, stage: Stage): Promise<Next> {
  stage.tell({ type: 'verb', verb })
  const pass = async (ms: number): Promise<Next> => {
    await wait(stage.clock, ms, stage.signal)
    return NEXT
  }
  switch (verb.type) {
    case 'stream': {
      await stage.openStream(verb)
      return verb.action === undefined ? NEXT : { type: 'ask', ...verb.action, form: {} }
    }
    case 'dial':
      return dial(verb, stage)
    case 'gather':
      return gather(verb, stage)
    case 'say':
      return pass(verb.text.length * SAY_MS_PER_CHARACTER)
    case 'play':
      return pass(
        verb.digits === '' ? PLAY_MS : [...verb.digits].reduce((sum, digit) => sum + (DIGIT_MS[digit] ?? 200), 0),
      )
    case 'pause':
      return pass(verb.ms)
    case 'background':
      return NEXT
    case 'enqueue':
      // Nobody takes calls out of a simulated queue: the caller waits until he hangs up.
      return pass(Number.POSITIVE_INFINITY)
    case 'redirect':
      return { type: 'ask', url: verb.url, method: verb.method, form: {} }
    case 'hangup':
      return { type: 'over', status: 'completed' }
    case 'reject':
      return { type: 'over', status: verb.reason === 'busy' ? 'busy' : 'no-answer' }
  }
}

/**
 * Rings a third party and asks the action URL how that went.
 *
 * ```
 *   ring ── answered ─▶ they talk ─▶ completed
 *     └─ busy, failed, canceled; nobody in `timeout`: no-answer
 * ```
 */
async function dial(verb: DialVerb, stage: Stage): Promise<Next> {
  const [number] = verb.numbers
  if (number === undefined) {
    // A conference: it lasts until the caller leaves.
    await wait(stage.clock, Number.POSITIVE_INFINITY, stage.signal)
    return NEXT
  }
  const refusal = refusalOf(number, verb.callerId, stage)
  const outcome: DialOutcome =
    refusal === undefined ? stage.dial(number, verb.timeoutMs) : { status: 'failed', ringMs: 0 }
  if (refusal !== undefined) stage.tell({ type: 'warning', level: 'warning', ...refusal })
  await wait(stage.clock, Math.min(outcome.ringMs, verb.timeoutMs), stage.signal)
  const inTime = outcome.ringMs <= verb.timeoutMs
  const status = inTime ? outcome.status : 'no-answer'
  const talkMs = status === 'completed' ? (outcome.talkMs ?? 0) : 0
  await wait(stage.clock, talkMs, stage.signal)
  if (!stage.signal.aborted) stage.tell({ type: 'dialled', number, callerId: verb.callerId, status, talkMs })
  if (verb.action === undefined) return NEXT
  const form = {
    DialCallStatus: status,
    DialCallSid: makeSid('CA'),
    ...(status === 'completed' && { DialCallDuration: String(Math.ceil(talkMs / 1000)), DialBridged: 'true' }),
  }
  return { type: 'ask', ...verb.action, form }
}

/** Why Twilio would not dial this, or not under this number. Numbers that were verified are not simulated. */
function refusalOf(
  number: string,
  callerId: string | undefined,
  { numbers }: Stage,
): { code: number; message: string } | undefined {
  if (!/^(\+?[\d\s().-]+|sips?:\S+|client:\S+)$/i.test(number)) return { code: 13224, message: 'no number to dial' }
  if (callerId === undefined || numbers.includes(callerId)) return undefined
  return { code: 13214, message: 'callerId is neither the calling nor the called number' }
}

/** Collects digits. Speech is not recognised. */
async function gather(verb: GatherVerb, stage: Stage): Promise<Next> {
  let pressed = new AbortController()
  stage.keypad.reset(() => pressed.abort())
  for (const prompt of verb.prompts) {
    if (!pressed.signal.aborted)
      await runVerb(prompt, { ...stage, signal: AbortSignal.any([stage.signal, pressed.signal]) })
  }
  let digits = ''
  while (digits.length < verb.numDigits && !stage.signal.aborted) {
    await wait(stage.clock, verb.timeoutMs, AbortSignal.any([stage.signal, pressed.signal]))
    const digit = stage.keypad.take()
    if (digit === undefined || digit === verb.finishOnKey) break
    digits += digit
    // What was pressed in the same instant is there already; for the rest a new wait begins.
    if (!stage.keypad.waiting) pressed = new AbortController()
  }
  stage.keypad.reset(() => undefined)
  if (digits === '') return NEXT
  return { type: 'ask', url: verb.action?.url ?? '', method: verb.action?.method ?? 'POST', form: { Digits: digits } }
}
