import { expect, test } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { failuresOf, noticeLine, summary, turnLines, wordsOf } from '../../src/cli/report.ts'

test('the words of a turn are its final transcripts, and what was heard before a barge-in', () => {
  const events: CallEvent[] = [
    { type: 'barge-in', atMs: 1, by: 'local', heardMs: 1420, unheardMs: 900 },
    { type: 'said', atMs: 2, speaker: 'caller', itemId: 'i1', text: 'no, tomorrow', place: 1 },
    { type: 'said', atMs: 3, speaker: 'agent', itemId: 'i2', text: 'Tomorrow then.', place: 2 },
  ]
  const late: CallEvent[] = [
    { type: 'heard', atMs: 1, itemId: 'i0', heardMs: 1420, wholly: false, heardText: 'So', place: 0 },
    ...events,
    { type: 'said', atMs: 4, speaker: 'agent', itemId: 'i0', text: 'So, today at eight.', place: 0 },
  ]
  const words = { caller: ['no, tomorrow'], agent: ['Tomorrow then.'], heardMs: 1420 }
  expect(wordsOf(events)).toEqual({ ...words, over: [] })
  expect(wordsOf(late)).toEqual({ ...words, over: ['So, today at eight.'] })
  expect(wordsOf([])).toEqual({ caller: [], agent: [] })
})

test('a turn shows who said what, how fast the answer came and how fast the agent yielded', () => {
  const agent = ['Tomorrow then.']
  expect(turnLines({ number: 0, caller: [], agent: ['Hello.'], latencyMs: 320 })).toBe(
    ' 0  agent   "Hello." after 320 ms',
  )
  expect(
    turnLines({ number: 2, file: 'b.wav', caller: ['no'], agent, latencyMs: 640, yieldedMs: 180, heardMs: 1420 }),
  ).toBe(
    ' 2  caller  "no" (b.wav, over the agent, silent after 180 ms, who was heard for 1420 ms)\n' +
      '    agent   "Tomorrow then." after 640 ms',
  )
  expect(
    turnLines({ number: 2, file: 'b.wav', caller: [], agent: [], over: ['So, today.'], yieldedMs: 180 }),
  ).toContain('(b.wav, over "So, today.", silent after 180 ms)')
  expect(turnLines({ number: 3, file: 'c.wav', caller: [], agent: [] })).toBe(
    ' 3  caller  (c.wav)\n    agent   (no answer)',
  )
})

test('a greeting that was not given has no line', () => {
  expect(turnLines({ number: 0, caller: [], agent: [] })).toBeUndefined()
})

test('what the carrier says, dials and complains of is shown, the rest is not', () => {
  expect(noticeLine({ type: 'warning', atMs: 0, code: 31951, level: 'warning', message: 'wrong streamSid' })).toBe(
    '    carrier warning 31951: wrong streamSid',
  )
  expect(noticeLine({ type: 'verb', atMs: 0, verb: { type: 'say', text: 'Sorry.' } })).toBe('    carrier says "Sorry."')
  expect(noticeLine({ type: 'verb', atMs: 0, verb: { type: 'hangup' } })).toBeUndefined()
  expect(noticeLine({ type: 'mark-echoed', atMs: 0, name: 'm' })).toBeUndefined()
})

test('a call failed when somebody broke it, the agent was not heard or the caller could not say it all', () => {
  const good = {
    end: { by: 'caller', status: 'completed', durationMs: 1000 },
    seen: [],
    events: [],
    unsaid: 0,
    heardMs: 500,
  } as const
  const counters = { callerMs: 0, agentMs: 0, heardMs: 0, cutMs: 0, lateMs: 0, turns: 0, bargeIns: 0 }
  expect(failuresOf(good)).toEqual([])
  expect(failuresOf({ ...good, end: { ...good.end, by: 'carrier', code: 32015 } })).toEqual([])
  expect(failuresOf({ ...good, end: { ...good.end, by: 'carrier', code: 11200 } })).toHaveLength(1)
  const end = { how: 'error', code: 31920 } as const
  expect(failuresOf({ ...good, seen: [{ type: 'stream-ended', atMs: 0, streamSid: 'MZ', end }] })).toHaveLength(1)
  const ended = {
    type: 'ended' as const,
    ...{ atMs: 0, counters, latency: { overlapMs: 0 } },
    ...({ reason: 'provider-lost', code: 'provider-lost' } as const),
  }
  expect(failuresOf({ ...good, events: [ended] })).toEqual(['the call ended as provider-lost (provider-lost)'])
  expect(failuresOf({ ...good, heardMs: 0, unsaid: 2 })).toHaveLength(2)
})

test('the summary counts answers, not the greeting', () => {
  const turn = { caller: [], agent: [] }
  const turns = [
    { ...turn, number: 0, latencyMs: 9000 },
    { ...turn, number: 1, latencyMs: 600 },
    { ...turn, number: 2, latencyMs: 800, yieldedMs: 120 },
  ]
  expect(summary(turns, { by: 'caller', status: 'completed', durationMs: 12_340 })).toBe(
    '12.3 s, ended by the caller; answered after p50 600 ms, p95 800 ms of 2; silent after p50 120 ms, p95 120 ms of 1',
  )
  expect(summary([], { by: 'carrier', status: 'completed', code: 11200, durationMs: 0 })).toBe(
    '0.0 s, ended by the carrier (error 11200)',
  )
})
