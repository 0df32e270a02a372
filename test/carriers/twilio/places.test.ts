import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { EndReason } from '../../../src/call/events.ts'
import type { Continuation } from '../../../src/call/info.ts'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import { readAsked } from '../../../src/carriers/twilio/asked.ts'
import type { Line } from '../../../src/carriers/twilio/register.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import { CALL } from './phone.ts'
import { FakeAdmission, openRig, switchboardOptions } from './rig.ts'

const inbound = { CallSid: CALL, From: '+14155550123', To: '+14155550199', CallStatus: 'ringing' }
const inProgress = { ...inbound, CallStatus: 'in-progress' }
const FALLBACK = '+15550999'
const tokenIn = (body: string) => /name="token" value="([^"]+)"/.exec(body)?.[1]

describe('a caller for whom there is no room', () => {
  const ask = async (rig: Awaited<ReturnType<typeof openRig>>, path = '/twilio/voice', form = inbound) => {
    const reply = await rig.post(path, form)
    expect(reply.status).toBe(200)
    return reply.text()
  }

  it('hears that all lines are busy', async () => {
    await using rig = await openRig({ overflow: { plan: 'say', queueMaxS: 60 }, fallbackNumber: FALLBACK })
    rig.admission.open = false
    expect(await ask(rig)).toMatch(/<Response><Say>[^<]*busy[^<]*<\/Say><Hangup\/><\/Response>/)
    expect(rig.records).toContainEqual({
      ...{ level: 'warn', message: 'call turned away' },
      fields: { callId: CALL, refusal: 'all-lines-busy', plan: 'words', waitedS: 0 },
    })
  })

  it('is put through to the fallback number, and hears it when nobody is there', async () => {
    await using rig = await openRig({ overflow: { plan: 'dial', queueMaxS: 60 }, fallbackNumber: FALLBACK })
    rig.admission.open = false
    const body = await ask(rig)
    expect(body).toContain(`callerId="+14155550123"><Number>${FALLBACK}</Number>`)
    expect(body).toContain('/twilio/next?else=busy"')
    const gone = { ...inProgress, DialCallStatus: 'no-answer', DialCallSid: 'CA99' }
    expect(await ask(rig, '/twilio/next?else=busy', gone)).toContain('lines are busy')
    expect(rig.expected).toEqual([])
  })

  it('is held, and comes in as soon as there is room', async () => {
    await using rig = await openRig({ overflow: { plan: 'queue', queueMaxS: 60 } })
    rig.admission.open = false
    const held = await ask(rig)
    expect(held).toMatch(/<Say>[^<]*hold[^<]*<\/Say><Pause length="1"\/><Redirect method="POST">[^<]*\?waited=5</)
    const still = await ask(rig, '/twilio/voice?waited=5', inProgress)
    expect(still).toMatch(/<Say>[^<]*hold[^<]*<\/Say><Pause length="1"\/><Redirect method="POST">[^<]*\?waited=10</)
    expect(rig.admission.places.size).toBe(0)
    rig.admission.open = true
    const phone = await rig.connect()
    phone.start(tokenIn(await ask(rig, '/twilio/voice?waited=10', inProgress)))
    expect((await rig.answered(0)).info.resumed).toBeUndefined()
  })

  it('is not held for ever', async () => {
    await using rig = await openRig({ overflow: { plan: 'queue', queueMaxS: 60 } })
    rig.admission.open = false
    expect(await ask(rig, '/twilio/voice?waited=60', inProgress)).toContain('lines are busy')
  })

  it('because we are going down is not held, for nobody would be there, and our own callers go on', async () => {
    await using rig = await openRig({ overflow: { plan: 'queue', queueMaxS: 60 } })
    const { phone } = await rig.dial()
    for (const switchboard of rig.switchboards) switchboard.close()
    expect(await ask(rig, '/twilio/voice', { ...inbound, CallSid: 'CA2' })).toContain('busy')
    expect(rig.records).toContainEqual(
      expect.objectContaining({ fields: expect.objectContaining({ refusal: 'draining' }) }),
    )
    phone.socket.terminate()
    await rig.streamEnded()
    expect(await ask(rig, '/twilio/next?stream=1', inProgress)).toContain('<Stream')
  })
})

it('who waits for all calls to be gone waits for one that was announced, too', async () => {
  await using rig = await openRig()
  const [switchboard] = rig.switchboards
  const token = await rig.announce()
  switchboard?.close()
  let settled = false
  const settling = switchboard?.settle(600_000).then(() => {
    settled = true
  })
  const phone = await rig.connect()
  phone.start(token)
  const { end } = await rig.answered(0)
  rig.clock.advance(9000)
  await end({ reason: 'agent-hung-up' })
  await rig.streamEnded()
  expect(settled).toBe(false)
  await rig.post('/twilio/next?stream=1', inProgress)
  await settling
  expect(rig.admission.places.size).toBe(0)
})

it('a call that was announced and never comes gives its place back in a minute', async () => {
  await using rig = await openRig()
  await rig.announce()
  rig.clock.advance(59_999)
  expect(rig.admission.places.size).toBe(1)
  rig.clock.advance(1)
  expect(rig.admission.places.size).toBe(0)
})

it('a caller who is transferred keeps the place until a human has taken the call', async () => {
  await using rig = await openRig()
  const { end } = await rig.dial()
  await end({ reason: 'handed-over' }, { next: { type: 'transfer', destination: 'sales', number: '+15550100' } })
  await rig.streamEnded()
  await rig.post('/twilio/next?stream=1', inProgress)
  rig.clock.advance(34_999)
  expect(rig.admission.places.size).toBe(1)
  rig.clock.advance(1)
  expect(rig.admission.places.size).toBe(0)
})

it.each<[string, EndReason, string]>([
  ['hung up', 'agent-hung-up', '<Response><Hangup/>'],
  ['put through to the fallback number', 'provider-lost', FALLBACK],
])('a caller who is %s gives the place back with that', async (_, reason, heard) => {
  await using rig = await openRig({ fallbackNumber: FALLBACK })
  const { end } = await rig.dial()
  await end({ reason })
  await rig.streamEnded()
  expect(rig.admission.places.size).toBe(1)
  expect(await (await rig.post('/twilio/next?stream=1', inProgress)).text()).toContain(heard)
  expect(rig.admission.places.size).toBe(0)
})

it('a caller who hung up gives the place back with `stop`', async () => {
  await using rig = await openRig()
  const { phone } = await rig.dial()
  phone.stop()
  phone.socket.close(1000)
  await rig.streamEnded()
  expect(rig.admission.places.size).toBe(0)
})

it('a stream that takes up an older promise keeps no place', async () => {
  await using rig = await openRig()
  const token = await rig.announce()
  // Twilio asks as if the stream had been and gone; then it comes.
  await rig.post('/twilio/next?stream=1', inProgress)
  const phone = await rig.connect()
  phone.start(token)
  const { end } = await rig.answered(0)
  await end({ reason: 'agent-hung-up' })
  await rig.streamEnded()
  expect(rig.admission.places.size).toBe(1)
  rig.clock.advance(60_000)
  expect(rig.admission.places.size).toBe(0)
})

describe('no place is kept', () => {
  const CALLS = ['CA1', 'CA2', 'CA3']
  const reasons: EndReason[] = ['caller-hung-up', 'agent-hung-up', 'carrier-lost', 'provider-lost', 'shutdown']
  const wishes: (Continuation | undefined)[] = [
    ...[undefined, undefined, { type: 'hang-up' as const }, { type: 'digits' as const, digits: '1' }],
    { type: 'transfer', destination: 'sales', number: '+15550100' },
  ]
  const step = fc.record({
    what: fc.constantFrom('voice', 'start', 'start', 'over', 'next', 'next', 'status', 'wait', 'close', 'full'),
    callId: fc.constantFrom(...CALLS),
    reason: fc.constantFrom(...reasons),
    wish: fc.constantFrom(...wishes),
    byCaller: fc.boolean(),
    status: fc.constantFrom('ringing', 'in-progress', 'in-progress', 'completed'),
    dialled: fc.constantFrom('', '', 'busy', 'completed'),
    ms: fc.constantFrom(100, 5000, 40_000, 70_000),
  })

  it('whatever happens in whatever order, when all of it is over', async () => {
    const run = async (steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) => {
      const clock = new ManualClock()
      const admission = new FakeAdmission()
      const switchboard = new Switchboard({ ...switchboardOptions(clock), admission, fallbackNumber: FALLBACK })
      const road = { address: readAddress('https://pub.example.com'), expect: () => '' }
      const tokens = new Map<string, string>()
      const urls = new Map<string, string>()
      const lines = new Map<string, Line[]>(CALLS.map((callId) => [callId, []]))
      const hear = (callId: string, body = '') => {
        tokens.set(callId, tokenIn(body) ?? tokens.get(callId) ?? '')
        urls.set(callId, /\/twilio\/next\?[^"<]*/.exec(body)?.[0].replaceAll('&amp;', '&') ?? '/twilio/next')
      }
      const over = (callId: string, line: Line, more: Partial<(typeof steps)[number]> = {}) => {
        const { reason = 'agent-hung-up', wish, byCaller = false } = more
        const farewell = { outcome: { reason }, said: [], ...(wish === undefined ? {} : { next: wish }) }
        switchboard.over(callId, line, { farewell, byCaller })
      }
      for (const one of steps) {
        const { what, callId } = one
        const form = { CallSid: callId, From: '', To: '', CallStatus: one.status, DialCallStatus: one.dialled }
        const asked = readAsked(urls.get(callId) ?? '')
        if (what === 'full') admission.open = !admission.open
        if (what === 'close') switchboard.close()
        if (what === 'wait') clock.advance(one.ms)
        if (what === 'status') switchboard.callStatus(form, callId)
        if (what === 'start') {
          const line: Line = { lose: async () => 'open' }
          const welcome = await switchboard.started({ callSid: callId, token: tokens.get(callId) }, line)
          if ('info' in welcome) lines.get(callId)?.push(line)
        }
        const line = what === 'over' ? lines.get(callId)?.shift() : undefined
        if (line !== undefined) over(callId, line, one)
        if (what === 'voice' || what === 'next') {
          const reply =
            what === 'voice' ? switchboard.announce(form, callId, 0, road) : switchboard.next(form, callId, asked, road)
          await setImmediate()
          clock.advance(300)
          hear(callId, (await reply).body)
        }
      }
      for (const [callId, open] of lines) for (const line of open) over(callId, line)
      await setImmediate()
      clock.advance(60_000)
      expect([...admission.places]).toEqual([])
      await switchboard.settle(0)
    }
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 25 }), run), { numRuns: 500 })
  })
})
