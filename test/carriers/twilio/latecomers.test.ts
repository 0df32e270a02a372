import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { Continuation } from '../../../src/call/info.ts'
import type { CallRecord, CallStore } from '../../../src/call/store.ts'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import type { Line } from '../../../src/carriers/twilio/register.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import { CALL } from './phone.ts'
import { LATE_WORD_MS, switchboardOptions } from './rig.ts'

const ringing = { CallSid: CALL, CallStatus: 'ringing' }
const inProgress = { CallSid: CALL, CallStatus: 'in-progress' }
const transfer: Continuation = { type: 'transfer', destination: 'sales', number: '+15550100' }
const hangUp: Continuation = { type: 'hang-up' }
const busy = { ...inProgress, DialCallStatus: 'busy', DialCallSid: 'CA9' }

/** Switchboards of several processes, whose records come to their store as late as a test will have it. */
function openSiblings() {
  const clock = new ManualClock()
  const defaults = switchboardOptions(clock)
  const { store } = defaults
  const onTheWay: CallRecord[] = []
  let isLate = false
  let recalls = 0
  const late: CallStore = {
    isShared: true,
    keep: (record) => (isLate ? void onTheWay.push(record) : store.keep(record)),
    append: (callId, event) => store.append(callId, event),
    recall: (callId) => {
      recalls++
      return store.recall(callId)
    },
    claim: (ticket, untilAt) => store.claim(ticket, untilAt),
    forget: (beforeAt) => store.forget(beforeAt),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
  const road = { address: readAddress('https://pub.example.com'), expect: () => '' }
  return {
    ...{ clock, store, road },
    recalls: () => recalls,
    /** From now on nothing comes to the store before `arrive`. */
    delay: () => {
      isLate = true
    },
    arrive: () => {
      isLate = false
      for (const record of onTheWay.splice(0)) store.keep(record)
    },
    open: () => {
      const options = { authTokens: ['t'.repeat(32)], resume: { max: 2, windowMs: 600_000 }, store: late }
      const switchboard = new Switchboard({ ...defaults, ...options })
      return {
        /** The webhook, as the number's fallback when nobody's telephone rings. */
        voice: async (form = ringing) => (await switchboard.announce(form, CALL, 0, road)).body ?? '',
        next: async (stream?: number, form: Record<string, string> = inProgress) =>
          (await switchboard.next(form, CALL, { stream }, road)).body ?? '',
        /** Takes up what was promised. Its line is half-open: it does not say when it is over. */
        start: async (body: string) => {
          const line: Line = { lose: async () => 'open' }
          const token = /name="token" value="([^"]+)"/.exec(body)?.[1]
          expect(await switchboard.started({ callSid: CALL, token }, line)).toHaveProperty('info')
          return (reason: 'handed-over' | 'agent-hung-up' | 'carrier-lost', next?: Continuation) => {
            const farewell = { outcome: { reason }, said: [], ...(next === undefined ? {} : { next }) }
            switchboard.over(CALL, line, { farewell, byCaller: false })
          }
        },
      }
    },
  }
}

/** Whether an answer is there without a clock that moves. */
async function isThere(answer: Promise<unknown>): Promise<boolean> {
  await setImmediate()
  return Promise.race([answer.then(() => true), setImmediate(false)])
}

describe('a process that is asked before the store has heard how the stream ended in another', () => {
  it.each<[string, Continuation, string]>([
    ['hangs up', hangUp, '<Response><Hangup/></Response>'],
    ['transfers', transfer, '<Number>+15550100</Number>'],
  ])('waits for it, when the agent %s, and does not bring the caller back', async (_, wish, heard) => {
    const { clock, open, delay, arrive } = openSiblings()
    const [one, two] = [open(), open()]
    const end = await one.start(await one.voice())
    delay()
    end('handed-over', wish)
    const answer = two.next(1)
    const repeated = two.next(1)
    expect(await isThere(answer)).toBe(false)
    clock.advance(LATE_WORD_MS - 50)
    expect(await isThere(answer)).toBe(false)
    arrive()
    clock.advance(50)
    expect(await answer).toContain(heard)
    expect(await repeated).toBe(await answer)
    expect(await two.next(1)).toBe(await answer)
  })

  it('waits also when the store has not even heard of the stream, or of the call', async () => {
    const { clock, open, delay, arrive } = openSiblings()
    const [one, two, three] = [open(), open(), open()]
    delay()
    // One promises, two carries, three is asked.
    const end = await two.start(await one.voice())
    end('handed-over', transfer)
    const answer = three.next(1)
    expect(await isThere(answer)).toBe(false)
    arrive()
    clock.advance(LATE_WORD_MS)
    expect(await answer).toContain('<Dial')
  })

  it('waits also when it has promised that stream itself, and an older one still looks open here', async () => {
    const { clock, open, delay, arrive } = openSiblings()
    const [one, two] = [open(), open()]
    await one.start(await one.voice())
    const back = one.next(1)
    await setImmediate()
    clock.advance(300)
    const end = await two.start(await back)
    delay()
    end('handed-over', transfer)
    const answer = one.next(2)
    expect(await isThere(answer)).toBe(false)
    arrive()
    clock.advance(LATE_WORD_MS)
    expect(await answer).toContain('<Dial')
  })

  it('brings the caller back a moment later when there is nothing to be heard, and says the same again', async () => {
    const { clock, open } = openSiblings()
    const [one, two] = [open(), open()]
    await one.start(await one.voice())
    const answer = two.next(1)
    const repeated = two.next(1)
    expect(await isThere(answer)).toBe(false)
    clock.advance(LATE_WORD_MS)
    expect(await answer).toContain('/twilio/next?stream=2"')
    expect(await repeated).toBe(await answer)
    const third = two.next(1)
    expect(await isThere(third)).toBe(true)
    expect(await third).toBe(await answer)
  })

  it('asks nobody, and waits for nothing, when the stream ended here', async () => {
    const { open, recalls } = openSiblings()
    const one = open()
    const end = await one.start(await one.voice())
    end('agent-hung-up', hangUp)
    const before = recalls()
    const answer = one.next(1)
    expect(await isThere(answer)).toBe(true)
    expect(await answer).toContain('<Hangup/>')
    expect(recalls()).toBe(before)
  })
})

describe('a process that was left behind', () => {
  /** A call that began at one, and goes on at two, which one has not noticed. */
  const goOn = async () => {
    const siblings = openSiblings()
    const { clock, open } = siblings
    const [one, two] = [open(), open()]
    const end = await one.start(await one.voice())
    const back = two.next(1)
    await setImmediate()
    clock.advance(LATE_WORD_MS)
    return { ...siblings, two, end, endNew: await two.start(await back) }
  }

  it('does not set the call back with the late end of its stream', async () => {
    const { store, end, two, endNew } = await goOn()
    const before = await store.recall(CALL)
    expect(before).toMatchObject({ streams: 2, recoveries: [expect.any(Number)] })
    end('carrier-lost')
    expect(await store.recall(CALL)).toEqual(before)
    endNew('handed-over', transfer)
    expect(await two.next(2)).toContain('<Dial')
  })

  it('does not take what it knew for the latest when the webhook is asked as its own fallback', async () => {
    const { clock, open } = openSiblings()
    const [one, two] = [open(), open()]
    const end = await two.start(await two.voice())
    end('handed-over', transfer)
    expect(await two.next(1)).toContain('<Dial')
    // Nobody took it: the caller is back with the agent, at another process, and that one dies.
    await one.start(await one.next(1, busy))
    clock.advance(60_000)
    const back = two.voice(inProgress)
    await setImmediate()
    clock.advance(LATE_WORD_MS)
    expect(await back).toContain('/twilio/next?stream=3"')
  })
})

it('a question whose answer failed is answered anew', async () => {
  const { open, road } = openSiblings()
  const one = open()
  const end = await one.start(await one.voice())
  end('carrier-lost')
  road.expect = () => {
    throw new Error('no worker')
  }
  await expect(one.next(1)).rejects.toThrow('no worker')
  road.expect = () => ''
  expect(await one.next(1)).toContain('<Stream')
})
