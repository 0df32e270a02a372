import { describe, expect, it } from 'vitest'
import { CallError } from '../../../src/base/errors.ts'
import type { CallOutcome } from '../../../src/call/events.ts'
import { CALL } from './phone.ts'
import { listenTo, openRig } from './rig.ts'

type Rig = Awaited<ReturnType<typeof openRig>>

async function heardNext(rig: Rig, form: Record<string, string> = {}): Promise<string> {
  const reply = await rig.post('/twilio/next', { CallSid: CALL, CallStatus: 'in-progress', ...form })
  expect(reply.status).toBe(200)
  expect(reply.headers.get('content-type')).toMatch(/^text\/xml/)
  const body = await reply.text()
  if (body.includes('<Stream')) return 'come back'
  expect(body).toContain('<Hangup/>')
  if (body.includes('something went wrong')) return 'apology'
  return body.includes('lines are busy') ? 'busy' : 'hang-up'
}

describe('after a call that ended with', () => {
  const rows: [CallOutcome, string][] = [
    [{ reason: 'caller-hung-up' }, 'hang-up'],
    [{ reason: 'agent-hung-up' }, 'hang-up'],
    [{ reason: 'operator-hung-up' }, 'hang-up'],
    [{ reason: 'handed-over' }, 'hang-up'],
    [{ reason: 'max-duration' }, 'hang-up'],

    [{ reason: 'carrier-lost', code: 'carrier-lost' }, 'come back'],
    [{ reason: 'provider-lost' }, 'apology'],
    [{ reason: 'provider-lost', code: 'provider-refused' }, 'apology'],
    [{ reason: 'provider-lost', code: 'provider-timeout' }, 'apology'],
    [{ reason: 'provider-lost', code: 'provider-busy' }, 'busy'],
  ]
  it.each(rows)('%j the caller gets: %s', async (outcome, expected) => {
    await using rig = await openRig()
    const { end } = await rig.dial()
    await end(outcome)
    expect(await heardNext(rig)).toBe(expected)
    // Twilio may ask twice; the answer is the same.
    expect(await heardNext(rig)).toBe(expected)
  })
})

it('the outcome is known as soon as the phone can see that we hung up', async () => {
  await using rig = await openRig()
  for (let n = 0; n < 20; n++) {
    const callSid = `CAquick${n}`
    const { phone, end } = await rig.dial(callSid)
    const heard = phone.closed.then(() => heardNext(rig, { CallSid: callSid }))
    await end({ reason: 'provider-lost', code: 'provider-busy' })
    expect(await heard).toBe('busy')
  }
})

it('a call whose answering failed ends with an apology, and its leg is hung up', async () => {
  await using rig = await openRig()
  const { phone, fail } = await rig.dial()
  fail(new CallError('provider-busy', 'no room'))
  expect(await phone.closed).toBe(1000)
  expect(await heardNext(rig)).toBe('busy')
  expect(rig.records).toContainEqual(expect.objectContaining({ level: 'error', message: 'answering the call failed' }))
})

it('a call whose stream never came gets another, a few times', async () => {
  await using rig = await openRig()
  await rig.announce()
  for (let n = 0; n < 3; n++) expect(await heardNext(rig)).toBe('come back')
  expect(await heardNext(rig)).toBe('apology')
  // It was greeted by nobody yet, so it is greeted.
  expect(rig.expected.map(({ resumed }) => resumed)).toEqual([undefined, undefined, undefined, undefined])
})

it('a call that nobody knows is hung up', async () => {
  await using rig = await openRig()
  expect(await heardNext(rig)).toBe('hang-up')
})

it('an outcome that is ten minutes old is the store’s to remember', async () => {
  await using rig = await openRig()
  const { phone, end } = await rig.dial()
  await end({ reason: 'provider-lost' })
  await phone.closed
  rig.clock.advance(10 * 60_000)
  expect(await heardNext(rig)).toBe('apology')
})

it('when Twilio is done with a stream that looks open to us, the call learns that its line is lost', async () => {
  await using rig = await openRig()
  const { phone, leg } = await rig.dial()
  const events = listenTo(leg)
  expect(await heardNext(rig)).toBe('come back')
  expect(events).toMatchObject([{ type: 'closed', by: 'error', error: { code: 'carrier-lost' } }])
  expect(await phone.closed).toBe(1000)
})

it('when the caller has hung up, a question that overtakes `stop` takes nothing away from the call', async () => {
  await using rig = await openRig()
  const { phone, leg } = await rig.dial()
  const events = listenTo(leg)
  expect(await heardNext(rig, { CallStatus: 'completed' })).toBe('hang-up')
  expect(events).toEqual([])
  phone.stop()
  await phone.settle()
  expect(events).toEqual([{ type: 'closed', by: 'caller' }])
})

it('a second stream of the same call takes over, and its outcome counts', async () => {
  await using rig = await openRig()
  const first = await rig.dial()
  const events = listenTo(first.leg)
  const second = await rig.dial()
  expect(events).toMatchObject([{ type: 'closed', by: 'error' }])
  await second.end({ reason: 'agent-hung-up' })
  await first.end({ reason: 'carrier-lost' })
  expect(await heardNext(rig)).toBe('hang-up')
})
