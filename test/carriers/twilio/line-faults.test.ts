import { expect, it } from 'vitest'
import { startSimulatedCall } from '../../../src/simulators/carrier/call.ts'
import type { PhoneEvent } from '../../../src/simulators/carrier/events.ts'
import type { Fault } from '../../../src/simulators/carrier/faults.ts'
import { CALL } from './phone.ts'
import { openRig } from './rig.ts'

// The carrier between a simulated phone company, whose line breaks, and calls that a test answers.

const told = { speaker: 'caller' as const, text: 'A table for two, please.' }

it.each<[string, Fault]>([
  ['breaks', { type: 'drop', atMs: 100 }],
  ['is closed without `stop`', { type: 'close', atMs: 100 }],
  ['is half-open', { type: 'half-open', atMs: 100 }],
])('a caller whose line %s is back in the same call', async (_, fault) => {
  await using rig = await openRig()
  await using call = startSimulatedCall({
    webhookUrl: `${rig.base}/twilio/voice`,
    ...{ callSid: CALL, from: '+14155550123', to: '+14155550199', record: false, faults: [fault] },
  })
  const events: PhoneEvent[] = []
  call.listen((event) => events.push(event))
  const again = await rig.answered(1)
  expect(again.info).toMatchObject({
    callId: CALL,
    from: '+14155550123',
    resumed: { happened: { type: 'line-broke' } },
  })
  // The second time it holds.
  await again.end({ reason: 'agent-hung-up' }, { said: [told] })
  expect(await call.ended).toMatchObject({ by: 'server', status: 'completed' })
  expect(events.flatMap((event) => (event.type === 'verb' ? [event.verb.type] : []))).toEqual([
    'stream',
    'stream',
    'hangup',
  ])
  expect(rig.admission.places.size).toBe(0)
})

it('a caller whose line breaks each time hears an apology in the end', async () => {
  await using rig = await openRig()
  await using call = startSimulatedCall({
    webhookUrl: `${rig.base}/twilio/voice`,
    ...{ callSid: CALL, record: false, faults: [{ type: 'drop', atMs: 40, stream: 'every' }] },
  })
  const sorry = call.next('verb', ({ verb }) => verb.type === 'say')
  expect(JSON.stringify(await sorry)).toContain('something went wrong')
  expect(rig.calls).toHaveLength(4)
})
