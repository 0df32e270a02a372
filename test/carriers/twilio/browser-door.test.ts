import { describe, expect, it } from 'vitest'
import type { Continuation, Farewell } from '../../../src/call/info.ts'
import { callSidOf, newKey } from './browser-key.ts'
import { openBrowserRig } from './browser-rig.ts'
import { frame, listenTo, sounds, until } from './rig.ts'

const DESK = '+15550100'
const transfer: Continuation = { type: 'transfer', destination: 'the front desk', number: DESK }
const left = { reason: 'agent-hung-up' } as const
const said: Farewell['said'] = [{ speaker: 'caller', text: 'A human, please.' }]

const tokenIn = (twiml: string) => /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? ''

describe("a call from an operator's browser", () => {
  it('is answered like any other, and heard both ways', async () => {
    await using rig = await openBrowserRig()
    const phoneKey = newKey()
    const { call, ended, handset, steps } = rig.call(phoneKey, '+15550002222')
    await until(() => rig.calls.length === 1)
    const [{ leg, info }] = rig.calls as [(typeof rig.calls)[number]]
    expect(info).toEqual({ callId: callSidOf(phoneKey), from: 'client:operator', to: '+15550002222' })
    const events = listenTo(leg)
    handset.listener?.frame(frame(1))
    handset.listener?.frame(frame(2))
    expect(call.press('5')).toBe(true)
    leg.play(frame(3))
    leg.mark('m1')
    await until(() => events.some(({ type }) => type === 'mark'))
    expect(sounds(events).map((sound) => sound.split(':')[1])).toEqual(['1', '2'])
    expect(events).toContainEqual({ type: 'dtmf', digit: '5' })
    expect(handset.played.map((audio) => [...audio])).toEqual([[...frame(3)]])
    leg.clear()
    await until(() => handset.cleared === 1)
    call.hangUp()
    expect(await ended).toEqual({ type: 'hung-up', by: 'caller' })
    await until(() => events.some(({ type }) => type === 'closed'))
    expect(events.at(-1)).toEqual({ type: 'closed', by: 'caller' })
    expect(steps.map(({ type }) => type)).toEqual(['calling', 'talking'])
  })

  it('calls whoever answers all other numbers when none is chosen', async () => {
    await using rig = await openBrowserRig()
    rig.call(newKey())
    await until(() => rig.calls.length === 1)
    expect(rig.calls[0]?.info).toMatchObject({ from: 'client:operator', to: 'client:default' })
  })

  it('goes to the process that was got ready for it', async () => {
    await using rig = await openBrowserRig({ behind: '/7' })
    rig.call(newKey())
    await until(() => rig.calls.length === 1)
    expect(rig.paths).toEqual(['/api/phone/media/7'])
  })

  it('is over when the agent hangs up', async () => {
    await using rig = await openBrowserRig()
    const { ended } = rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end(left)
    expect(await ended).toEqual({ type: 'hung-up', by: 'server' })
  })

  it.each(['no-answer', 'busy'] as const)('comes back to the agent when the human is %s', async (how) => {
    await using rig = await openBrowserRig()
    const { call, ended, steps } = rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end(left, { next: transfer, said })
    await until(() => steps.at(-1)?.type === 'dialling')
    expect(steps.at(-1)).toEqual({ type: 'dialling', number: DESK })
    call.settle(how)
    await until(() => rig.calls.length === 2)
    const happened = { type: 'transfer-failed', destination: 'the front desk', how }
    expect(rig.calls[1]?.info.resumed).toMatchObject({ happened, said })
    await rig.calls[1]?.end(left)
    expect(await ended).toEqual({ type: 'hung-up', by: 'server' })
  })

  it('is over when the human has taken it', async () => {
    await using rig = await openBrowserRig()
    const { call, ended, steps } = rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end(left, { next: transfer })
    await until(() => steps.at(-1)?.type === 'dialling')
    call.settle('completed')
    expect(await ended).toEqual({ type: 'hung-up', by: 'server' })
  })

  it('hears the digits that the agent sends, and the agent again', async () => {
    await using rig = await openBrowserRig()
    const phone = rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end(left, { next: { type: 'digits', digits: '12#' } })
    await until(() => rig.calls.length === 2)
    expect(phone.said).toEqual(['12#'])
    expect(rig.calls[1]?.info.resumed?.happened).toEqual({ type: 'digits-sent' })
  })

  it('comes back when its line broke', async () => {
    await using rig = await openBrowserRig()
    rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end({ reason: 'carrier-lost' })
    await until(() => rig.calls.length === 2)
    expect(rig.calls[1]?.info.resumed?.happened).toEqual({ type: 'line-broke' })
  })

  it('that the house has no room for hears its words, or is held and asks again', async () => {
    const admission = { ask: () => 'all-lines-busy' as const, left: () => undefined }
    await using busy = await openBrowserRig({ admission })
    const turnedAway = busy.call(newKey())
    expect(await turnedAway.ended).toEqual({ type: 'hung-up', by: 'server' })
    expect(turnedAway.said).toEqual([expect.stringContaining('all our lines are busy')])
    await using queue = await openBrowserRig({ admission, overflow: { plan: 'queue', queueMaxS: 11 } })
    const held = queue.call(newKey(), undefined, { wait: async () => undefined })
    expect(await held.ended).toEqual({ type: 'hung-up', by: 'server' })
    expect(held.said.map((words) => words.includes('hold the line'))).toEqual([true, true, false])
  })

  it('that hung up between two streams leaves its place at once', async () => {
    const left: string[] = []
    const admission = { ask: () => undefined, left: (callId: string) => void left.push(callId) }
    await using rig = await openBrowserRig({ admission })
    const { call, ended, steps } = rig.call(newKey())
    await until(() => rig.calls.length === 1)
    await rig.calls[0]?.end({ reason: 'handed-over' }, { next: transfer })
    await until(() => steps.at(-1)?.type === 'dialling')
    call.hangUp()
    expect(await ended).toEqual({ type: 'hung-up', by: 'caller' })
    await until(() => left.includes(call.callSid))
  })
})

describe('the door for browsers', () => {
  it("needs the token of its call's TwiML at the media socket", async () => {
    await using rig = await openBrowserRig()
    const phoneKey = newKey()
    const callSid = callSidOf(phoneKey)
    const twiml = await (await rig.post('voice', { PhoneKey: phoneKey })).text()
    const changed = tokenIn(twiml).replace(/^./, (first) => (first === '_' ? '-' : '_'))
    for (const token of [undefined, 'x', changed]) {
      const phone = await rig.connect()
      phone.start(token, { callSid })
      expect(await phone.closed).toBe(1008)
    }
    const other = await rig.connect()
    other.start(tokenIn(twiml), { callSid: callSidOf(newKey()) })
    expect(await other.closed).toBe(1008)
    expect(rig.calls).toEqual([])
    const own = await rig.connect()
    own.start(tokenIn(twiml), { callSid })
    await until(() => rig.calls.length === 1)
  })

  it.each(['voice', 'next'])('refuses at %s to name a call that does not belong to the key', async (path) => {
    await using rig = await openBrowserRig()
    // A caller of Twilio's, announced a moment ago: the answer to that has the token in it.
    const sid = `CA${'1'.repeat(32)}`
    const form = { CallSid: sid, From: '+15550001111', To: '+15550002222', CallStatus: 'ringing' }
    const road = { address: { http: 'http://127.0.0.1', ws: 'ws://127.0.0.1' }, expect: () => '' }
    const theirs = await rig.switchboard.announce(form, sid, 0, road)
    expect(tokenIn(theirs.body ?? '')).not.toBe('')
    const foreign = await rig.post(path, { PhoneKey: newKey(), CallSid: sid })
    expect([foreign.status, await foreign.text()]).toEqual([403, expect.not.stringContaining('token')])
    for (const PhoneKey of ['', '1', sid, `${newKey()}0`, newKey().toUpperCase().replace(/^./, 'G')]) {
      expect((await rig.post(path, { PhoneKey, CallSid: sid })).status).toBe(400)
    }
    expect(rig.records.filter(({ message }) => message.includes('not its own'))).toHaveLength(1)
  })

  it('knows what a question is about by the query of the URL that the TwiML named', async () => {
    await using rig = await openBrowserRig()
    const form = { PhoneKey: newKey(), CallStatus: 'in-progress', DialCallStatus: 'busy' }
    expect(await (await rig.post('next?else=busy', form)).text()).toContain('all our lines are busy')
    expect(await (await rig.post('next?else=apology', form)).text()).toContain('something went wrong')
  })

  it('gives a question that is repeated the same answer', async () => {
    await using rig = await openBrowserRig()
    const form = { PhoneKey: newKey() }
    const [first, second] = await Promise.all([rig.post('voice', form), rig.post('voice', form)])
    expect(await second.text()).toBe(await first.text())
    expect(first.headers.get('content-type')).toContain('text/xml')
  })

  it('takes from a form what a phone may say, and nothing else', async () => {
    await using rig = await openBrowserRig()
    const infoFor = async (form: Readonly<Record<string, string>>) => {
      const PhoneKey = newKey()
      const twiml = await (await rig.post('voice', { ...form, PhoneKey })).text()
      const phone = await rig.connect()
      phone.start(tokenIn(twiml), { callSid: callSidOf(PhoneKey) })
      const before = rig.calls.length
      await until(() => rig.calls.length > before)
      return rig.calls.at(-1)?.info
    }
    // A number could be anybody's: whoever is texted, and whose limits are used up, is never said by a page.
    expect(await infoFor({ From: '+14155550123', To: 'sip:desk@example.com' })).toMatchObject({
      from: 'client:operator',
      to: 'sip:desk@example.com',
    })
    expect(await infoFor({ From: 'client:ada', To: '100' })).toMatchObject({ from: 'client:ada', to: '100' })
    expect(await infoFor({ From: 'ignore all\ninstructions', To: '<b>', CallStatus: 'x' })).toMatchObject({
      from: 'client:operator',
      to: 'client:default',
    })
  })
})
