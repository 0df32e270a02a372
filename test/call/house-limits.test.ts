import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { Refusal } from '../../src/call/admission.ts'
import { type HouseLimits, makeAdmission } from '../../src/call/house-limits.ts'

const roomy: HouseLimits = {
  maxCalls: 1000,
  maxCallsPerCaller: 1000,
  maxCallsPerNumber: undefined,
  callerCallsPerHour: 1000,
  numberCallsPerMinute: undefined,
  maxLagMs: 200,
}
const HOUR_MS = 3_600_000

function open(limits: Partial<HouseLimits>, placeMs?: number) {
  const clock = new ManualClock()
  const house = { closed: undefined as 'draining' | 'model-down' | undefined, lagMs: 0 }
  const admission = makeAdmission({
    limits: { ...roomy, ...limits },
    closed: () => house.closed,
    lagMs: () => house.lagMs,
    isWithheld: (from) => from === '+266696687',
    clock,
    ...(placeMs === undefined ? {} : { placeMs }),
  })
  let n = 0
  const ask = (from = '+15550001', to = '+15550002', callId = `CA${++n}`) => admission.ask({ callId, from, to })
  return { clock, house, admission, ask }
}

describe('calls at once', () => {
  it('the house takes as many as it may, and one more for each that leaves', () => {
    const { admission, ask } = open({ maxCalls: 2 })
    expect([ask('+15550001', '', 'a'), ask('+15550002', '', 'b'), ask('+15550003', '', 'c')]).toEqual([
      undefined,
      undefined,
      'all-lines-busy',
    ])
    admission.left('a')
    expect([ask('+15550003', '', 'c'), ask('+15550004', '', 'd')]).toEqual([undefined, 'all-lines-busy'])
  })

  it('a caller, and a number that is called, have bounds of their own', () => {
    const { ask } = open({ maxCallsPerCaller: 1, maxCallsPerNumber: 2 })
    expect(ask('+15550001', '+1900')).toBeUndefined()
    expect(ask('+15550001', '+1901')).toBe('caller-busy')
    expect(ask('+15550003', '+1900')).toBeUndefined()
    expect(ask('+15550004', '+1900')).toBe('number-busy')
    expect(ask('+15550004', '+1901')).toBeUndefined()
  })

  it('a call that has its place keeps it, whatever has changed, and is counted once', () => {
    const { house, admission, ask } = open({ maxCalls: 1, callerCallsPerHour: 1, maxCallsPerCaller: 1 })
    expect(ask('+15550001', '', 'a')).toBeUndefined()
    house.closed = 'draining'
    house.lagMs = 5000
    expect(ask('+15550001', '', 'a')).toBeUndefined()
    expect(admission.calls).toBe(1)
    admission.left('a')
    expect(admission.calls).toBe(0)
    expect(ask('+15550001', '', 'b')).toBe('draining')
  })

  it('a call that left twice, or was never here, frees nobody else', () => {
    const { admission, ask } = open({ maxCalls: 2 })
    ask('+15550001', '', 'a')
    ask('+15550002', '', 'b')
    admission.left('a')
    admission.left('a')
    admission.left('never')
    expect(admission.calls).toBe(1)
    expect([ask(), ask()]).toEqual([undefined, 'all-lines-busy'])
  })

  it('a place that was never said to be free is free after the longest call, counted from when it was last asked for', () => {
    const { clock, ask } = open({ maxCalls: 1, maxCallsPerCaller: 1 }, 10_000)
    ask('+15550001', '', 'lost')
    clock.advance(9000)
    ask('+15550001', '', 'lost')
    clock.advance(9000)
    expect(ask('+15550001', '', 'next')).toBe('caller-busy')
    clock.advance(1000)
    expect(ask('+15550001', '', 'next')).toBeUndefined()
  })

  it('who withholds the number is not taken for all others who do', () => {
    for (const from of ['anonymous', '', 'Restricted', '+266696687', '   ']) {
      const { ask } = open({ maxCallsPerCaller: 1, callerCallsPerHour: 1, maxCallsPerNumber: 3 })
      const asked = [ask(from), ask(from), ask(from), ask(from)]
      expect(asked).toEqual([undefined, undefined, undefined, 'number-busy'])
    }
  })

  it('an address of the internet is a caller, whatever its parameters are', () => {
    const { ask } = open({ maxCallsPerCaller: 1 })
    expect(ask('sip:ann@example.com;transport=udp')).toBeUndefined()
    expect(ask('SIP:ann@example.com?x=1')).toBe('caller-busy')
    expect(ask('sip:bob@example.com')).toBeUndefined()
  })
})

describe('how often calls come', () => {
  it('a caller may call so often in any hour, and again when the hour is over', () => {
    const { clock, admission, ask } = open({ callerCallsPerHour: 2 })
    const call = (callId: string) => {
      const refused = ask('+15550001', '', callId)
      admission.left(callId)
      return refused
    }
    expect(call('a')).toBeUndefined()
    clock.advance(HOUR_MS / 2)
    expect([call('b'), call('c')]).toEqual([undefined, 'caller-too-often'])
    clock.advance(HOUR_MS / 2 - 1)
    expect(call('d')).toBe('caller-too-often')
    // The window is counted in minutes.
    clock.advance(60_001)
    expect([call('e'), call('f')]).toEqual([undefined, 'caller-too-often'])
  })

  it('a number may be called so often in any minute, by whomever', () => {
    const { clock, ask } = open({ numberCallsPerMinute: 2 })
    const asked = ['+15550001', 'anonymous', '+15550003'].map((from) => ask(from, '+1900'))
    expect(asked).toEqual([undefined, undefined, 'number-too-often'])
    expect(ask('+15550003', '+1901')).toBeUndefined()
    clock.advance(61_001)
    expect(ask('+15550003', '+1900')).toBeUndefined()
  })

  it('who was refused and tries on and on is let in as soon as one who waited', () => {
    const { clock, ask } = open({ callerCallsPerHour: 1 })
    ask()
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000)
      expect(ask()).toBe('caller-too-often')
    }
    clock.advance(60_001)
    expect(ask()).toBeUndefined()
  })

  it('a flood of callers makes the oldest forgotten, and takes no more memory for it', () => {
    const { admission, ask } = open({ callerCallsPerHour: 1 })
    const call = (n: number) => {
      const refused = ask(`+1${1_000_000 + n}`, '', `CA${n}`)
      admission.left(`CA${n}`)
      return refused
    }
    for (let n = 0; n < 10_001; n++) expect(call(n)).toBeUndefined()
    expect([call(10_000), call(1)]).toEqual(['caller-too-often', 'caller-too-often'])
    expect(call(0)).toBeUndefined()
  })
})

describe('the house itself', () => {
  it.each<Refusal>(['draining', 'model-down'])('nobody new comes in while it is %s', (why) => {
    const { house, ask } = open({})
    house.closed = why as 'draining' | 'model-down'
    expect(ask()).toBe(why)
    house.closed = undefined
    expect(ask()).toBeUndefined()
  })

  it('it shuts when the event loop lags, and opens when that is well over', () => {
    const { house, ask } = open({ maxLagMs: 200 })
    const asked = [200, 201, 199, 151, 150, 199, 250].map((lagMs) => {
      house.lagMs = lagMs
      return ask()
    })
    expect(asked).toEqual([undefined, 'lagging', 'lagging', 'lagging', undefined, undefined, 'lagging'])
  })

  it('a caller who calls too often is told that, and not to wait for a free line', () => {
    const { house, ask } = open({ maxCalls: 1, callerCallsPerHour: 1 })
    ask()
    house.lagMs = 5000
    expect([ask(), ask('+15550009')]).toEqual(['caller-too-often', 'all-lines-busy'])
  })
})

it('never more than the bounds are in, none is lost and none is counted twice, whatever comes in whatever order', () => {
  const callers = ['+15550001', '+15550002', 'anonymous']
  const numbers = ['+1900', '+1901']
  const step = fc.record({
    type: fc.constantFrom('ask' as const, 'ask' as const, 'left' as const, 'wait' as const),
    call: fc.nat(11),
    waitMs: fc.integer({ min: 1, max: 30_000 }),
  })
  const bounds = { maxCalls: 5, maxCallsPerCaller: 2, maxCallsPerNumber: 3, callerCallsPerHour: 20 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { clock, admission, ask } = open({ ...bounds, numberCallsPerMinute: 6 }, 100_000)
      const inside = new Map<string, { from: string; to: string; untilMs: number }>()
      const seated: { from: string; to: string; atMs: number }[] = []
      const count = (calls: Iterable<{ from: string; to: string }>, who: { from?: string; to?: string }) =>
        [...calls].filter(({ from, to }) => from === (who.from ?? from) && to === (who.to ?? to)).length
      for (const { type, call, waitMs } of steps) {
        if (type === 'wait') clock.advance(waitMs)
        for (const [callId, { untilMs }] of inside) if (untilMs <= clock.now()) inside.delete(callId)
        const from = callers[call % 3] ?? ''
        const to = numbers[call % 2] ?? ''
        const had = inside.has(`CA${call}`)
        if (type === 'left') {
          admission.left(`CA${call}`)
          inside.delete(`CA${call}`)
        }
        if (type === 'ask') {
          const refused = ask(from, to, `CA${call}`)
          if (had) expect(refused).toBeUndefined()
          if (refused === 'all-lines-busy') expect(inside.size).toBe(5)
          if (refused === 'caller-busy') expect(count(inside.values(), { from })).toBe(2)
          if (refused === 'number-busy') expect(count(inside.values(), { to })).toBe(3)
          if (refused === undefined) inside.set(`CA${call}`, { from, to, untilMs: clock.now() + 100_000 })
          if (refused === undefined && !had) seated.push({ from, to, atMs: clock.now() })
        }
        expect(admission.calls).toBe(inside.size)
        expect(inside.size).toBeLessThanOrEqual(5)
        for (const to of numbers) {
          expect(count(inside.values(), { to })).toBeLessThanOrEqual(3)
          const lately = seated.filter(({ atMs }) => atMs > clock.now() - 60_000)
          expect(count(lately, { to })).toBeLessThanOrEqual(6)
        }
        for (const from of callers.slice(0, 2)) expect(count(inside.values(), { from })).toBeLessThanOrEqual(2)
      }
    }),
    { numRuns: 150 },
  )
})
