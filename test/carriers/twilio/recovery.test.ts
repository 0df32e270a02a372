import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../../src/call/events.ts'
import type { CallStore } from '../../../src/call/store.ts'
import { ask, inbound, info, inProgress, openHouse, takeUp } from './house.ts'
import { CALL } from './phone.ts'

const FALLBACK = '+15550999'
const said = [{ speaker: 'caller' as const, text: 'A table for two, please.' }]
const words: CallEvent = { atMs: 0, type: 'said', speaker: 'caller', itemId: 'i1', place: 0, text: said[0]?.text ?? '' }
const broke = { type: 'line-broke' } as const
const lost = { reason: 'carrier-lost', code: 'carrier-lost' } as const

describe('a caller whose line broke', () => {
  it.each<[string, (phone: Awaited<ReturnType<typeof takeUp>>['phone']) => void]>([
    ['without a word', (phone) => phone.socket.terminate()],
    ['in an orderly way, without `stop`', (phone) => phone.socket.close(1000)],
    ['with an error', (phone) => phone.socket.close(1011)],
    ['with what is no frame', (phone) => phone.raw('x'.repeat(70_000))],
  ])('%s is back with what was said, and it is the same call', async (_, end) => {
    const { clock, open } = openHouse()
    await using rig = await open({ deaf: true })
    const { phone, end: finish } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
    clock.advance(3000)
    end(phone)
    await rig.streamEnded()
    await finish(lost, { said })
    const back = await ask(rig, '/twilio/next?stream=1')
    expect((await takeUp(rig, back)).info).toEqual({ ...info, resumed: { happened: broke, said, spentMs: 3000 } })
    expect(rig.admission.places).toEqual(new Set([CALL]))
  })

  it('is not called back when Twilio says that the call is over', async () => {
    await using rig = await openHouse().open()
    const { phone } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
    phone.socket.close(1000)
    await rig.streamEnded()
    expect(await ask(rig, '/twilio/next?stream=1', { ...inProgress, CallStatus: 'completed' })).toContain(
      '<Response><Hangup/></Response>',
    )
    expect(rig.admission.places.size).toBe(0)
  })

  it('is back three times in five minutes, then is put through to the fallback number, and hears why nobody is there', async () => {
    const { clock, open } = openHouse({ fallbackNumber: FALLBACK })
    await using rig = await open()
    let body = await ask(rig, '/twilio/voice', inbound)
    for (let n = 1; n <= 4; n++) {
      expect(body).toContain(`/twilio/next?stream=${n}"`)
      const { phone } = await takeUp(rig, body)
      phone.socket.terminate()
      await rig.streamEnded(n)
      clock.advance(50_000)
      body = await ask(rig, `/twilio/next?stream=${n}`)
    }
    expect(body).toContain(`<Number>${FALLBACK}</Number>`)
    expect(body).toContain('action="https://pub.example.com/twilio/next?else=apology"')
    expect(rig.expected).toHaveLength(4)
    expect(rig.admission.places.size).toBe(0)
    const notTaken = { ...inProgress, DialCallStatus: 'busy', DialCallSid: 'CA99' }
    expect(await ask(rig, '/twilio/next?else=apology', notTaken)).toContain('something went wrong')
    const taken = { ...inProgress, DialCallStatus: 'completed', DialCallSid: 'CA98' }
    expect(await ask(rig, '/twilio/next?else=apology', taken)).toContain('<Response><Hangup/></Response>')
    // What is older than five minutes does not count any more.
    clock.advance(160_000)
    expect(await ask(rig, '/twilio/next?stream=5')).toContain('<Stream')
  })

  it('and whose call does not notice is back with what the store has of it', async () => {
    const { clock, store, open } = openHouse()
    await using rig = await open({ deaf: true })
    const { phone } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
    store.append(CALL, words)
    const back = ask(rig, '/twilio/next?stream=1')
    await phone.closed
    clock.advance(300)
    expect((await takeUp(rig, await back)).info.resumed).toEqual({ happened: broke, said, spentMs: 300 })
  })

  it('and whose model was lost too is put through to the fallback number', async () => {
    await using rig = await openHouse({ fallbackNumber: FALLBACK }).open()
    const { end } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
    await end({ reason: 'provider-lost', code: 'provider-busy' })
    expect(await ask(rig, '/twilio/next?stream=1')).toContain('/twilio/next?else=busy" method="POST"')
  })
})

describe('a caller whose process died', () => {
  it('goes on with another one that shares the store', async () => {
    const { clock, store, open } = openHouse()
    await using one = await open()
    await using two = await open()
    await takeUp(one, await ask(one, '/twilio/voice', inbound))
    store.append(CALL, words)
    clock.advance(2000)
    const back = await ask(two, '/twilio/next?stream=1')
    const { info: resumed, end } = await takeUp(two, back)
    expect(resumed).toEqual({ ...info, resumed: { happened: broke, said, spentMs: 2000 } })
    expect(two.expected).toEqual([resumed])
    expect(two.admission.places).toEqual(new Set([CALL]))
    await end({ reason: 'agent-hung-up' })
    expect(await ask(two, '/twilio/next?stream=2')).toContain('<Response><Hangup/></Response>')
  })

  it('goes on also when it is the webhook that is asked, as its own fallback', async () => {
    const { store, open } = openHouse()
    await using one = await open()
    await using two = await open()
    await takeUp(one, await ask(one, '/twilio/voice', inbound))
    store.append(CALL, words)
    // No new call is welcome, but this one is ours.
    two.admission.open = false
    const back = await ask(two, '/twilio/voice')
    expect((await takeUp(two, back)).info.resumed).toEqual({ happened: broke, said, spentMs: 0 })
  })

  it('before a word was said is greeted as if nothing had been', async () => {
    const { open } = openHouse()
    await using one = await open()
    await using two = await open()
    await ask(one, '/twilio/voice', inbound)
    expect((await takeUp(two, await ask(two, '/twilio/voice'))).info).toEqual(info)
  })

  it('goes on although the store does not answer, and although nobody has heard of the call', async () => {
    const { store, open } = openHouse()
    const broken: CallStore = {
      isShared: true,
      keep: () => {},
      append: () => {},
      claim: (ticket, untilAt) => store.claim(ticket, untilAt),
      recall: () => Promise.reject(new Error('late')),
      forget: async () => 0,
      async [Symbol.asyncDispose]() {},
    }
    await using two = await open({ store: broken })
    const back = await ask(two, '/twilio/next?stream=3')
    expect(back).toContain('/twilio/next?stream=4"')
    expect((await takeUp(two, back)).info).toEqual({ ...info, resumed: { happened: broke, said: [], spentMs: 0 } })
    expect(two.records).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/store/) }),
    )
  })

  it('is not taken for who hung up before, in a process that has not heard of the rest', async () => {
    const { store, open } = openHouse()
    const silent = (ask: CallStore['recall']): CallStore => ({
      ...{ keep: () => {}, append: () => {}, claim: (ticket, untilAt) => store.claim(ticket, untilAt), recall: ask },
      ...{ isShared: true, forget: async () => 0, async [Symbol.asyncDispose]() {} },
    })
    await using rig = await open({ store: silent(() => Promise.reject(new Error('late'))) })
    const { end } = await takeUp(rig, await ask(rig, '/twilio/voice', inbound))
    await end({ reason: 'agent-hung-up' })
    await rig.streamEnded()
    expect(await ask(rig, '/twilio/next?stream=2')).toContain('/twilio/next?stream=3"')
  })

  it('as often as that happens, in whatever processes, counts as one line that broke too often', async () => {
    const { open } = openHouse()
    await using one = await open()
    await ask(one, '/twilio/voice', inbound)
    const answers: string[] = []
    for (let n = 1; n <= 4; n++) {
      await using next = await open()
      answers.push(await ask(next, `/twilio/next?stream=${n}`))
    }
    expect(answers.map((body) => body.includes('<Stream'))).toEqual([true, true, true, false])
    expect(answers[3]).toContain('something went wrong')
  })
})
