import { describe, expect, it } from 'vitest'
import type { Continuation, Farewell } from '../../../src/call/info.ts'
import { type SimulatedCall, startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { PhoneEvent } from '../../../src/simulators/carrier/events.ts'
import type { SimulatedCallOptions } from '../../../src/simulators/carrier/options.ts'
import { CALL } from './phone.ts'
import { openRig, type RigOptions, until } from './rig.ts'

const FROM = '+14155550123'
const TO = '+14155550199'
const DESK = '+15550100'
const transfer: Continuation = { type: 'transfer', destination: 'the front desk', number: DESK }
const digits: Continuation = { type: 'digits', digits: '12#' }
const hello: Farewell['said'] = [
  { speaker: 'agent', heard: 'Good morning.', unheard: '' },
  { speaker: 'caller', text: 'A human, please.' },
]
const left = { reason: 'agent-hung-up' } as const

/** The carrier on a real server, and a simulated call to it. */
async function openLine(options: Partial<SimulatedCallOptions> = {}, rigOptions: RigOptions = {}) {
  const rig = await openRig(rigOptions)
  const events: PhoneEvent[] = []
  const call: SimulatedCall = startSimulatedCall({
    webhookUrl: `${rig.base}/twilio/voice`,
    ...{ callSid: CALL, from: FROM, to: TO, record: false },
    ...options,
  })
  call.listen((event) => events.push(event))
  const of = <T extends PhoneEvent['type']>(type: T) =>
    events.filter((event): event is Extract<PhoneEvent, { type: T }> => event.type === type)
  return {
    ...{ rig, call, events, of },
    /** Verbs so far, by their names. */
    verbs: () => of('verb').map(({ verb }) => verb.type),
    async [Symbol.asyncDispose]() {
      await call[Symbol.asyncDispose]()
      await rig[Symbol.asyncDispose]()
    },
  }
}

describe('a caller whom the agent transfers', () => {
  it('talks to the human, and is not called back by the agent', async () => {
    await using line = await openLine({ dial: () => ({ status: 'completed', ringMs: 20, talkMs: 60 }) })
    const { end, info } = await line.rig.answered(0)
    expect(info).toEqual({ callId: CALL, from: FROM, to: TO })
    await end(left, { next: transfer, said: hello })
    expect(await line.call.ended).toMatchObject({ by: 'server', status: 'completed' })
    expect(line.of('dialled')).toMatchObject([{ number: DESK, callerId: FROM, status: 'completed', talkMs: 60 }])
    expect(line.verbs()).toEqual(['stream', 'dial', 'hangup'])
    expect(line.of('warning')).toEqual([])
    expect(line.rig.expected).toHaveLength(1)
  })

  it.each([
    ['no-answer', 'no-answer'],
    ['busy', 'busy'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ] as const)('comes back to the agent, which knows all, when the human is %s', async (status, how) => {
    await using line = await openLine({ dial: () => ({ status, ringMs: 20 }) })
    const { rig } = line
    const first = await rig.answered(0)
    rig.clock.advance(3000)
    await first.end({ reason: 'handed-over' }, { next: transfer, said: hello })
    const again = await rig.answered(1)
    const happened = { type: 'transfer-failed', destination: 'the front desk', how }
    const resumed = { happened, said: hello, spentMs: 3000 }
    expect(again.info).toEqual({ callId: CALL, from: FROM, to: TO, resumed })
    // Its model has been on its way since we answered.
    expect(rig.expected).toEqual([{ callId: CALL, from: FROM, to: TO }, again.info])
    // It tries somebody else, who is there; the agent has told us all that was said.
    const said: Farewell['said'] = [...hello, { speaker: 'agent', heard: 'Nobody is there.', unheard: '' }]
    await again.end(left, { next: { ...transfer, destination: 'the back office' }, said })
    const last = await rig.answered(2)
    expect(last.info.resumed).toEqual({
      happened: { type: 'transfer-failed', destination: 'the back office', how },
      said,
      spentMs: 3000,
    })
    await last.end(left)
    expect(await line.call.ended).toMatchObject({ by: 'server' })
    expect(line.verbs()).toEqual(['stream', 'dial', 'stream', 'dial', 'stream', 'hangup'])
    expect(new Set(line.of('stream-started').map(({ streamSid }) => streamSid)).size).toBe(3)
  })

  it('is asked for in signed requests, queries and all', async () => {
    const authToken = '0123456789abcdef0123456789abcdef'
    await using line = await openLine(
      { authToken, dial: () => ({ status: 'busy', ringMs: 20 }) },
      { authTokens: [authToken] },
    )
    await (await line.rig.answered(0)).end(left, { next: transfer, said: hello })
    await (await line.rig.answered(1)).end(left)
    expect(await line.call.ended).toMatchObject({ by: 'server', status: 'completed' })
    expect(line.verbs()).toEqual(['stream', 'dial', 'stream', 'hangup'])
  })

  it('who hangs up while it rings is gone', async () => {
    await using line = await openLine({ dial: () => ({ status: 'no-answer', ringMs: 60_000 }) })
    const ringing = line.call.next('verb', ({ verb }) => verb.type === 'dial')
    await (await line.rig.answered(0)).end(left, { next: transfer, said: hello })
    await ringing
    line.call.hangUp()
    expect(await line.call.ended).toMatchObject({ by: 'caller' })
    expect(line.rig.expected).toHaveLength(1)
  })

  it('comes back also while no new call is welcome: it is our call already', async () => {
    await using line = await openLine({ dial: () => ({ status: 'busy', ringMs: 20 }) })
    const { end } = await line.rig.answered(0)
    line.rig.admission.open = false
    await end(left, { next: transfer, said: hello })
    expect((await line.rig.answered(1)).info.resumed?.said).toEqual(hello)
  })

  it('who has heard and said very much is reminded of the end of it', async () => {
    await using line = await openLine({ dial: () => ({ status: 'busy', ringMs: 20 }) })
    const long = Array.from({ length: 300 }, (_, n) => ({ speaker: 'caller' as const, text: `${n}` }))
    await (await line.rig.answered(0)).end(left, { next: transfer, said: long })
    const second = await line.rig.answered(1)
    expect(second.info.resumed?.said).toEqual(long.slice(100))
    const heavy = long.map(({ speaker }) => ({ speaker, text: 'x'.repeat(1000) }))
    await second.end(left, { next: transfer, said: heavy })
    expect((await line.rig.answered(2)).info.resumed?.said).toEqual(heavy.slice(0, 65))
  })
})

describe('a caller for whom digits are sent', () => {
  it('is back with the agent when they have been played', async () => {
    await using line = await openLine()
    await (await line.rig.answered(0)).end(left, { next: digits, said: hello })
    const again = await line.rig.answered(1)
    expect(again.info.resumed).toEqual({ happened: { type: 'digits-sent' }, said: hello, spentMs: 0 })
    expect(line.of('verb').map(({ verb }) => verb)).toMatchObject([
      { type: 'stream' },
      { type: 'play', digits: '12#' },
      { type: 'stream' },
    ])
    await again.end(left)
    expect(await line.call.ended).toMatchObject({ by: 'server' })
  })

  it('gets another stream when the one that should follow comes too late', async () => {
    await using line = await openLine()
    await (await line.rig.answered(0)).end(left, { next: { type: 'digits', digits: '1' }, said: hello })
    await line.call.next('verb', ({ verb }) => verb.type === 'play')
    // The token is old when it comes.
    line.rig.clock.advance(60_000)
    const again = await line.rig.answered(1)
    expect(again.info.resumed).toEqual({ happened: { type: 'line-broke' }, said: hello, spentMs: 60_000 })
  })

  it('again and again hears an apology: it goes round in circles', async () => {
    await using rig = await openRig()
    let { end } = await rig.dial()
    for (let n = 1; ; n++) {
      await end(left, { next: digits })
      const body = await (
        await rig.post(`/twilio/next?stream=${n}`, { CallSid: CALL, CallStatus: 'in-progress' })
      ).text()
      if (tokenIn(body) === undefined) break
      expect(n).toBeLessThan(100)
      const phone = await rig.connect()
      phone.start(tokenIn(body))
      ;({ end } = await rig.answered(n))
    }
    expect(rig.calls).toHaveLength(50)
  })
})

const tokenIn = (body: string) => /name="token" value="([^"]+)"/.exec(body)?.[1]
const inbound = { CallSid: CALL, From: FROM, To: TO, CallStatus: 'ringing' }
const inProgress = { ...inbound, CallStatus: 'in-progress' }

describe('a question that Twilio repeats gets the same answer', () => {
  it('to the webhook, until its stream is there', async () => {
    await using rig = await openRig()
    const ask = async () => (await rig.post('/twilio/voice', inbound)).text()
    const first = await ask()
    rig.admission.open = false
    expect(await ask()).toBe(first)
    expect(rig.expected).toHaveLength(1)
    const phone = await rig.connect()
    phone.start(tokenIn(first))
    const { info } = await rig.answered(0)
    expect(info.resumed).toBeUndefined()
    // Whoever asks now goes on with the call.
    const second = await ask()
    expect(tokenIn(second)).not.toBe(tokenIn(first))
    expect(await ask()).toBe(second)
    expect(rig.expected.at(-1)?.resumed?.happened).toEqual({ type: 'line-broke' })
  })

  it('to what comes after a stream, with a token that is good once', async () => {
    await using rig = await openRig()
    const ask = async (path: string, form = {}) => (await rig.post(path, { ...inProgress, ...form })).text()
    const { end } = await rig.dial()
    await end(left, { next: digits, said: hello })
    const played = await ask('/twilio/next?stream=1')
    expect(await ask('/twilio/next?stream=1')).toBe(played)
    expect(rig.expected).toHaveLength(2)
    const phone = await rig.connect()
    phone.start(tokenIn(played))
    const second = await rig.answered(1)
    // A late one takes nothing away from the stream that it led to.
    expect(await ask('/twilio/next?stream=1')).toBe(played)
    await phone.settle()
    expect(phone.socket.readyState).toBe(phone.socket.OPEN)
    await second.end(left, { next: transfer })
    const dialled = await ask('/twilio/next?stream=2')
    expect(dialled).toContain(`<Number>${DESK}</Number>`)
    expect(await ask('/twilio/next?stream=2')).toBe(dialled)
    const failed = { DialCallStatus: 'busy', DialCallSid: 'CA99' }
    const back = await ask('/twilio/next?stream=2', failed)
    expect(await ask('/twilio/next?stream=2', failed)).toBe(back)
    expect(rig.expected).toHaveLength(3)
  })
})

it('a call that nobody could get ready for is answered all the same', async () => {
  const failing = () => {
    throw new Error('no agent')
  }
  await using line = await openLine({}, { expectCall: failing })
  expect((await line.rig.answered(0)).info.callId).toBe(CALL)
  expect(line.rig.records).toContainEqual(
    expect.objectContaining({ level: 'error', message: 'getting ready for a call failed' }),
  )
})

it('a transfer that nobody remembers ends the call when it was taken, else the caller comes back', async () => {
  await using rig = await openRig()
  const ask = async (DialCallStatus: string) =>
    (await rig.post('/twilio/next?stream=1', { ...inProgress, DialCallStatus, DialCallSid: 'CA99' })).text()
  expect(await ask('completed')).toBe('<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>')
  expect(await ask('no-answer')).toContain('<Stream')
  expect(rig.expected[0]?.resumed).toEqual({ happened: { type: 'line-broke' }, said: [], spentMs: 0 })
})

it.each([
  ['digits are played', digits, [], [{}]],
  ['a human did not answer', transfer, [{}, { DialCallStatus: 'no-answer', DialCallSid: 'CA99' }], []],
])('a drain waits for who is between two streams: %s', async (_, next, before, during) => {
  await using rig = await openRig()
  const [switchboard] = rig.switchboards
  let body = ''
  const ask = async (form = {}) => {
    body = await (await rig.post('/twilio/next', { ...inProgress, ...form })).text()
    return body
  }
  await (await rig.dial()).end(left, { next })
  await rig.streamEnded()
  for (const form of before) await ask(form)
  let settled = false
  const settling = switchboard?.settle(3000).then(() => {
    settled = true
  })
  for (const form of during) await ask(form)
  const phone = await rig.connect()
  phone.start(tokenIn(body))
  await (await rig.answered(1)).end({ reason: 'shutdown' })
  await rig.streamEnded(2)
  expect(settled).toBe(false)
  expect(await ask()).toContain('&amp;handed=1</Redirect>')
  await settling
})

it('who is dialled, and what was said, is not for the log; the name of the destination is', async () => {
  await using line = await openLine({ dial: () => ({ status: 'busy', ringMs: 20 }) })
  await (await line.rig.answered(0)).end(left, { next: transfer, said: hello })
  await (await line.rig.answered(1)).end(left, { next: digits })
  await line.rig.answered(2)
  await until(() => line.rig.records.filter(({ message }) => message === 'after the stream').length === 3)
  const log = JSON.stringify(line.rig.records)
  for (const secret of [DESK, FROM, TO, '12#', 'A human, please']) expect(log).not.toContain(secret)
  expect(line.rig.records).toContainEqual({
    ...{ level: 'info', message: 'after the stream' },
    fields: {
      ...{ callId: CALL, next: 'come-back', status: 'in-progress' },
      ...{ destination: 'the front desk', dialled: 'busy' },
    },
  })
})
