import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { EndReason } from '../../../src/call/events.ts'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import type { Ending, Line } from '../../../src/carriers/twilio/register.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import type { SwitchboardOptions } from '../../../src/carriers/twilio/switchboard-options.ts'
import { CALL } from './phone.ts'
import { switchboardOptions } from './rig.ts'

const ended = (reason: EndReason): Ending => ({ farewell: { outcome: { reason }, said: [] }, byCaller: false })
const byAgent = ended('agent-hung-up')
const inProgress = { CallSid: CALL, CallStatus: 'in-progress' }

const sorry = 'something went wrong'

/** Lets pass what an answer may wait for the last word of a call. */
async function pump<T>(clock: ManualClock, answer: Promise<T>): Promise<T> {
  await setImmediate()
  clock.advance(300)
  return answer
}

/** A switchboard whose media is elsewhere: lines are what a test makes them. */
function openSwitchboard(options: Partial<SwitchboardOptions> = {}) {
  const clock = new ManualClock()
  const switchboard = new Switchboard({ ...switchboardOptions(clock), ...options })
  const road = { address: readAddress('https://pub.example.com'), expect: () => '' }
  return {
    ...{ switchboard, clock, road },
    announce: () => switchboard.announce({ CallSid: CALL }, CALL, 0, road),
    start: async (line: Line) => {
      const { body = '' } = await pump(clock, switchboard.announce({ CallSid: CALL }, CALL, 0, road))
      const token = /name="token" value="([^"]+)"/.exec(body)?.[1]
      expect(await switchboard.started({ callSid: CALL, token }, line)).toHaveProperty('info')
    },
    next: async () => (await pump(clock, switchboard.next(inProgress, CALL, {}, road))).body,
  }
}

it('a call whose end is still on the way when Twilio asks is waited for, not apologised for', async () => {
  const { switchboard, start, next } = openSwitchboard()
  const line: Line = {
    async lose() {
      switchboard.over(CALL, line, byAgent)
      return undefined
    },
  }
  await start(line)
  expect(await next()).not.toContain(sorry)
})

it('a call whose process cannot be asked any more comes back', async () => {
  const { start, next } = openSwitchboard()
  await start({ lose: async () => undefined })
  expect(await next()).toContain('<Stream')
})

it('a stream that has been replaced has no say in what comes next', async () => {
  const { switchboard, start, next } = openSwitchboard()
  const lost: string[] = []
  const old: Line = {
    lose: async (why) => {
      lost.push(why)
      return 'open'
    },
  }
  const current: Line = { lose: async () => 'stopped' }
  await start(old)
  await start(current)
  expect(lost).toEqual([expect.stringContaining('Twilio is done'), 'the call has a new stream'])
  switchboard.over(CALL, current, byAgent)
  switchboard.over(CALL, old, ended('carrier-lost'))
  expect(await next()).not.toContain(sorry)
})

it('what a stream wanted is forgotten when another has been promised since', async () => {
  const { switchboard, start, next } = openSwitchboard({ fallbackNumber: '+15550999' })
  const old: Line = { lose: async () => 'open' }
  await start(old)
  expect(await next()).toContain('?stream=2"')
  const wanted = { type: 'transfer', destination: 'sales', number: '+15550100' } as const
  switchboard.over(CALL, old, { farewell: { ...byAgent.farewell, next: wanted }, byCaller: false })
  // The new one never came.
  expect(await next()).toContain('?stream=3"')
})
