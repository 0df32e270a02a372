import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import { Desk } from '../../src/call/desk.ts'
import { RecordedLeg } from '../../src/carriers/recorded/leg.ts'
import { makeScriptedProvider } from '../../src/providers/scripted/provider.ts'
import { infoOf, plainAgent } from '../fakes/agent.ts'

function openDesk() {
  const clock = new ManualClock()
  const provider = makeScriptedProvider({ clock, script: [] })
  const desk = new Desk(
    () => plainAgent(provider),
    clock,
    new Ticker(clock),
    () => {},
  )
  const call = async (callId: string, hangsUpMs: number) => {
    const events = [{ atMs: hangsUpMs, type: 'closed', by: 'caller' }] as const
    const leg = new RecordedLeg({ callId, format: mulaw8k, audio: new Uint8Array(), events }, clock)
    const { outcome } = await desk.answer(leg, infoOf(callId))
    return outcome
  }
  return { clock, desk, call }
}

describe('a deploy', () => {
  it('lets live calls finish, and stops those that take too long', async () => {
    const { clock, desk, call } = openDesk()
    const short = call('CA1', 1000)
    const long = call('CA2', 100_000)
    await setImmediate()
    expect([desk.open, desk.liveCalls]).toEqual([true, 2])
    let drained = false
    const drain = desk.drain(5000).then(() => (drained = true))
    expect(desk.open).toBe(false)
    clock.advance(1000)
    expect(await short).toEqual({ reason: 'caller-hung-up' })
    await setImmediate()
    expect([drained, desk.liveCalls]).toEqual([false, 1])
    clock.advance(4000)
    expect(await long).toEqual({ reason: 'shutdown' })
    await drain
    expect(desk.liveCalls).toBe(0)
  })

  it('does not wait when no call is live, or when there is no time', async () => {
    await openDesk().desk.drain(60_000)
    const { desk, call } = openDesk()
    const live = call('CA1', 100_000)
    await desk.drain(0)
    expect(await live).toEqual({ reason: 'shutdown' })
  })
})
