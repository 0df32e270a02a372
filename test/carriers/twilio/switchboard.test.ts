import { expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { EndReason } from '../../../src/call/events.ts'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import type { Ending, Line } from '../../../src/carriers/twilio/register.ts'
import { Switchboard } from '../../../src/carriers/twilio/switchboard.ts'
import { makeLogRecorder } from '../../fakes/log.ts'
import { CALL } from './rig.ts'

const ended = (reason: EndReason): Ending => ({ farewell: { outcome: { reason }, said: [] }, byCaller: false })
const byAgent = ended('agent-hung-up')
const inProgress = { CallSid: CALL, CallStatus: 'in-progress' }

/** A switchboard whose media is elsewhere: lines are what a test makes them. */
function openSwitchboard() {
  const switchboard = new Switchboard({ admit: () => true, clock: new ManualClock(), log: makeLogRecorder().log })
  const road = { address: readAddress('https://pub.example.com'), expect: () => '' }
  return {
    switchboard,
    announce: () => switchboard.announce({ CallSid: CALL }, CALL, road),
    start: async (line: Line) => {
      const { body = '' } = switchboard.announce({ CallSid: CALL }, CALL, road)
      const token = /name="token" value="([^"]+)"/.exec(body)?.[1]
      expect(await switchboard.started({ callSid: CALL, token }, line)).toHaveProperty('info')
    },
    next: async () => (await switchboard.next(inProgress, CALL, '', road)).body,
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
  expect(await next()).not.toContain('something went wrong')
})

it('a call whose process cannot be asked any more gets an apology', async () => {
  const { start, next } = openSwitchboard()
  await start({ lose: async () => undefined })
  expect(await next()).toContain('something went wrong')
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
  const current: Line = { lose: async () => 'closed-by-caller' }
  await start(old)
  await start(current)
  expect(lost).toEqual(['the call has a new stream'])
  switchboard.over(CALL, current, byAgent)
  switchboard.over(CALL, old, ended('carrier-lost'))
  expect(await next()).not.toContain('something went wrong')
})

it('what a stream wanted is forgotten when another has been promised since', async () => {
  const { switchboard, announce, start, next } = openSwitchboard()
  const old: Line = { lose: async () => 'open' }
  await start(old)
  announce()
  const wanted = { type: 'transfer', destination: 'sales', number: '+15550100' } as const
  switchboard.over(CALL, old, { farewell: { ...byAgent.farewell, next: wanted }, byCaller: false })
  // The new one never came.
  expect(await next()).toContain('something went wrong')
})
