import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DOCTOR_NUMBER } from '../../src/after-call/doctor-number.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import type { CallEvent } from '../../src/call/events.ts'
import {
  answered,
  ended,
  eventually,
  expectNothingPrivate,
  KeptCalls,
  NOON,
  openReceiver,
  openStage,
  quiet,
  words,
} from './stage.ts'

const HOUR_MS = 3_600_000

describe('a call that is over', () => {
  it('is summarised by counts when no model is asked, with nothing invented', async () => {
    await using stage = openStage()
    stage.happen('CA1', answered, ...words, ended('caller-hung-up'))
    await quiet()
    expect(stage.kept.lastOf('CA1')?.type).toBe('ended')
    stage.clock.advance(2000)
    await quiet()
    const event = stage.kept.lastOf('CA1')
    expect(event).toMatchObject({ type: 'analysed', atMs: 2000, analysis: { by: 'counts' } })
    const { result } = event?.type === 'analysed' ? event.analysis : { result: {} }
    expect(result).toMatchObject({
      summary: expect.stringContaining('heard 4 of the agent and did not hear 2 more'),
      outcome: 'caller-hung-up',
      counts: { words: { caller: 4, agent: 4, unheard: 2 } },
    })
    expect(Object.keys(result)).not.toContain('sentiment')
    expect(stage.counted).toEqual(['analysis counted'])
    expectNothingPrivate(stage.records)
  })

  it.each([
    ['handed-over', 45_000],
    ['carrier-lost', 15_000],
    ['shutdown', 15_000],
    ['agent-hung-up', 1000],
  ] as const)('is not over while its caller may come back after %s', async (reason, stillOutMs) => {
    await using stage = openStage()
    stage.happen('CA1', answered, ended(reason))
    stage.clock.advance(stillOutMs)
    stage.happen('CA1', { ...answered, resumed: true })
    stage.clock.advance(HOUR_MS)
    await quiet()
    expect(stage.counted).toEqual([])
    stage.happen('CA1', ended('caller-hung-up'))
    stage.clock.advance(2000)
    await quiet()
    expect(stage.kept.typesOf('CA1')).toEqual(['answered', 'ended', 'answered', 'ended', 'analysed'])
  })

  it('settles anew after each of its streams', async () => {
    await using stage = openStage()
    stage.happen('CA1', answered, ended('handed-over'))
    stage.clock.advance(45_000)
    stage.happen('CA1', { ...answered, resumed: true }, ended('handed-over'))
    stage.clock.advance(45_000)
    await quiet()
    expect(stage.counted).toEqual([])
    stage.clock.advance(5000)
    await quiet()
    expect(stage.counted).toEqual(['analysis counted'])
  })

  it('is analysed anew when its caller has come back after all', async () => {
    await using stage = openStage()
    for (const streams of [1, 2, 3]) {
      stage.happen('CA1', streams === 1 ? answered : { ...answered, resumed: true }, ended('handed-over'))
      stage.clock.advance(60_000)
      await quiet()
      const result = expect.objectContaining({ counts: expect.objectContaining({ streams }) })
      expect(stage.kept.lastOf('CA1')).toMatchObject({ type: 'analysed', analysis: { by: 'counts', result } })
    }
    expect(stage.counted).toEqual(['analysis counted', 'analysis counted', 'analysis counted'])
  })

  it('is left alone when it was the doctor’s, also at the next start; not when somebody only says so', async () => {
    const doctor = { ...answered, from: DOCTOR_NUMBER, to: DOCTOR_NUMBER }
    const kept = new KeptCalls()
    kept.add('before', NOON - 60_000, { ...doctor, callId: 'before' })
    kept.add('before', NOON - 50_000, ended('caller-hung-up'))
    await using receiver = await openReceiver()
    await using stage = openStage(kept, { webhook: { url: receiver.url, secret: 'a-secret-of-an-operator' } })
    stage.happen('CA1', doctor, ...words, ended('caller-hung-up'))
    stage.clock.advance(HOUR_MS)
    await quiet()
    expect(stage.counted).toEqual([])
    expect([...kept.typesOf('CA1'), ...kept.typesOf('before')]).not.toContain('analysed')
    stage.happen('CA2', { ...doctor, to: '+15550002' }, ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(receiver.received).toHaveLength(2))
    expect(kept.lastOf('CA2')?.type).toBe('analysed')
    const told = receiver.received.map(({ body }) => JSON.parse(body).call.callId)
    expect(told).toEqual(['CA2', 'CA2'])
  })

  it('is left to the process that carries it on', async () => {
    const kept = new KeptCalls()
    await using here = openStage(kept)
    here.happen('CA1', answered, ended('carrier-lost'))
    here.clock.advance(5000)
    // Another process of the same store has answered it.
    kept.add('CA1', NOON + 5000, { ...answered, resumed: true })
    here.clock.advance(HOUR_MS)
    await quiet()
    expect(here.counted).toEqual([])
  })

  it('is taken up by one of the processes that share a store', async () => {
    const kept = new KeptCalls()
    const clock = new ManualClock()
    await using one = openStage(kept, { clock })
    await using other = openStage(kept, { clock })
    one.happen('CA1', answered, ended('caller-hung-up'))
    other.afterCall.take('CA1', ended('caller-hung-up'))
    clock.advance(2000)
    await quiet()
    clock.advance(HOUR_MS)
    await quiet()
    expect([...one.counted, ...other.counted]).toEqual(['analysis counted'])
  })

  it('is analysed once after each time that it was over, and never while its caller is on the line, whatever happens when', async () => {
    const reason = fc.constantFrom(...(['caller-hung-up', 'handed-over', 'carrier-lost', 'shutdown'] as const))
    const step = fc.record({
      call: fc.constantFrom('CA1', 'CA2'),
      reason,
      waitMs: fc.constantFrom(0, 1000, 19_000, 60_000),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        await using stage = openStage()
        const live = new Set<string>()
        for (const { call, reason: why, waitMs } of steps) {
          stage.happen(call, live.has(call) ? ended(why) : { ...answered, callId: call })
          if (!live.delete(call)) live.add(call)
          const before = [...live].map((callId) => stage.kept.typesOf(callId).length)
          stage.clock.advance(waitMs)
          await quiet()
          expect([...live].map((callId) => stage.kept.typesOf(callId).length)).toEqual(before)
        }
        for (const call of live) stage.happen(call, ended('caller-hung-up'))
        stage.clock.advance(HOUR_MS)
        await quiet()
        for (const call of new Set(steps.map((one) => one.call))) {
          const types = stage.kept.typesOf(call)
          expect(types.slice(-2)).toEqual(['ended', 'analysed'])
          expect(types.join(' ')).not.toContain('analysed analysed')
        }
      }),
      { numRuns: 12 },
    )
  })

  it('is read again when the store is busy for a moment', async () => {
    await using stage = openStage()
    await quiet()
    stage.happen('CA1', answered, ended('caller-hung-up'))
    stage.kept.failures = 1
    stage.clock.advance(2000)
    await quiet()
    expect(stage.counted).toEqual([])
    stage.clock.advance(10_000)
    await quiet()
    expect(stage.counted).toEqual(['analysis counted'])
  })
})

describe('a call whose end is not kept yet', () => {
  const MINUTE_MS = 60_000

  it.each([
    ['late', 0],
    ['late', 1],
    ['failing', 0],
  ] as const)('is looked for while the store is %s, with %i end(s) before it kept', async (how, kept) => {
    await using receiver = await openReceiver()
    await using stage = openStage(undefined, { webhook: { url: receiver.url, secret: 'a-secret-of-an-operator' } })
    await quiet()
    if (kept === 1) {
      stage.happen('CA1', answered, ended('handed-over'))
      stage.clock.advance(MINUTE_MS)
      await eventually(() => expect(receiver.received).toHaveLength(2))
    }
    if (how === 'late') stage.kept.isLate = true
    else stage.kept.failures = Number.POSITIVE_INFINITY
    stage.happen('CA1', answered, ...words, ended('caller-hung-up'))
    // A step at a time: each look is over before the next one is due.
    for (let minutes = 0; minutes < 20; minutes++) {
      stage.clock.advance(MINUTE_MS)
      await quiet()
    }
    expect(stage.counted.filter((one) => one.startsWith('analysis'))).toHaveLength(kept)
    stage.kept.catchUp()
    stage.kept.failures = 0
    for (let minutes = 0; minutes < 5; minutes++) {
      stage.clock.advance(MINUTE_MS)
      await quiet()
    }
    expect(stage.kept.typesOf('CA1').slice(-2)).toEqual(['ended', 'analysed'])
    await eventually(() => expect(receiver.received).toHaveLength(2 * kept + 2))
    expect(stage.counted.filter((one) => one.startsWith('analysis'))).toHaveLength(kept + 1)
    expect(stage.records).toEqual([])
  })

  it('is looked for ever less often, for an hour; then that is said once', async () => {
    const kept = new KeptCalls()
    let asked = 0
    const archive = { ...kept.archive, summary: () => Promise.resolve(void asked++) }
    await using stage = openStage(kept, { archive })
    stage.afterCall.take('CA1', ended('caller-hung-up'))
    const looks: number[] = []
    for (let atS = 0; atS <= 7200; atS++) {
      const before = asked
      stage.clock.advance(1000)
      await quiet()
      if (asked > before) looks.push(atS + 1)
    }
    expect(looks.slice(0, 9)).toEqual([2, 7, 17, 37, 77, 157, 317, 617, 917])
    expect(looks.at(-1)).toBe(3602)
    expect(stage.counted).toEqual(['analysis failed'])
    expect(stage.records).toHaveLength(1)
  })

  it('is looked for no more when its caller is back, or another stream of it is on the line elsewhere', async () => {
    await using stage = openStage()
    await quiet()
    stage.kept.isLate = true
    stage.happen('CA1', answered, ended('carrier-lost'))
    stage.happen('CA2', { ...answered, callId: 'CA2' })
    stage.clock.advance(MINUTE_MS)
    await quiet()
    stage.kept.catchUp()
    stage.happen('CA1', { ...answered, resumed: true })
    // Another process has it before this one knows that it is lost.
    stage.kept.add('CA2', NOON + MINUTE_MS, { ...answered, callId: 'CA2', resumed: true })
    const lost = ended('carrier-lost')
    stage.kept.addBefore('CA2', NOON + MINUTE_MS + 500, lost)
    stage.clock.advance(500)
    stage.afterCall.take('CA2', lost)
    for (let minutes = 0; minutes < 120; minutes++) {
      stage.clock.advance(MINUTE_MS)
      await quiet()
    }
    expect(stage.counted).toEqual([])
    expect(stage.records).toEqual([])
  })
})

describe('what a process before this one left undone', () => {
  function past(kept: KeptCalls, callId: string, endedAgoMs: number, ...more: readonly CallEvent[]) {
    kept.add(callId, NOON - endedAgoMs - 9000, { ...answered, callId })
    for (const event of more) kept.add(callId, NOON - endedAgoMs, event)
  }

  it('is taken up at the start, but not what is done, too old, or may still come back', async () => {
    const kept = new KeptCalls()
    const analysed = { atMs: 0, type: 'analysed', analysis: { by: 'counts', result: {} } } as const
    past(kept, 'undone', 60_000, ended('caller-hung-up'))
    past(kept, 'done', 60_000, ended('caller-hung-up'), analysed)
    past(kept, 'old', HOUR_MS + 60_000, ended('caller-hung-up'))
    past(kept, 'stopped', 1000, ended('shutdown'))
    past(kept, 'unended', 30_000, ...words)
    await using stage = openStage(kept)
    await eventually(() => expect(kept.typesOf('undone')).toContain('analysed'))
    expect(stage.counted).toEqual(['analysis counted'])
    stage.happen('stopped', { ...answered, resumed: true })
    stage.clock.advance(900_000)
    await quiet()
    // Its process died, and nobody has reopened it since.
    expect(kept.lastOf('unended')).toMatchObject({ type: 'analysed', analysis: { result: { outcome: 'unknown' } } })
    expect(stage.counted).toEqual(['analysis counted', 'analysis counted'])
    expect(kept.typesOf('done').filter((type) => type === 'analysed')).toHaveLength(1)
  })

  it('is taken up once when it comes back, and is over in the moment in which it would have been', async () => {
    const kept = new KeptCalls()
    past(kept, 'CA1', 1000, ended('shutdown'))
    await using stage = openStage(kept)
    await quiet()
    stage.happen('CA1', { ...answered, resumed: true })
    stage.clock.advance(17_000)
    stage.happen('CA1', ended('caller-hung-up'))
    stage.clock.advance(2000)
    await quiet()
    stage.clock.advance(HOUR_MS)
    await quiet()
    expect(stage.counted).toEqual(['analysis counted'])
  })

  it('is taken up when whoever had it has not done it within a quarter of an hour', async () => {
    const kept = new KeptCalls()
    past(kept, 'CA1', 60_000, ended('caller-hung-up'))
    kept.tickets.add(`after-call CA1 ${NOON - 69_000} 1 0`)
    await using stage = openStage(kept)
    await quiet()
    stage.clock.advance(13 * 60_000)
    await quiet()
    expect(stage.counted).toEqual([])
    stage.clock.advance(60_000)
    await quiet()
    expect(stage.counted).toEqual(['analysis counted'])
  })
})
