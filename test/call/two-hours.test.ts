import { getEventListeners } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { queryObjects, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { mulaw8k, pcm24k } from '../../src/audio/format.ts'
import type { Clock } from '../../src/base/clock.ts'
import { CallError } from '../../src/base/errors.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import type { CarrierEvent, CarrierLeg } from '../../src/call/carrier.ts'
import { Desk } from '../../src/call/desk.ts'
import type { RealtimeProvider, RealtimeSession, SessionEvent } from '../../src/call/provider.ts'
import type { Tool } from '../../src/call/tool.ts'
import { PlayoutBuffer } from '../../src/simulators/carrier/playout-buffer.ts'
import { infoOf, plainAgent, plainManners } from '../fakes/agent.ts'
import { FakeEar } from '../fakes/ear.ts'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Time goes by in steps of a frame of a tenth of a second: two hours in a few seconds. */
const STEP_MS = 100
const silence = new Uint8Array((STEP_MS / 1000) * 8000).fill(0xff)
const sound = new Uint8Array(2 * 24 * 200).fill(7)

/** A phone that plays what it is given, keeps nothing of it, and sends the marks back. */
function makePhone(callId: string) {
  const buffer = new PlayoutBuffer()
  const gone = new AbortController()
  let listener: (event: CarrierEvent) => void = () => undefined
  let atMs = 0
  const echo = (names: readonly string[]) => {
    for (const name of names) listener({ type: 'mark', name })
  }
  const leg: CarrierLeg = {
    callId,
    format: mulaw8k,
    gone: gone.signal,
    listen(one) {
      listener = one
    },
    play: (audio) => void buffer.push(audio),
    mark(name) {
      if (buffer.mark(name)) echo([name])
    },
    clear: () => echo(buffer.clear().marks),
    async [Symbol.asyncDispose]() {
      gone.abort()
    },
  }
  return {
    leg,
    step() {
      for (let frame = 0; frame < STEP_MS / 20; frame++) echo(buffer.next().marks)
      listener({ type: 'audio', audio: silence, atMs })
      atMs += STEP_MS
    },
    press: (digit: string) => listener({ type: 'dtmf', digit }),
    hangUp() {
      gone.abort()
      listener({ type: 'closed', by: 'caller' })
    },
  }
}

interface Model {
  readonly sessions: WeakRef<RealtimeSession>[]
  /** It is to speak now, by itself. */
  asked: boolean
  tell: (event: SessionEvent) => void
}

/** A model that says what a test makes it say, and remembers nothing but whether it was asked to speak. */
function makeModel() {
  const model: Model = { sessions: [], asked: false, tell: () => {} }
  const provider: RealtimeProvider = {
    name: 'tireless',
    sessionMs: 4 * 60_000,
    async connect() {
      const early: SessionEvent[] = []
      let listener: Model['tell'] = (event) => void early.push(event)
      model.tell = (event) => listener(event)
      const ask = () => {
        model.asked = true
      }
      const session: RealtimeSession = {
        inputFormat: mulaw8k,
        outputFormat: pcm24k,
        turnsBy: 'model',
        takesNotes: true,
        listen(one) {
          listener = one
          for (const event of early.splice(0)) one(event)
        },
        respond: ask,
        answerTool: ask,
        ...{ append() {}, beginTurn() {}, endTurn() {}, dropTurn() {}, note() {}, cancel() {}, truncate() {} },
        async [Symbol.asyncDispose]() {
          listener = () => {}
        },
      }
      model.sessions.push(new WeakRef(session))
      return session
    },
  }
  return { model, provider }
}

/** The same clock, and how many of its timers still wait. */
function counted(inner: Clock) {
  const waiting = new Set<object>()
  const clock: Clock = {
    now: () => inner.now(),
    after(delayMs, task, signal) {
      if (signal.aborted) return
      const alarm = {}
      const stopped = () => waiting.delete(alarm)
      waiting.add(alarm)
      signal.addEventListener('abort', stopped, { once: true })
      const ring = () => {
        waiting.delete(alarm)
        signal.removeEventListener('abort', stopped)
        task()
      }
      inner.after(delayMs, ring, signal)
    },
  }
  return { clock, waiting }
}

const lookUp: Tool = {
  declaration: { name: 'look_up', description: 'Looks it up.', parameters: { type: 'object' } },
  deadlineMs: 5000,
  run: async () => ({ found: 'a table for two' }),
}

function openDesk(tools: readonly Tool[] = []) {
  const manual = new ManualClock()
  const { clock, waiting } = counted(manual)
  const { model, provider } = makeModel()
  const manners = {
    ...plainManners,
    idlePromptMs: 6000,
    idlePromptsMax: 20,
    maxCallMs: 3 * 3_600_000,
    fillerAfterMs: 800,
  }
  const agent = plainAgent(provider, { tools, manners: { ...manners, filler: new Int16Array(800), hold: silent } })
  const seen = new Map<string, number>()
  const desk = new Desk({
    now: () => 0,
    findAgent: () => agent,
    clock,
    ticker: new Ticker(clock, STEP_MS),
    makeEar: () => new FakeEar(),
    onEvent: (_, { type }) => void seen.set(type, (seen.get(type) ?? 0) + 1),
  })
  return { manual, waiting, model, desk, seen }
}
const silent = new Int16Array(1600)

/** Objects of every kind that are alive after a collection. Bytes tell less: compiled code comes and goes by megabytes. */
function alive(): number {
  return queryObjects(Object, { format: 'count' })
}

it('two hours of turns, barge-ins, tools, digits, silence and lost sessions take no more memory than one', async () => {
  const { manual, waiting, model, desk, seen } = openDesk([lookUp])
  const phone = makePhone('CAlong')
  const call = desk.answer(phone.leg, infoOf('CAlong'))
  const step = async (times = 1) => {
    for (let i = 0; i < times; i++) {
      phone.step()
      manual.advance(STEP_MS)
      await setImmediate()
    }
  }
  let n = 0
  const turn = async () => {
    const itemId = `caller-${++n}`
    model.tell({ type: 'speech-started', itemId })
    await step(8)
    model.tell({ type: 'speech-stopped', itemId })
    model.tell({ type: 'transcript', speaker: 'caller', itemId, text: 'What have you got for two?', final: true })
  }
  /** Two seconds of speech, as fast as models send it, and what they do in the end. */
  const speak = async (isCut = false) => {
    model.asked = false
    const responseId = `response-${++n}`
    const itemId = `item-${n}`
    model.tell({ type: 'response-started', responseId })
    for (let delta = 0; delta < 10; delta++) {
      model.tell({ type: 'audio', responseId, itemId, audio: sound })
      const text = 'We have a table at the window.'.slice(0, 3 * (delta + 1))
      model.tell({ type: 'transcript', speaker: 'agent', itemId, text, final: delta === 9 })
      if (delta % 4 === 3) await step()
    }
    if (isCut) await turn()
    model.tell({ type: 'response-ended', responseId, status: isCut ? 'cancelled' : 'completed' })
  }
  const minute = async (number: number) => {
    await turn()
    await speak()
    await step(25)
    // Over the agent's speech, and the answer to that.
    await turn()
    await speak(true)
    await speak()
    await step(25)
    model.tell({ type: 'tool-call', toolCallId: `call-${++n}`, name: 'look_up', args: '{}' })
    await step(2)
    await speak()
    await step(25)
    for (const digit of '12#') phone.press(digit)
    await step(15)
    if (model.asked) await speak()
    await step(25)
    // The model is lost now and then; another session is found.
    if (number % 10 === 0) {
      model.tell({ type: 'closed', error: new CallError('provider-lost', 'closed with 1011') })
      await step(30)
      if (model.asked) await speak()
    }
    // Nobody says anything: the agent asks.
    while (manual.now() < number * 60_000 + 58_000) {
      await step(10)
      if (model.asked) await speak()
    }
    while (manual.now() < (number + 1) * 60_000) await step()
  }
  const take = () => ({
    timers: waiting.size,
    listeners: getEventListeners(phone.leg.gone, 'abort').length,
    objects: alive(),
  })
  // After 72 minutes the transcript has as many turns as it keeps.
  for (let number = 0; number < 75; number++) await minute(number)
  const filled = take()
  for (let number = 75; number < 120; number++) await minute(number)
  const after = take()

  expect(seen.get('ended')).toBeUndefined()
  for (const [type, times] of [
    ['barge-in', 110],
    ['tool-called', 110],
    ['dtmf', 300],
    ['heard', 300],
  ] as const) {
    expect(seen.get(type) ?? 0, type).toBeGreaterThan(times)
  }
  expect(seen.get('provider-lost')).toBe(12)
  expect(seen.get('session-renewed')).toBeGreaterThan(12)
  expect(after.timers).toBeLessThanOrEqual(filled.timers + 2)
  expect(after.listeners).toBe(filled.listeners)
  // In these 45 minutes there are 135 turns of the caller's and 450 answers: an object of every fifth would be too much.
  expect(after.objects - filled.objects).toBeLessThan(100)
  phone.hangUp()
  await call
  await step(2)
  expect(waiting.size).toBe(0)
})

it('a call that is over leaves nothing of itself behind, whenever the collector has run', async () => {
  const { manual, waiting, desk, model } = openDesk()
  const phones: WeakRef<CarrierLeg>[] = []
  const live = async (callId: string) => {
    const phone = makePhone(callId)
    phones.push(new WeakRef(phone.leg))
    const call = desk.answer(phone.leg, infoOf(callId))
    const step = async () => {
      phone.step()
      manual.advance(STEP_MS)
      await setImmediate()
    }
    await step()
    return async () => {
      await step()
      phone.hangUp()
      await call
    }
  }
  const hangUps = await Promise.all(Array.from({ length: 10 }, (_, i) => live(`CA${i}`)))
  collect()
  for (const hangUp of hangUps.splice(0)) await hangUp()
  await setImmediate()
  expect(waiting.size).toBe(0)
  await setImmediate()
  collect()
  // The first and the last may be on the test's own stack.
  const left = (refs: readonly WeakRef<object>[]) => refs.filter((ref) => ref.deref() !== undefined).length
  expect(model.sessions).toHaveLength(10)
  expect(left(phones)).toBeLessThanOrEqual(2)
  expect(left(model.sessions)).toBeLessThanOrEqual(2)
})
