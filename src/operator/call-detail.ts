import type { CallSummary, KeptEvent } from '../call/archive.ts'
import type { CallDetail, LiveCall, TurnLatency } from './api.ts'
import { markersOf } from './markers.ts'
import type { Steps } from './pieces.ts'
import { transcriptLines } from './transcript-lines.ts'

/** What of a call's page is folded from its events. */
export type FoldedCall = Pick<CallDetail, 'transcript' | 'markers' | 'latencies' | 'analysis'>

/** One call as its page shows it, folded from its events. @param events oldest first. */
export function* foldCall(events: readonly KeptEvent[]): Steps<FoldedCall> {
  const analysis = events.findLast(({ event }) => event.type === 'analysed')?.event
  const latencies = latenciesOf(events)
  yield
  const transcript = yield* transcriptLines(events)
  const markers = yield* markersOf(events)
  return {
    ...{ transcript, markers, latencies },
    ...(analysis?.type === 'analysed' ? { analysis: analysis.analysis } : {}),
  }
}

/** A call in one line before the store has it: its writes come a moment later. */
export function summaryOfLive(live: LiveCall, now: number): CallSummary {
  const { callId, answeredAt, from, to, agent, provider, turns, bargeIns } = live
  return {
    ...{ callId, openedAt: answeredAt, from, to, agent, provider, turns, bargeIns },
    ...{ durationMs: Math.max(0, now - answeredAt), streams: 1, tools: 0, losses: 0, usage: [] },
  }
}

function latenciesOf(events: readonly KeptEvent[]): readonly TurnLatency[] {
  const latencies: TurnLatency[] = []
  for (const { stream, event } of events) {
    if (event.type !== 'agent-audible' || event.latencyMs === undefined) continue
    latencies.push({ stream, atMs: event.atMs, latencyMs: event.latencyMs })
  }
  return latencies
}
