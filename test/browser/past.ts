import { makeLog } from '../../src/base/log.ts'
import { type CallEvent, type EndReason, noCounters } from '../../src/call/events.ts'
import { openSqliteStore } from '../../src/store/sql/sqlite.ts'

/** A call of days gone by. */
export interface PastCall {
  readonly callId: string
  /** [ms since 1970] */
  readonly at: number
  readonly from: string
  readonly agent: string
  readonly reason: EndReason
  readonly asked: string
  readonly answered: string
  readonly latencyMs: number
}

/** Writes calls into the database of a house that is not open yet, as they would have been written then. */
export async function keepPast(directory: string, calls: readonly PastCall[]): Promise<void> {
  let now = 0
  await using store = await openSqliteStore({ directory, log: makeLog('silent'), now: () => now })
  for (const call of calls.toSorted((a, b) => a.at - b.at)) {
    now = call.at
    store.keep({ callId: call.callId, openedAt: call.at, streams: 1, recoveries: [], over: true })
    for (const event of eventsOf(call)) {
      now = call.at + event.atMs
      store.append(call.callId, event)
    }
    // What is written together is written as of one moment.
    await store.recall(call.callId)
  }
}

function eventsOf({ callId, from, agent, reason, asked, answered, latencyMs }: PastCall): readonly CallEvent[] {
  const usage = { inputTokens: 900, outputTokens: 300, inputAudioTokens: 600, outputAudioTokens: 250 }
  const latency = { responseMs: { count: 1, p50: latencyMs, p95: latencyMs }, overlapMs: 0 }
  const audibleMs = 4000 + latencyMs
  return [
    { atMs: 0, type: 'answered', callId, provider: 'qwen', agent, from, to: '+14155550199' },
    { atMs: 300, type: 'connected', provider: 'qwen' },
    { atMs: 1500, type: 'caller-speech-started' },
    { atMs: 4000, type: 'caller-speech-stopped' },
    { atMs: 4100, type: 'said', speaker: 'caller', itemId: 'item_1', text: asked, place: 0 },
    { atMs: 4200, type: 'response-started', responseId: 'resp_1' },
    { atMs: audibleMs, type: 'agent-audible', responseId: 'resp_1', latencyMs },
    { atMs: 5500, type: 'said', speaker: 'agent', itemId: 'item_2', text: answered, place: 1 },
    { atMs: 5600, type: 'response-ended', responseId: 'resp_1', status: 'completed', usage },
    { atMs: 9000, type: 'heard', itemId: 'item_2', heardMs: 3500, wholly: true, heardText: answered, place: 1 },
    { atMs: 12_000, type: 'ended', reason, counters: { ...noCounters, turns: 1 }, latency },
  ]
}
