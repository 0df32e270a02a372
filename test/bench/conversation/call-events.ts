import type { CallEvent } from '../../../src/call/events.ts'

/** What a call says of its own turns [ms]. */
export interface TurnFigures {
  /** From the end of the caller's speech to the agent's first sound at the carrier, one an answer. */
  readonly responsesMs: readonly number[]
  /** From the onset of the caller's speech, as the call's ear heard it, to the agent's silence. */
  readonly yieldsMs: readonly number[]
  /** How long both spoke, in the whole call. */
  readonly overlapMs: number | undefined
  /** From the stream's start to the greeting's first sound. */
  readonly greetingMs: number | undefined
}

/** Collects what a call's own events say of its latencies. */
export function figuresOf(events: readonly CallEvent[]): TurnFigures {
  const ended = events.find((event) => event.type === 'ended')
  return {
    responsesMs: events.flatMap((event) => (event.type === 'agent-audible' ? (event.latencyMs ?? []) : [])),
    yieldsMs: events.flatMap((event) =>
      event.type === 'held' || event.type === 'barge-in' ? (event.yieldMs ?? []) : [],
    ),
    overlapMs: ended?.latency.overlapMs,
    greetingMs: ended?.latency.greetingMs,
  }
}
