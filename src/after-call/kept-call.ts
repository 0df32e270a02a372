import type { Analysis } from '../call/analysis.ts'
import type { CallArchive, CallSummary } from '../call/archive.ts'
import type { CallCounters, CallEvent } from '../call/events.ts'
import { noCounters } from '../call/events.ts'
import type { LatencySummary } from '../call/latencies.ts'
import { recollect } from '../call/recollect.ts'
import type { Utterance } from '../call/transcript.ts'
import { DOCTOR_NUMBER } from './doctor-number.ts'

/** What was said; of a tool, that it was called and how that went. What it answered stays out of all that is told. */
export type Said =
  | Exclude<Utterance, { readonly speaker: 'tool' }>
  | { readonly speaker: 'tool'; readonly name: string; readonly ok: boolean }

/** A call as it is found in the archive. */
export interface KeptCall {
  readonly summary: CallSummary
  /** Its last stream has ended. */
  readonly hasEnded: boolean
  /** When its last stream was answered, and when something last happened in it [ms since 1970]. */
  readonly answeredAt: number
  readonly lastAt: number
  /** When its streams ended [ms since 1970]. */
  readonly endsAt: readonly number[]
  /** Of this end; one of an end before it, after which the caller came back, is none. */
  readonly analysis: Analysis | undefined
  readonly said: readonly Said[]
  /** Of all its streams together. */
  readonly counters: CallCounters
  readonly latency: CallLatency
}

/** How quick a call was [ms]; what was never measured is absent. */
interface CallLatency extends Pick<LatencySummary, 'greetingMs' | 'overlapMs'> {
  readonly responseP50Ms?: number
  readonly responseP95Ms?: number
}

/**
 * Reads what is kept of a call; `undefined`: nothing is.
 * @throws Error when the archive does not answer.
 */
export async function readKeptCall(archive: CallArchive, callId: string): Promise<KeptCall | undefined> {
  const [summary, kept] = await Promise.all([archive.summary(callId), archive.events(callId)])
  const last = kept.at(-1)
  if (summary === undefined || last === undefined) return undefined
  const events = kept.map(({ event }) => event)
  const borderAt = events.findLastIndex(({ type }) => type === 'answered' || type === 'ended')
  const ends = events.flatMap((event) => (event.type === 'ended' ? [event] : []))
  return {
    summary,
    // Of a very long call the last events are not kept, or not given.
    hasEnded: events[borderAt]?.type === 'ended' || (summary.endedAt !== undefined && summary.endedAt >= last.stream),
    answeredAt: last.stream,
    lastAt: last.at,
    endsAt: kept.filter(({ event }) => event.type === 'ended').map(({ at }) => at),
    analysis: events.slice(borderAt + 1).findLast((event) => event.type === 'analysed')?.analysis,
    said: saidIn(events),
    counters: ends.map(({ counters }) => counters).reduce(sumOf, noCounters),
    latency: latencyOf(
      summary,
      ends.map(({ latency }) => latency),
    ),
  }
}

/** Names one end of a call among all there are: the same for every process that reads it. */
export function nameOfEnd({ summary: { callId, openedAt, streams } }: KeptCall): string {
  return `${callId} ${openedAt} ${streams}`
}

/** An event that is kept has the time of its happening, give or take what the machine needs between two of its readers [ms]. */
const SAME_MS = 100

/**
 * Whether a stream that ended at `at` [ms since 1970] is the end of what is kept; `unknown`: that end is not kept yet;
 * `no`: another stream of the call is, and whoever sees its end tells of both.
 */
export function isEndOf({ hasEnded, answeredAt, endsAt, summary }: KeptCall, at: number): 'yes' | 'no' | 'unknown' {
  if (answeredAt > at) return 'no'
  // What is kept may still end with the stream before.
  if (hasEnded) return summary.endedAt !== undefined && summary.endedAt >= at - SAME_MS ? 'yes' : 'unknown'
  return endsAt.some((endAt) => Math.abs(endAt - at) <= SAME_MS) ? 'no' : 'unknown'
}

/** On the line of whoever sees to it that all this works: nobody is to pay for it, or to be told. */
export function isOfDoctor({ summary: { from, to } }: KeptCall): boolean {
  // A caller's number can be made up; the called one is the carrier's word.
  return from === DOCTOR_NUMBER && to === DOCTOR_NUMBER
}

const WORKED = 'worked'

function saidIn(events: readonly CallEvent[]): readonly Said[] {
  const discreet = events.map((event) =>
    event.type === 'tool-answered' ? { ...event, output: event.ok ? WORKED : 'failed' } : event,
  )
  return recollect(discreet).map((one) =>
    one.speaker === 'tool' ? { speaker: one.speaker, name: one.name, ok: one.output === WORKED } : one,
  )
}

function sumOf(a: CallCounters, b: CallCounters): CallCounters {
  return {
    callerMs: a.callerMs + b.callerMs,
    agentMs: a.agentMs + b.agentMs,
    heardMs: a.heardMs + b.heardMs,
    cutMs: a.cutMs + b.cutMs,
    lateMs: a.lateMs + b.lateMs,
    turns: a.turns + b.turns,
    bargeIns: a.bargeIns + b.bargeIns,
  }
}

function latencyOf(summary: CallSummary, streams: readonly LatencySummary[]): CallLatency {
  const { latencyP50Ms, latencyP95Ms } = summary
  const greetingMs = streams[0]?.greetingMs
  return {
    ...(greetingMs === undefined ? {} : { greetingMs }),
    ...(latencyP50Ms === undefined ? {} : { responseP50Ms: latencyP50Ms }),
    ...(latencyP95Ms === undefined ? {} : { responseP95Ms: latencyP95Ms }),
    overlapMs: streams.reduce((sum, { overlapMs }) => sum + overlapMs, 0),
  }
}
