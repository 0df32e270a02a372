import { expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { noCounters } from '../../src/call/events.ts'
import { recordInLog } from '../../src/operator/call-log.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const PRIVATE = 'what nobody but the two is to know'
const [CALLER, CALLED] = ['+15550001', '+15550002']

it('a call’s log has what happened to it, and nothing that was said, typed, whispered or looked up, and no number', () => {
  const { log, records } = makeLogRecorder()
  const whispered: CallEvent = { type: 'operator', atMs: 9, did: 'whispered', text: PRIVATE }
  const transferred: CallEvent = { type: 'operator', atMs: 10, did: 'transferred', destination: PRIVATE }
  const events: CallEvent[] = [
    {
      ...{ type: 'answered', atMs: 0, callId: 'CA1', provider: 'qwen', agent: 'front desk' },
      ...{ from: CALLER, to: CALLED },
    },
    { type: 'said', atMs: 1, speaker: 'caller', itemId: 'i1', text: PRIVATE, place: 0 },
    { type: 'dtmf', atMs: 2, digit: '7' },
    { type: 'heard', atMs: 3, itemId: 'i2', heardMs: 400, wholly: true, heardText: PRIVATE, place: 1 },
    { type: 'tool-called', atMs: 4, toolCallId: 't1', name: 'balance_of' },
    { type: 'tool-answered', atMs: 5, toolCallId: 't1', name: 'balance_of', ok: true, output: PRIVATE, place: 2 },
    { type: 'provider-lost', atMs: 6, code: 'provider-lost' },
    { type: 'provider-restored', atMs: 7, provider: 'openai' },
    { type: 'session-renewed', atMs: 8, provider: 'openai' },
    ...[whispered, transferred],
    { type: 'ended', atMs: 11, reason: 'handed-over', counters: noCounters, latency: { overlapMs: 0 } },
    { type: 'analysed', atMs: 12, analysis: { by: 'counts', result: { summary: PRIVATE } } },
  ]
  for (const event of events) recordInLog(log, 'CA1', event)
  const text = JSON.stringify(records)
  for (const secret of [PRIVATE, CALLER, CALLED]) expect(text).not.toContain(secret)
  expect(records.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: call answered',
    'debug: call tool-called',
    'debug: call tool-answered',
    'info: call provider-lost',
    'info: call provider-restored',
    'info: call session-renewed',
    'info: call operator',
    'info: call operator',
    'info: call ended',
  ])
  expect(records[0]?.fields).toEqual({ callId: 'CA1', atMs: 0, provider: 'qwen', agent: 'front desk' })
  expect(records[6]?.fields).toEqual({ callId: 'CA1', atMs: 9, did: 'whispered' })
  expect(records.at(-1)?.fields).toMatchObject({ reason: 'handed-over', counters: noCounters })
})

it('a tool has its name in the log as far as it is one: a model can be talked into calling one by any words', () => {
  const { log, records } = makeLogRecorder()
  for (const name of ['mcp.look-up_2', PRIVATE, 'x'.repeat(65)]) {
    const event = { atMs: 1, toolCallId: 't1', name } as const
    recordInLog(log, 'CA1', { type: 'tool-called', ...event })
    recordInLog(log, 'CA1', { type: 'tool-answered', ok: false, output: PRIVATE, place: 1, ...event })
  }
  const names = records.map(({ fields }) => fields['name'])
  expect(names).toEqual(['mcp.look-up_2', 'mcp.look-up_2', 'unnamed', 'unnamed', 'unnamed', 'unnamed'])
  expect(JSON.stringify(records)).not.toContain(PRIVATE)
})

it('a field that an event is given one day is not logged before somebody has thought about it', () => {
  const { log, records } = makeLogRecorder()
  const event: CallEvent = { type: 'held', atMs: 1, by: 'local' }
  recordInLog(log, 'CA1', Object.assign(event, { lastWords: PRIVATE }))
  expect(records[0]?.fields).toEqual({ callId: 'CA1', atMs: 1, by: 'local' })
})
