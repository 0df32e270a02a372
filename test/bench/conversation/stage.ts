import { systemClock } from '../../../src/base/clock.ts'
import { makeLog } from '../../../src/base/log.ts'
import type { CallEvent } from '../../../src/call/events.ts'
import { readConfig } from '../../../src/config.ts'
import { startOffhook } from '../../../src/offhook.ts'
import { startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import { startRealtimeServer } from '../../../src/simulators/realtime/server.ts'
import { type ModelPlan, type ModelSide, PlannedMind } from './model.ts'
import { type Acoustics, MixingPhone } from './phone.ts'

/** A call that stands: the phone, and the model's side of it. */
export interface StagedCall extends AsyncDisposable {
  readonly phone: MixingPhone
  readonly model: ModelSide
  /** The call's events so far. */
  readonly events: readonly CallEvent[]
  /** Hangs up, and resolves when all events are there. */
  over(): Promise<void>
}

/** The whole server between a simulated model and simulated phones; any number of calls at once. */
export interface Stage extends AsyncDisposable {
  call(plan: ModelPlan, acoustics?: Acoustics, options?: { readonly record?: boolean }): Promise<StagedCall>
}

export interface StageOptions {
  /** Settings of the server. */
  readonly env: Readonly<Record<string, string>>
  readonly behaviour?: BehaviourOptions
}

const API_KEY = 'sk-bench'
/** A session that is not opened by then never is [ms]. */
const SESSION_MS = 5_000
/** The longest call; a trial lasts some ten seconds [ms]. */
const MAX_CALL_MS = 60_000

/** Starts a server and a model on free ports of this machine. */
export async function openStage({ env, behaviour }: StageOptions): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  let next: { plan: ModelPlan; opened: (mind: PlannedMind) => void } | undefined
  const model = opening.use(
    await startRealtimeServer({
      apiKey: API_KEY,
      ...(behaviour !== undefined && { behaviour }),
      makeMind(tell) {
        const mind = new PlannedMind(next?.plan ?? nothingPlanned, tell)
        next?.opened(mind)
        return mind
      },
    }),
  )
  const config = readConfig({
    PORT: '0',
    DASHSCOPE_API_KEY: API_KEY,
    ANALYSIS: 'off',
    REALTIME_URL: model.url,
    AGENT_GREETING: '',
    // All callers have one number, and each has one call after the other.
    ...{ MAX_CALLS_PER_CALLER: '10000', CALLER_CALLS_PER_HOUR: '100000', MAX_LAG_MS: '10000', DATA_DIR: 'none' },
    ...env,
  })
  const events = new Map<string, CallEvent[]>()
  const onCallEvent = (callId: string, event: CallEvent) => void events.get(callId)?.push(event)
  const offhook = opening.use(await startOffhook(config, { log: makeLog('error'), onCallEvent }))
  const scope = opening.move()
  /** One call is set up after the other, so that each knows which session is its own. */
  let before: Promise<unknown> = Promise.resolve()

  async function start(plan: ModelPlan, acoustics: Acoustics, record: boolean): Promise<StagedCall> {
    const opened = Promise.withResolvers<PlannedMind>()
    next = { plan, opened: opened.resolve }
    const phone = new MixingPhone((clock) => {
      const call = startSimulatedCall({
        ...{ webhookUrl: `${offhook.publicUrl}/twilio/voice`, connectTo: offhook.url },
        ...{ maxCallMs: MAX_CALL_MS, record, clock },
      })
      events.set(call.callSid, [])
      return call
    }, acoustics)
    try {
      const mind = await within(SESSION_MS, opened.promise, 'a session of the model')
      const of = events.get(phone.call.callSid) ?? []
      return {
        ...{ phone, model: mind, events: of },
        async over() {
          phone.call.hangUp()
          await within(SESSION_MS, phone.call.ended, 'end of the call')
          // The server writes its last event when the socket is gone.
          for (let i = 0; i < 100 && of.at(-1)?.type !== 'ended'; i++) await wait(10)
        },
        [Symbol.asyncDispose]: () => phone[Symbol.asyncDispose](),
      }
    } catch (error) {
      await phone[Symbol.asyncDispose]()
      throw error
    } finally {
      next = undefined
    }
  }

  return {
    call(plan, acoustics = {}, { record = false } = {}) {
      const started = before.then(() => start(plan, acoustics, record))
      before = started.catch(() => undefined)
      return started
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}

const nothingPlanned: ModelPlan = { ear: 'careful', hearsDbfs: 0, reportMs: 0, answers: [] }

/** What `promise` comes to, or an error that says what did not come in time. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const done = new AbortController()
  const late = Promise.withResolvers<never>()
  systemClock.after(ms, () => late.reject(new Error(`no ${what} within ${ms} ms`)), done.signal)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    done.abort()
  }
}

/** For what has no event to wait for. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve, new AbortController().signal))
}
