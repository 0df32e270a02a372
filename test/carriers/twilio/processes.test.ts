import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../../src/call/events.ts'
import type { CallStore } from '../../../src/call/store.ts'
import { ask, inbound, info, inProgress, openHouse, PUBLIC, TOKEN, takeUp } from './house.ts'
import { CALL } from './phone.ts'
import { EPOCH, sign, until } from './rig.ts'

const FALLBACK = '+15550999'
const said = [{ speaker: 'caller' as const, text: 'A table for two, please.' }]
const words: CallEvent = { atMs: 0, type: 'said', speaker: 'caller', itemId: 'i1', place: 0, text: said[0]?.text ?? '' }
const broke = { type: 'line-broke' } as const
const lost = { reason: 'carrier-lost', code: 'carrier-lost' } as const

describe('between processes that share all calls', () => {
  it('a stream that one has promised comes to another, which knows who calls whom, and what it comes to is known to all', async () => {
    const { open } = openHouse()
    await using one = await open()
    await using two = await open()
    const { info: known, end } = await takeUp(two, await ask(one, '/twilio/voice', inbound))
    expect(known).toEqual(info)
    await end(
      { reason: 'agent-hung-up' },
      { next: { type: 'transfer', destination: 'sales', number: '+15550100' }, said },
    )
    await until(() => two.records.some(({ message }) => message === 'media stream ended'))
    expect(await ask(one, '/twilio/next?stream=1')).toContain('<Number>+15550100</Number>')
    const failed = { ...inProgress, DialCallStatus: 'busy', DialCallSid: 'CA99' }
    const back = await ask(two, '/twilio/next?stream=1', failed)
    const happened = { type: 'transfer-failed', destination: 'sales', how: 'busy' }
    expect((await takeUp(one, back)).info.resumed).toMatchObject({ happened })
  })

  it('a token is taken by one of them only', async () => {
    const { open } = openHouse()
    await using one = await open()
    await using two = await open()
    const body = await ask(one, '/twilio/voice', inbound)
    await takeUp(two, body)
    await using three = await open()
    // Nor by the one that gave it.
    for (const other of [one, three]) {
      const phone = await other.connect({ 'x-twilio-signature': sign(TOKEN, 'wss://pub.example.com/twilio/media') })
      phone.start(/name="token" value="([^"]+)"/.exec(body)?.[1])
      expect(await phone.closed).toBe(1008)
    }
  })

  it('what one was told of the end of a call is known to all', async () => {
    const { open } = openHouse()
    await using one = await open()
    await using two = await open()
    await takeUp(one, await ask(one, '/twilio/voice', inbound))
    const over = { ...inbound, CallStatus: 'completed' }
    await two.post('/twilio/call-status', over, {
      'x-twilio-signature': sign(TOKEN, `${PUBLIC}/twilio/call-status`, over),
    })
    await using three = await open()
    expect(await ask(three, '/twilio/next?stream=1')).toContain('<Response><Hangup/></Response>')
  })

  it('a call whose process is stopped is handed over, and that does not count', async () => {
    const { store, open } = openHouse({ resume: { max: 0, windowMs: 60_000 }, fallbackNumber: FALLBACK })
    await using one = await open()
    await using two = await open()
    const { end } = await takeUp(one, await ask(one, '/twilio/voice', inbound))
    store.append(CALL, words)
    for (const switchboard of one.switchboards) switchboard.close()
    await end({ reason: 'shutdown' }, { said })
    await one.streamEnded()
    const wait = await ask(one, '/twilio/next?stream=1')
    expect(wait).toMatch(/<Pause length="1"\/><Redirect method="POST">[^<]*\?stream=1&amp;handed=1<\/Redirect>/)
    expect(one.admission.places.size).toBe(0)
    const back = await ask(two, '/twilio/next?stream=1&handed=1')
    expect((await takeUp(two, back)).info.resumed).toMatchObject({ happened: broke, said })
    // Where nobody else is, somebody has to be found.
    expect(await ask(one, '/twilio/next?stream=1&handed=10')).toContain(`<Number>${FALLBACK}</Number>`)
  })

  it('who comes back from a transfer while the process goes down comes back to another one, which knows how it went', async () => {
    const { store, open } = openHouse()
    await using one = await open()
    await using two = await open()
    const { end } = await takeUp(one, await ask(one, '/twilio/voice', inbound))
    store.append(CALL, words)
    await end(
      { reason: 'handed-over' },
      { next: { type: 'transfer', destination: 'sales', number: '+15550100' }, said },
    )
    await one.streamEnded()
    await ask(one, '/twilio/next?stream=1')
    for (const switchboard of one.switchboards) switchboard[Symbol.dispose]()
    const dialled = { ...inProgress, DialCallStatus: 'busy', DialCallSid: 'CA99' }
    const wait = await ask(one, '/twilio/next?stream=1', dialled)
    expect(wait).toContain('/twilio/next?stream=1&amp;dialled=busy&amp;handed=1</Redirect>')
    const happened = { type: 'transfer-failed', destination: 'sales', how: 'busy' }
    const back = await ask(two, '/twilio/next?stream=1&dialled=busy&handed=1')
    expect((await takeUp(two, back)).info.resumed).toEqual({ happened, said, spentMs: 0 })
  })
})

it('no number of a caller is put into the store', async () => {
  const { store, open } = openHouse()
  const kept: unknown[] = []
  const noting: CallStore = {
    isShared: true,
    keep: (record) => {
      kept.push(record)
      store.keep(record)
    },
    append: () => {},
    claim: (ticket, untilAt) => store.claim(ticket, untilAt),
    recall: (callId) => store.recall(callId),
    forget: (at) => store.forget(at),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
  await using rig = await open({ store: noting })
  const { end } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
  await end(lost)
  await takeUp(rig, await ask(rig, '/twilio/next?stream=1'))
  expect(kept).toHaveLength(3)
  expect(kept.at(-1)).toEqual({ callId: CALL, openedAt: EPOCH, streams: 2, recoveries: [EPOCH] })
  expect(JSON.stringify(kept)).not.toMatch(/4155550123|4155550199/)
})
