import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { align } from '../bench/conversation/align.ts'
import { type Case, cases, soundOf } from '../bench/conversation/cases.ts'
import type { ModelPlan } from '../bench/conversation/model.ts'
import { makeAnswer, readWords } from '../bench/conversation/sounds.ts'
import { openStage, type StagedCall, wait } from '../bench/conversation/stage.ts'

const question = await readWords('help.wav')
const answer = await makeAnswer(['weasels.wav', 'hello-hours.wav'], 'Weasels have eaten our phone system.')
const reply = await makeAnswer(['seven-of-clubs.wav'], 'Seven of clubs.')

const sentence = caseNamed('sentence-fr-conf-onlyperson')
const cough = caseNamed('cough-hogs-default-poisoncough')
const click = caseNamed('click-made-single')

function caseNamed(name: string): Case {
  const found = cases.find((it) => it.name === name)
  if (found === undefined) throw new RangeError(`no case ${name}`)
  return found
}

/** A model that hears whatever is loud, 300 ms late, and takes a cough for speech. */
const eager: ModelPlan = {
  ...{ ear: 'quick', hearsDbfs: -40, reportMs: 300 },
  answers: [
    { answer, thinkMs: 0 },
    { answer: reply, thinkMs: 0 },
  ],
}

/** A model that hears sentences alone, and late. */
const careful: ModelPlan = { ...eager, ear: 'careful', reportMs: 900 }

type EventOf<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

const eventsOf = <T extends CallEvent['type']>({ events }: StagedCall, type: T) =>
  events.filter((event): event is EventOf<T> => event.type === type)

/** Resolves when `is` holds. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await wait(20)
}

/** The caller has asked, and has heard so much of the answer [ms]; whether what comes then is speech the model is to know. */
async function askAndHear(call: StagedCall, heardMs: number, speech = false): Promise<void> {
  await call.phone.streaming
  call.phone.say(question.samples, 100)
  await call.model.replied(0)
  call.model.listenFor(speech)
  await until(() => call.phone.played.length * 20 >= heardMs)
}

/** The long answer, to the end of which nothing else was heard. */
async function heardWholly(call: StagedCall): Promise<void> {
  await until(() => eventsOf(call, 'heard').length > 0)
  await call.over()
  expect(eventsOf(call, 'barge-in')).toEqual([])
  const [heard] = eventsOf(call, 'heard')
  expect(heard).toMatchObject({ wholly: true })
  expect(heard?.heardMs).toBeGreaterThan(5000)
  // Every word of it was at the phone: what was held came after all.
  const places = align(call.phone.played, answer.heard).map(({ place }) => place)
  const steps = places.slice(1).map((place, i) => place - (places[i] ?? 0))
  expect(Math.max(...steps)).toBeLessThanOrEqual(160 + 1600)
  expect(places.at(-1)).toBeGreaterThan(answer.heard.length - 1600)
}

describe.concurrent.each([
  ['where the model ends turns', {}],
  ['where our own ear ends them', { TURN_DETECTION: 'manual' }],
])('a caller and an agent who speaks, %s', (_, env) => {
  it('a sentence ends an answer that is still being made, and is answered', async () => {
    await using stage = await openStage({ env, behaviour: { speedFactor: 1.3, interruption: { lateDeltas: 2 } } })
    await using call = await stage.call(careful)
    await askAndHear(call, 500, true)
    call.phone.say(soundOf(sentence))
    await call.model.replied(1)
    await until(() => eventsOf(call, 'agent-audible').length === 2)
    await call.over()
    expect(eventsOf(call, 'barge-in')).toHaveLength(1)
    expect(eventsOf(call, 'heard')[0]).toMatchObject({ wholly: false })
    // It may have been held, let go and held again before the caller was believed: the last clear is the cut.
    const cleared = call.phone.clears.at(-1)?.atMs ?? Number.NaN
    const after = align(call.phone.played, answer.heard).filter(({ atMs }) => atMs > cleared + 40)
    expect(after).toEqual([])
  })

  it('a sentence ends an answer of which the model has long sent everything', async () => {
    await using stage = await openStage({ env, behaviour: { speedFactor: 100 } })
    await using call = await stage.call(careful)
    await askAndHear(call, 1000, true)
    expect(eventsOf(call, 'response-ended')).toHaveLength(1)
    call.phone.say(soundOf(sentence))
    await until(() => eventsOf(call, 'barge-in').length > 0)
    await call.over()
    expect(eventsOf(call, 'barge-in')[0]?.unheardMs).toBeGreaterThan(1000)
    expect(call.phone.clears.length).toBeGreaterThan(0)
  })

  it('a cough does not end an answer, whatever the model takes it for', async () => {
    await using stage = await openStage({ env, behaviour: { speedFactor: 100 } })
    await using call = await stage.call(eager)
    await askAndHear(call, 800)
    call.phone.say(soundOf(cough))
    await heardWholly(call)
    if (!('TURN_DETECTION' in env)) expect(call.model.reports.length).toBeGreaterThan(1)
  })

  it('a click does not end an answer', async () => {
    await using stage = await openStage({ env, behaviour: { speedFactor: 100 } })
    await using call = await stage.call(careful)
    await askAndHear(call, 800)
    call.phone.say(soundOf(click))
    await heardWholly(call)
  })

  it("the agent's own echo does not end an answer", async () => {
    await using stage = await openStage({ env, behaviour: { speedFactor: 100 } })
    await using call = await stage.call(careful, { echo: { delayMs: 120, levelDb: -20, room: false } })
    await askAndHear(call, 100)
    await heardWholly(call)
  })
})
