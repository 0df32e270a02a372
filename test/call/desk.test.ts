import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { CallError } from '../../src/base/errors.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import { Desk } from '../../src/call/desk.ts'
import type { MakeEar } from '../../src/call/ear.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { RecordedLeg } from '../../src/carriers/recorded/leg.ts'
import { makeScriptedProvider, type ScriptedOptions } from '../../src/providers/scripted/provider.ts'
import { infoOf, plainAgent } from '../fakes/agent.ts'
import { FakeEar } from '../fakes/ear.ts'

function openDesk(options: Partial<ScriptedOptions> = {}, makeEar: MakeEar = () => new FakeEar()) {
  const clock = new ManualClock()
  const provider = makeScriptedProvider({ clock, script: [], ...options })
  const events: [string, CallEvent][] = []
  const desk = new Desk({
    now: () => 0,
    findAgent: () => plainAgent(provider),
    clock,
    ticker: new Ticker(clock),
    makeEar,
    onEvent: (...event) => events.push(event),
  })
  const call = async (callId: string, hangsUpMs: number) => {
    const events = [{ atMs: hangsUpMs, type: 'closed', by: 'caller' }] as const
    const leg = new RecordedLeg({ callId, format: mulaw8k, audio: new Uint8Array(), events }, clock)
    const { outcome } = await desk.answer(leg, infoOf(callId))
    return outcome
  }
  return { clock, desk, call, provider, events }
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

describe('a call that is announced', () => {
  const disposals = (provider: ReturnType<typeof openDesk>['provider']) =>
    provider.sessions.map(({ deeds }) => deeds.filter(({ type }) => type === 'dispose').length)

  it('has its model opened at once, and finds it open when its stream comes', async () => {
    const { clock, desk, call, provider, events } = openDesk({ connectMs: 800 })
    desk.expect(infoOf('CA1'))
    clock.advance(800)
    await setImmediate()
    expect(provider.sessions).toHaveLength(1)
    const live = call('CA1', 1000)
    await setImmediate()
    expect(events.map(([id, { type, atMs }]) => [id, type, atMs])).toEqual([
      ['CA1', 'answered', 0],
      ['CA1', 'connected', 0],
    ])
    clock.advance(30_000)
    await live
    expect(provider.sessions).toHaveLength(1)
    expect(disposals(provider)).toEqual([1])
  })

  it('and comes before its model is there waits for that one, and opens no other', async () => {
    const { clock, desk, call, provider } = openDesk({ connectMs: 800 })
    desk.expect(infoOf('CA1'))
    clock.advance(300)
    const live = call('CA1', 2000)
    await setImmediate()
    clock.advance(2500)
    await setImmediate()
    clock.advance(2500)
    expect(await live).toEqual({ reason: 'caller-hung-up' })
    expect(disposals(provider)).toEqual([1])
  })

  it('and does not come in 20 s has its model released; if it comes then, it is answered all the same', async () => {
    const { clock, desk, call, provider } = openDesk()
    desk.expect(infoOf('CA1'))
    await setImmediate()
    clock.advance(19_980)
    await setImmediate()
    expect(disposals(provider)).toEqual([0])
    clock.advance(20)
    await setImmediate()
    expect(disposals(provider)).toEqual([1])
    const live = call('CA1', 100)
    await setImmediate()
    clock.advance(200)
    expect(await live).toEqual({ reason: 'caller-hung-up' })
    expect(disposals(provider)).toEqual([1, 1])
  })

  it('and does not come while its model is still being connected leaves none behind', async () => {
    const { clock, desk, provider } = openDesk({ connectMs: 30_000 })
    desk.expect(infoOf('CA1'))
    clock.advance(60_000)
    await setImmediate()
    expect(provider.sessions).toEqual([])
  })

  it('twice has the model of the second announcement', async () => {
    const { clock, desk, call, provider } = openDesk()
    desk.expect(infoOf('CA1'))
    desk.expect(infoOf('CA1'))
    await setImmediate()
    expect(disposals(provider)).toEqual([1, 0])
    const live = call('CA1', 100)
    await setImmediate()
    clock.advance(30_000)
    await live
    expect(disposals(provider)).toEqual([1, 1])
  })

  it('and comes back has as long as any other: the clock of its first stream has stopped', async () => {
    const { clock, desk, call, provider } = openDesk()
    desk.expect(infoOf('CA1'))
    const first = call('CA1', 1000)
    await setImmediate()
    clock.advance(15_000)
    await first
    desk.expect(infoOf('CA1'))
    await setImmediate()
    clock.advance(10_000)
    await setImmediate()
    expect(disposals(provider)).toEqual([1, 0])
    const second = call('CA1', 1000)
    await setImmediate()
    clock.advance(2000)
    await second
    expect(disposals(provider)).toEqual([1, 1])
  })

  it('is told why its model refused, as any other', async () => {
    const { clock, desk, call } = openDesk({ refusal: new CallError('provider-refused', 'no') })
    desk.expect(infoOf('CA1'))
    await setImmediate()
    const live = call('CA1', 5000)
    await setImmediate()
    clock.advance(100)
    expect(await live).toEqual({ reason: 'provider-lost', code: 'provider-refused' })
  })

  it('is waited for by a house that closes, for as long as it has time, and is taken when it comes', async () => {
    const { clock, desk, call, provider } = openDesk()
    desk.expect(infoOf('CA1'))
    desk.expect(infoOf('CA2'))
    let drained = false
    const drain = desk.drain(5000).then(() => (drained = true))
    await setImmediate()
    const live = call('CA1', 100)
    clock.advance(200)
    expect(await live).toEqual({ reason: 'caller-hung-up' })
    await setImmediate()
    expect([drained, disposals(provider)]).toEqual([false, [1, 0]])
    clock.advance(4800)
    await drain
    await setImmediate()
    expect(disposals(provider)).toEqual([1, 1])
    desk.expect(infoOf('CA3'))
    await setImmediate()
    expect(provider.sessions).toHaveLength(2)
  })
})

describe('the events of a call', () => {
  it('end with one end, also when something of ours fails as it begins', async () => {
    const { call, events } = openDesk({}, () => {
      throw new Error('no ear')
    })
    await expect(call('CA1', 1000)).rejects.toThrow('no ear')
    expect(events.map(([, { type }]) => type)).toEqual(['answered', 'ended'])
    expect(events[1]?.[1]).toMatchObject({ reason: 'provider-lost' })
  })

  it('of its second stream follow those of the first, however quickly it comes back', async () => {
    const { clock, desk, events } = openDesk()
    const stream = (hangsUpMs: number) =>
      new RecordedLeg(
        {
          callId: 'CA1',
          format: mulaw8k,
          audio: new Uint8Array(),
          events: [{ atMs: hangsUpMs, type: 'closed', by: 'error' }],
        },
        clock,
      )
    const first = desk.answer(stream(1000), infoOf('CA1'))
    await setImmediate()
    clock.advance(1000)
    const second = desk.answer(stream(1000), infoOf('CA1'))
    await first
    await setImmediate()
    clock.advance(1000)
    await second
    expect(events.map(([, { type }]) => type).filter((type) => type !== 'connected')).toEqual([
      'answered',
      'ended',
      'answered',
      'ended',
    ])
  })

  it('do not wait for a first stream that does not end', async () => {
    const { clock, desk, events } = openDesk()
    const leg = () => new RecordedLeg({ callId: 'CA1', format: mulaw8k, audio: new Uint8Array(), events: [] }, clock)
    void desk.answer(leg(), infoOf('CA1'))
    await setImmediate()
    const second = desk.answer(leg(), infoOf('CA1'))
    await setImmediate()
    clock.advance(500)
    await setImmediate()
    expect(events.filter(([, { type }]) => type === 'answered')).toHaveLength(2)
    await desk.drain(0)
    await second
  })
})
