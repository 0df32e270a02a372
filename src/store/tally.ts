import type { ErrorCode } from '../base/errors.ts'
import type { CallSummary, KeptEvent, ProviderUsage } from '../call/archive.ts'
import type { CallEvent, EndReason } from '../call/events.ts'
import { spreadOf } from '../call/latencies.ts'
import type { Usage } from '../call/provider.ts'

/** A call of hours keeps its latest, as it does while it lasts. */
const MAX_LATENCIES = 1000
/** Streams whose provider is remembered: only the words of a process that was left behind belong to an older one. */
const MAX_STREAMS = 8

/** Of the form of a tally: one of another is folded anew. */
const TALLY_VERSION = 1

/** What a call came to so far: all that its summary, totals and trends are made of. Times are [ms since 1970]; as JSON it is kept. */
export interface Tally {
  v: typeof TALLY_VERSION
  /** How many events it was folded from: of a call that has more, somebody wrote who did not fold. */
  events: number
  firstAt: number
  lastAt: number
  /** How many streams there were, and who answers in the latest of them, oldest first. */
  streams: number
  legs: { readonly stream: number; provider: string }[]
  from: string
  to: string
  agent: string
  /** How the latest stream ended; absent: it has not. */
  end?: { readonly at: number; readonly reason: EndReason; readonly code?: ErrorCode }
  turns: number
  bargeIns: number
  tools: number
  losses: number
  /** [ms], whole ones, in order. */
  latencies: number[]
  usage: ProviderUsage[]
}

/** The tally of a call of which nothing is known but its first event. */
function newTally(at: number): Tally {
  const counts = { streams: 0, turns: 0, bargeIns: 0, tools: 0, losses: 0 }
  // These two stand first in its JSON: `foldedFrom` looks for them there.
  const form = { v: TALLY_VERSION, events: 0 } as const
  return {
    ...form,
    firstAt: at,
    lastAt: at,
    ...counts,
    legs: [],
    from: '',
    to: '',
    agent: '',
    latencies: [],
    usage: [],
  }
}

/**
 * Folds one more event into a call's tally, which is changed; `undefined`: there was none yet.
 *
 * ```
 *   stream 1: answered ─ … ─ ended          the call has ended …
 *   stream 2:                 answered ─ …  … and has not: what stream 1 still tells counts, but no longer ends it
 *   analysed: says nothing of how the call went
 * ```
 * Events of one stream come in order; those of two may be mixed.
 */
export function tallied(before: Tally | undefined, { stream, at, event }: KeptEvent): Tally {
  const tally = before ?? newTally(at)
  tally.events++
  if (event.type === 'analysed') return tally
  tally.firstAt = Math.min(tally.firstAt, at)
  tally.lastAt = Math.max(tally.lastAt, at)
  take(tally, legOf(tally, stream), at, event)
  return tally
}

/** Out of its JSON; `undefined`: of another version, or of no tally at all. */
export function tallyIn(text: string): Tally | undefined {
  try {
    const tally: Partial<Tally> | null = JSON.parse(text)
    return isTally(tally) ? tally : undefined
  } catch {
    return undefined
  }
}

/** How many events the tally of this JSON, of which the beginning is enough, was folded from; `undefined`: it is of no use. */
export function foldedFrom(text: string): number | undefined {
  const [, version, events] = /^\{"v":(\d+),"events":(\d+),/.exec(text) ?? []
  return Number(version) === TALLY_VERSION ? Number(events) : undefined
}

function isTally(tally: Partial<Tally> | null): tally is Tally {
  if (typeof tally !== 'object' || tally?.v !== TALLY_VERSION) return false
  const { events, firstAt, lastAt, streams, turns, bargeIns, tools, losses, from, to, agent, end } = tally
  return (
    [events, firstAt, lastAt, streams, turns, bargeIns, tools, losses].every(Number.isFinite) &&
    [from, to, agent].every((text) => typeof text === 'string') &&
    [tally.legs, tally.latencies, tally.usage].every(Array.isArray) &&
    (end === undefined || Number.isFinite(end?.at))
  )
}

function legOf(tally: Tally, stream: number): Tally['legs'][number] {
  const known = tally.legs.find((leg) => leg.stream === stream)
  if (known !== undefined) return known
  const leg = { stream, provider: '' }
  const latest = tally.legs.at(-1)
  tally.streams++
  tally.legs = [...tally.legs, leg].sort((a, b) => a.stream - b.stream).slice(-MAX_STREAMS)
  if (latest === undefined || stream > latest.stream) delete tally.end
  return leg
}

function take(tally: Tally, leg: Tally['legs'][number], at: number, event: CallEvent): void {
  switch (event.type) {
    case 'answered':
      leg.provider = event.provider
      tally.firstAt = Math.min(tally.firstAt, event.answeredAt ?? at)
      // Calls of before have none of the three.
      tally.from = event.from || tally.from
      tally.to = event.to || tally.to
      tally.agent = event.agent || tally.agent
      return
    case 'connected':
    case 'provider-restored':
    case 'session-renewed':
      leg.provider = event.provider
      return
    case 'ended':
      if (leg === tally.legs.at(-1)) {
        tally.end = { at, reason: event.reason, ...(event.code === undefined ? {} : { code: event.code }) }
      }
      return
    case 'agent-audible':
      if (event.latencyMs === undefined) return
      tally.latencies.push(Math.round(event.latencyMs))
      if (tally.latencies.length > MAX_LATENCIES) tally.latencies.shift()
      return
    case 'response-ended':
      if (event.usage !== undefined) addUsage(tally.usage, leg.provider, event.usage)
      return
    default:
      count(tally, event.type)
  }
}

function count(tally: Tally, type: CallEvent['type']): void {
  if (type === 'caller-speech-stopped') tally.turns++
  else if (type === 'barge-in') tally.bargeIns++
  else if (type === 'tool-called') tally.tools++
  else if (type === 'provider-lost') tally.losses++
}

/** Adds tokens to those that this provider has billed so far. */
export function addUsage(usage: ProviderUsage[], provider: string, more: Usage): void {
  const i = usage.findIndex((one) => one.provider === provider)
  const { inputTokens = 0, outputTokens = 0, inputAudioTokens = 0, outputAudioTokens = 0 } = usage[i] ?? {}
  const sum = {
    provider,
    inputTokens: inputTokens + more.inputTokens,
    outputTokens: outputTokens + more.outputTokens,
    inputAudioTokens: inputAudioTokens + more.inputAudioTokens,
    outputAudioTokens: outputAudioTokens + more.outputAudioTokens,
  }
  if (i < 0) usage.push(sum)
  else usage[i] = sum
}

/** From the answer to the end, or to what was heard of it last [ms]. */
export function durationOf({ firstAt, lastAt, end }: Tally): number {
  return Math.max(0, (end?.at ?? lastAt) - firstAt)
}

/** A call in one line. */
export function summaryOf(callId: string, openedAt: number, tally: Tally): CallSummary {
  const { from, to, agent, end, streams, turns, bargeIns, tools, losses, usage } = tally
  const latency = spreadOf(tally.latencies)
  return {
    callId,
    openedAt,
    ...(end === undefined ? {} : { endedAt: end.at, reason: end.reason }),
    ...(end?.code === undefined ? {} : { code: end.code }),
    ...{ from, to, agent, provider: tally.legs.at(-1)?.provider ?? '' },
    durationMs: durationOf(tally),
    ...{ streams, turns, bargeIns, tools, losses },
    ...(latency === undefined ? {} : { latencyP50Ms: latency.p50, latencyP95Ms: latency.p95 }),
    usage,
  }
}
