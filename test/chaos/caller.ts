import { answeredMs, deadAirMs, FRAME_MS, pictureOf, staleMs, waitsOf } from './judge.ts'
import type { Slot } from './model.ts'
import { Phone } from './phone.ts'
import type { CallPlan } from './plan.ts'
import { nap } from './server-process.ts'
import { wordsOf } from './words.ts'
import type { World } from './world.ts'

/** A caller who hears nothing at all for so long asks again; one who hears something, but no answer, waits longer [ms]. */
const SILENT_MS = 5000
const PATIENCE_MS = 15_000
/** How often they ask again, before they give up. */
const REPEATS = 2
/** How much of an answer a caller hears before they talk over it [ms]. */
const BARGES_AFTER_MS = 400

/** What is known of a call when it is over. */
export interface CallFacts {
  readonly plan: CallPlan
  readonly callSid: string
  /** Where the fault struck [ms of the recording]; `undefined`: it did not come to that. */
  readonly struckMs: number | undefined
  /** The caller's last words were answered, to the end. */
  readonly answered: boolean
  /** The call ended before the caller wanted it to. */
  readonly cutOff: boolean
  readonly code: number | undefined
  readonly said: readonly string[]
  readonly dialled: readonly { readonly number: string; readonly status: string }[]
  /** Sessions that the first model had, and who gave the last answer. */
  readonly sessions: number
  /** How the first one was closed, as the model saw it. */
  readonly firstClosed: number | undefined
  readonly lastBy: string | undefined
  readonly streams: number
  /** Of the last stream that broke: from its end to the next one's first answer [ms]. */
  readonly silenceMs: number | undefined
  readonly deadAirMs: number
  readonly staleMs: number
  /** How often the caller had to ask again. */
  readonly repeats: number
  /** What was heard, and what was said. */
  readonly picture: readonly [string, string]
}

/** A call under way, for whoever strikes from outside. */
export interface LiveChaosCall {
  readonly plan: CallPlan
  readonly phone: Phone
  readonly facts: Promise<CallFacts>
  /** The world was struck now. */
  struck(): void
}

/** Dials, and has the whole conversation. */
export function startChaosCall(plan: CallPlan, world: World, slot: Slot): LiveChaosCall {
  const { fault } = plan
  const call = world.call({
    ...{ to: slot.number, from: `+1415${String(5_550_000 + (plan.id % 10_000))}`, seed: plan.seed },
    ...(fault.line !== undefined && { faults: fault.line }),
  })
  const phone = new Phone(call, slot)
  const conversation = new Conversation(plan, phone, slot, () => world.resumed(call.callSid))
  return {
    plan,
    phone,
    facts: conversation.run(),
    struck: () => conversation.struck(),
  }
}

/**
 * What the caller does.
 *
 * ```
 *   greeting ─▶ ┌ words ─▶ answer, to its end (or talked over) ┐ x turns ─▶ hangs up
 *               └──────────── the fault, at its moment ────────┘
 * ```
 */
class Conversation {
  readonly #plan: CallPlan
  readonly #phone: Phone
  readonly #slot: Slot
  readonly #resumed: () => number
  #struckMs: number | undefined
  #repeats = 0
  #gaveUp = false
  /** The call was over before the caller had said all that they had to say. */
  #cutOff = false

  constructor(plan: CallPlan, phone: Phone, slot: Slot, resumed: () => number) {
    this.#resumed = resumed
    this.#plan = plan
    this.#phone = phone
    this.#slot = slot
  }

  struck(): void {
    this.#struckMs ??= this.#phone.nowMs
  }

  async run(): Promise<CallFacts> {
    const { moment, turns, fault } = this.#plan
    const phone = this.#phone
    // A line can only break once it is there; a model's door, and its first session, are struck before they are.
    if (moment === 'greeting' && fault.kind !== 'line') this.#strike()
    if (moment === 'greeting' && fault.kind === 'line') this.#when(() => phone.streams.length > 0, 0)
    await phone.until(() => phone.streams.length > 0 || phone.said.length > 0, PATIENCE_MS)
    const first = phone.streams[0]?.startedMs ?? 0
    await phone.until(() => phone.hasHeard('whole', first) || phone.silentMs(first) > SILENT_MS, PATIENCE_MS)
    for (let turn = 1; turn <= turns && !phone.over && !this.#gaveUp; turn++) {
      await nap(fault.pauseMs ?? 0)
      await this.#turn(turn)
    }
    // What comes by design may take longer than the caller's turns.
    if (this.#gaveUp && fault.expected !== 'goes-on') await phone.until(() => phone.over, PATIENCE_MS)
    this.#cutOff = phone.over
    phone.call.hangUp()
    const end = await phone.call.ended
    return this.#facts(end.code)
  }

  async #turn(turn: number): Promise<void> {
    const { moment, delayMs, words, bargesIn, fault } = this.#plan
    const phone = this.#phone
    const mine = turn === this.#plan.turn
    if (mine && moment === 'silence') {
      await nap(delayMs)
      this.#strike()
      await nap(400 + (fault.pauseMs ?? 0))
    }
    if (mine && moment === 'caller') this.#later(delayMs)
    if (mine && moment === 'tool') this.#slot.mishap('asks-tool')
    const sinceMs = phone.nowMs
    await phone.speak(wordsOf(words[turn - 1] ?? 0))
    if (mine && moment === 'waiting') this.#later(delayMs)
    if (mine && moment === 'tool') this.#when(() => this.#slot.tools.running > 0, delayMs)
    if (mine && moment === 'agent') this.#when(() => phone.hasHeard('beginning', sinceMs), delayMs)
    for (let asked = 0; !(await this.#answered(sinceMs, turn === bargesIn)); asked++) {
      if (phone.over || asked === REPEATS) {
        this.#gaveUp = true
        return
      }
      this.#repeats += 1
      await phone.speak(wordsOf((words[turn - 1] ?? 0) + asked + 1), true)
    }
  }

  /** The answer was heard, or enough of it for who talks over it. */
  async #answered(sinceMs: number, bargesIn: boolean): Promise<boolean> {
    const phone = this.#phone
    const askedMs = phone.nowMs
    if (bargesIn) {
      const began = await phone.until(() => phone.hasHeard('beginning', sinceMs), SILENT_MS)
      if (began) await nap(BARGES_AFTER_MS)
      if (began) return true
    }
    const isWhole = () => phone.hasHeard('whole', sinceMs)
    await phone.until(() => isWhole() || phone.silentMs(askedMs) > SILENT_MS, PATIENCE_MS)
    return isWhole()
  }

  /** Not waited for: the caller's own doings go on. */
  #later(ms: number): void {
    void nap(ms).then(() => this.#strike())
  }

  #when(holds: () => boolean, thenMs: number): void {
    void this.#phone.until(holds, PATIENCE_MS).then((held) => {
      if (held) this.#later(thenMs)
    })
  }

  #strike(): void {
    if (this.#phone.over) return
    this.struck()
    this.#plan.fault.strike?.({ slot: this.#slot, phone: this.#phone, turn: this.#plan.turn })
  }

  #facts(code: number | undefined): CallFacts {
    const phone = this.#phone
    const story = phone.story()
    const lastWait = waitsOf(story).at(-1)
    const broken = phone.streams.at(-2)
    const next = phone.streams.at(-1)
    const heardMs = (fromMs: number) => {
      const frame = story.heard.findIndex((sounding, i) => i * FRAME_MS >= fromMs && typeof sounding === 'number')
      return frame < 0 ? undefined : frame * FRAME_MS
    }
    const firstMs = broken === undefined || next === undefined ? undefined : heardMs(next.startedMs)
    return {
      plan: this.#plan,
      callSid: phone.call.callSid,
      struckMs: this.#struckMs,
      answered: !this.#gaveUp && !this.#cutOff && lastWait !== undefined && answeredMs(story, lastWait) !== undefined,
      ...{ cutOff: this.#cutOff, code, said: phone.said, dialled: phone.dialled },
      sessions: this.#slot.sessions.length,
      firstClosed: this.#slot.sessions[0]?.closed?.code,
      lastBy: this.#slot.replies.at(-1)?.by,
      streams: phone.streams.length,
      silenceMs: firstMs === undefined || broken?.endedMs === undefined ? undefined : firstMs - broken.endedMs,
      deadAirMs: deadAirMs(story),
      staleMs: staleMs(story, this.#resumed()),
      repeats: this.#repeats,
      picture: pictureOf(story),
    }
  }
}
