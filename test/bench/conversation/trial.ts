/*
 * One call: a question, the long answer to it, and in a chosen moment of that the case's sound.
 *
 *   caller   ▓▓ question ▓▓                         ▓ case ▓
 *   model                    created ··· deltas ▓▓▓▓▓▓▓▓|done
 *   phone                                ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓
 *   moment                  before ─┘         └ generating     └ tail
 */
import type { CallEvent } from '../../../src/call/events.ts'
import { writeCall } from '../../../src/cli/recording.ts'
import { type Case, soundOf } from './cases.ts'
import type { EarKind, ModelPlan, ModelSide } from './model.ts'
import type { Acoustics, Cleared, MixingPhone, PlayedFrame } from './phone.ts'
import type { Answer, Words } from './sounds.ts'
import { type Stage, wait, within } from './stage.ts'

/**
 * When the case is heard: `generating`: the model still sends; `tail`: it has sent everything, and seconds of it are
 * unheard; `before`: the answer was begun and no sound of it was sent.
 */
export type Moment = 'generating' | 'tail' | 'before'

/** What all trials share. */
export interface Scene {
  /** What the caller asks; it ends to be audible at `toMs`. */
  readonly question: Words
  readonly answer: Answer
  /** What is said to what the caller says then. */
  readonly reply: Answer
  readonly ear: EarKind
  readonly reportMs: number
  /** Where stereo recordings of all trials go. */
  readonly saveTo: string | undefined
}

export interface Trial {
  readonly it: Case
  readonly moment: Moment
}

/** What one trial showed. Times are [ms of the line's time]. */
export interface Evidence extends Trial {
  /** The case became audible, and ended. */
  readonly fromMs: number
  readonly toMs: number
  /** Until when it was watched. */
  readonly watchedMs: number
  readonly questionEndMs: number
  /** The long answer as a phone hears it, and everything that the phone played. */
  readonly answer: Int16Array
  readonly played: readonly PlayedFrame[]
  readonly clears: readonly Cleared[]
  readonly events: readonly CallEvent[]
  /** When the case was played [ms of `performance.now()`]. */
  readonly playedAt: number
}

/** The model thinks so long before the answer that is spoken into before it sounds [ms]. */
const THINK_MS = 1600
/** From the answer's first sound at the phone to the case's first, audible or not [ms]; the answer is generated at 4 times its pace. */
const GENERATING_AT_MS = 700
const TAIL_AT_MS = 3200
/** From `response.created` to the case's first sound, when there is no audio yet [ms]. */
const BEFORE_AT_MS = 100
/** Watched after the case [ms]: longer than an unconfirmed hold, with time to go on and be seen to. */
const AFTERMATH_MS = 2000
const LIMIT_MS = 20_000

/** Plays one case. @throws Error when a step of the call does not come in time. */
export async function runTrial(stage: Stage, scene: Scene, { it, moment }: Trial): Promise<Evidence> {
  const plan: ModelPlan = {
    ...{ ear: scene.ear, reportMs: scene.reportMs, hearsDbfs: hearsDbfs(it) },
    answers: [
      { answer: scene.answer, thinkMs: moment === 'before' ? THINK_MS : 0 },
      { answer: scene.reply, thinkMs: 0 },
    ],
  }
  await using staged = await stage.call(plan, acousticsOf(it), { record: scene.saveTo !== undefined })
  const { phone, model } = staged
  await within(LIMIT_MS, phone.streaming, 'media stream')
  const asked = phone.say(scene.question.samples, 200)
  await until(moment, phone, model)
  // Line noise and echo are the phone's, before and after the case too.
  const playedAt = performance.now()
  const at = phone.say(soundOf({ ...it, noiseDbfs: Number.NEGATIVE_INFINITY }))
  const [fromMs, toMs] = [at + it.speechAtMs, at + it.speechEndMs]
  // A sound may begin softly, before it is as loud as its label asks for.
  while (phone.nextMs < fromMs - 100) await wait(10)
  model.listenFor(it.interrupts)
  await watch(phone, model, it, toMs)
  const watchedMs = phone.nextMs
  await staged.over()
  if (scene.saveTo !== undefined) {
    const name = `${moment}-${it.name.replaceAll(/[^\w]+/g, '-')}`
    await writeCall(scene.saveTo, name, phone.call.recording(), staged.events)
  }
  return {
    ...{ it, moment, fromMs, toMs, watchedMs, answer: scene.answer.heard, played: phone.played, clears: phone.clears },
    questionEndMs: asked + scene.question.toMs,
    ...{ events: staged.events, playedAt },
  }
}

async function until(moment: Moment, phone: MixingPhone, model: ModelSide): Promise<void> {
  const sounds = phone.call.next('audio-heard')
  sounds.catch(() => undefined)
  await within(LIMIT_MS, model.replied(0), 'answer of the model')
  // From now on the agent's echo is heard.
  model.listenFor(false)
  if (moment === 'before') {
    await wait(BEFORE_AT_MS)
    return
  }
  await within(LIMIT_MS, sounds, 'sound of the answer')
  await wait(moment === 'tail' ? TAIL_AT_MS : GENERATING_AT_MS)
}

/** A sentence is watched until it is answered, everything else for as long as it could still do harm. */
async function watch(phone: MixingPhone, model: ModelSide, it: Case, toMs: number): Promise<void> {
  const rest = async () => {
    while (phone.nextMs < toMs + AFTERMATH_MS + (it.interrupts ? 1000 : 0)) await wait(20)
  }
  const answered = async () => {
    await model.replied(1)
    await phone.call.next('audio-heard')
    // So that it is seen that nothing of the old answer comes any more.
    await wait(400)
  }
  const heard = answered().catch(() => rest())
  await (it.interrupts ? Promise.race([rest(), heard]) : rest())
}

/** A model hears what is above the noise of its line, and above most of the agent's echo: its frames reach -10 dBFS. */
function hearsDbfs({ noiseDbfs, burstDbfs = noiseDbfs, echo }: Case): number {
  return Math.max(-45, noiseDbfs + 6, burstDbfs + 6, echo === undefined ? -45 : echo.levelDb - 18)
}

function acousticsOf(it: Case): Acoustics {
  const quiet = { ...it, file: undefined, echo: undefined, burstDbfs: undefined }
  const { burstDbfs: _, echo: __, ...plain } = quiet
  return { noise: soundOf(plain), ...(it.echo !== undefined && { echo: it.echo }) }
}
