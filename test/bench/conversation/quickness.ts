/*
 * Two figures of an idle server, one call at a time:
 *
 *   the model says speech_started ──▶ clear arrives at the phone
 *   the stream begins ──▶ the greeting's first frame is heard
 */
import { systemClock } from '../../../src/base/clock.ts'
import { figuresOf } from './call-events.ts'
import type { ModelPlan } from './model.ts'
import type { Answer } from './sounds.ts'
import { openStage, type StagedCall, wait, within } from './stage.ts'

const LIMIT_MS = 10_000

/** From `speech_started` leaving the model to `clear` at the phone [ms], so many times. */
export async function clearDelays(mode: string, answer: Answer, times: number): Promise<number[]> {
  await using stage = await openStage({ env: { BARGE_IN: mode, AGENT_GREETING: 'Hello' } })
  const plan = planOf(answer)
  const delays: number[] = []
  while (delays.length < times) {
    await using call = await stage.call(plan)
    // After two holds that nobody confirms a model is not believed any more: then a new call. Alone it always is.
    const most = mode === 'model' ? 20 : 2
    for (let i = 0; i < most && delays.length < times; i++) delays.push(await interrupt(call))
    await call.over()
  }
  return delays
}

async function interrupt({ phone, model }: StagedCall): Promise<number> {
  await within(LIMIT_MS, phone.call.next('audio-heard'), 'sound of an answer')
  await wait(300)
  let clearedAt = Number.NaN
  const cleared = phone.call.next('cleared', () => {
    clearedAt = systemClock.now()
    return true
  })
  const leftAt = model.startSpeech()
  await within(LIMIT_MS, cleared, 'clear')
  await wait(50)
  model.stopSpeech()
  return clearedAt - leftAt
}

/** How a greeting begins [ms]: as it is heard at the phone, and as the call's own events say. */
export interface GreetingDelays {
  readonly heard: readonly number[]
  readonly told: readonly number[]
}

/**
 * From the stream's start to the greeting's first frame at the phone, so many calls one after the other.
 * @param connectMs how long the model takes to say `session.created`.
 */
export async function greetingDelays(
  env: Readonly<Record<string, string>>,
  answer: Answer,
  { times, connectMs }: { readonly times: number; readonly connectMs: number },
): Promise<GreetingDelays> {
  await using stage = await openStage({ env, behaviour: { createdDelayMs: connectMs } })
  const heard: number[] = []
  const told: number[] = []
  for (let i = 0; i < times; i++) {
    await using call = await stage.call(planOf(answer))
    const { phone } = call
    await within(LIMIT_MS, phone.streaming, 'media stream')
    const startedAt = systemClock.now()
    await within(LIMIT_MS, phone.call.next('audio-heard'), 'greeting')
    heard.push(systemClock.now() - startedAt)
    await wait(200)
    await call.over()
    const { greetingMs } = figuresOf(call.events)
    if (greetingMs !== undefined) told.push(greetingMs)
  }
  return { heard, told }
}

function planOf(answer: Answer): ModelPlan {
  return { ear: 'careful', hearsDbfs: -45, reportMs: 0, answers: [{ answer, thinkMs: 0 }] }
}
