import { type CallEvent, noCounters } from '../../src/call/events.ts'
import type { CallRecord } from '../../src/call/store.ts'

/** When the calls of these tests are [ms since 1970]. */
export const NOON = Date.UTC(2026, 5, 1, 12)

/** A call that was heard of at noon. */
export function recordOf(callId: string, more: Partial<CallRecord> = {}): CallRecord {
  return { callId, openedAt: NOON, streams: 1, recoveries: [], ...more }
}

export const answered: CallEvent = {
  atMs: 0,
  type: 'answered',
  callId: 'CA1',
  provider: 'scripted',
  agent: 'default',
  from: '+15550001',
  to: '+15550002',
}
export const ended: CallEvent = {
  atMs: 9000,
  type: 'ended',
  reason: 'caller-hung-up',
  counters: noCounters,
  latency: { overlapMs: 0 },
}

/** Final words of one side. */
export function saidBy(speaker: 'caller' | 'agent', place: number, text: string): CallEvent {
  return { atMs: place * 1000, type: 'said', speaker, itemId: `${speaker}${place}`, text, place }
}

/** What of the agent's item at that place was heard. */
export function heardAt(place: number, heardMs: number, heardText: string, wholly = false): CallEvent {
  return { atMs: place * 1000 + 900, type: 'heard', itemId: `agent${place}`, heardMs, wholly, heardText, place }
}
