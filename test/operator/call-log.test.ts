import { expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { recordInLog } from '../../src/operator/call-log.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const PRIVATE = 'what nobody but the two is to know'

it('a call’s log has what happened to it, and nothing that was said, typed or looked up in it', () => {
  const { log, records } = makeLogRecorder()
  const events: CallEvent[] = [
    { type: 'answered', atMs: 0, callId: 'CA1', provider: 'qwen' },
    { type: 'said', atMs: 1, speaker: 'caller', itemId: 'i1', text: PRIVATE, place: 0 },
    { type: 'dtmf', atMs: 2, digit: '7' },
    { type: 'heard', atMs: 3, itemId: 'i2', heardMs: 400, wholly: true, heardText: PRIVATE, place: 1 },
    { type: 'tool-called', atMs: 4, toolCallId: 't1', name: 'balance_of' },
    { type: 'tool-answered', atMs: 5, toolCallId: 't1', name: 'balance_of', ok: true, output: PRIVATE, place: 2 },
    { type: 'provider-lost', atMs: 6, code: 'provider-lost' },
    { type: 'provider-restored', atMs: 7, provider: 'openai' },
    { type: 'session-renewed', atMs: 8, provider: 'openai' },
  ]
  for (const event of events) recordInLog(log, 'CA1', event)
  expect(JSON.stringify(records)).not.toContain(PRIVATE)
  expect(records.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: call answered',
    'debug: call tool-called',
    'debug: call tool-answered',
    'info: call provider-lost',
    'info: call provider-restored',
    'info: call session-renewed',
  ])
})
