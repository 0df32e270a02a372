import type { CallEvent } from '../call/events.ts'
import { spreadOf } from '../call/latencies.ts'
import type { CallEnd, PhoneEvent } from '../simulators/carrier/events.ts'
import type { TurnMeasure } from './measure.ts'

/** One turn: what the caller said, and the answer. */
export interface TurnReport extends TurnMeasure {
  /** From 1; 0 is the agent's greeting. */
  readonly number: number
  /** What was played to say it; absent for the greeting. */
  readonly file?: string
  /** Words by the call's own transcripts; empty when they are not known. */
  readonly caller: readonly string[]
  readonly agent: readonly string[]
  /** Words of the answer that the caller cut off; not all of them were heard. */
  readonly over?: readonly string[]
  /** What was heard of it [ms]. */
  readonly heardMs?: number
}

/** Transcripts and barge-ins out of the events since the last turn. The words of a cut answer come after the cut. */
export function wordsOf(events: readonly CallEvent[]): Pick<TurnReport, 'caller' | 'agent' | 'over' | 'heardMs'> {
  const cut = events.findLast((event) => event.type === 'barge-in')
  const cutItems = new Set(events.flatMap((event) => (event.type === 'heard' && !event.wholly ? [event.itemId] : [])))
  const said = events.filter((event) => event.type === 'said')
  const words = (pick: (event: (typeof said)[number]) => boolean) => said.filter(pick).map(({ text }) => text)
  return {
    caller: words(({ speaker }) => speaker === 'caller'),
    agent: words(({ speaker, itemId }) => speaker === 'agent' && !cutItems.has(itemId)),
    ...(cut !== undefined && { over: words(({ itemId }) => cutItems.has(itemId)), heardMs: cut.heardMs }),
  }
}

const quote = (words: readonly string[]) => (words.length === 0 ? '' : ` "${words.join(' ')}"`)
const ms = (value: number) => `${Math.round(value)} ms`

/**
 * The lines of one turn:
 * ```
 * 1  caller  "a table for two tonight"  (booking.wav)
 *    agent   "For what name?"           after 640 ms
 * ```
 * `undefined` for a greeting that was not given.
 */
export function turnLines(turn: TurnReport): string | undefined {
  const number = String(turn.number).padStart(2)
  const lines: string[] = []
  if (turn.file !== undefined) {
    const over = (turn.over ?? []).length === 0 ? ' the agent' : quote(turn.over ?? [])
    const cut = turn.yieldedMs === undefined ? '' : `, over${over}, silent after ${ms(turn.yieldedMs)}`
    const heard = turn.heardMs === undefined ? '' : `, who was heard for ${ms(turn.heardMs)}`
    lines.push(`${number}  caller ${quote(turn.caller)} (${turn.file}${cut}${heard})`)
  }
  const answered = turn.latencyMs !== undefined || turn.agent.length > 0
  const latency = turn.latencyMs === undefined ? '' : ` after ${ms(turn.latencyMs)}`
  if (answered) lines.push(`${turn.file === undefined ? number : '  '}  agent  ${quote(turn.agent)}${latency}`)
  else if (turn.file !== undefined) lines.push('    agent   (no answer)')
  return lines.length === 0 ? undefined : lines.join('\n')
}

/** How the call went, in a few lines. */
export function summary(turns: readonly TurnReport[], end: CallEnd): string {
  const measured = (name: string, pick: (turn: TurnReport) => number | undefined) => {
    const answers = turns.filter((turn) => turn.number > 0)
    const values = answers.map(pick).filter((value) => value !== undefined)
    const found = spreadOf(values)
    return found === undefined ? [] : [`${name} p50 ${ms(found.p50)}, p95 ${ms(found.p95)} of ${found.count}`]
  }
  const parts = [
    `${(end.durationMs / 1000).toFixed(1)} s, ended by the ${end.by}${end.code === undefined ? '' : ` (error ${end.code})`}`,
    ...measured('answered after', (turn) => turn.latencyMs),
    ...measured('silent after', (turn) => turn.yieldedMs),
  ]
  return parts.join('; ')
}

/** What the carrier does or finds beside the conversation, as a line; `undefined` for what belongs to any call. */
export function noticeLine(event: PhoneEvent): string | undefined {
  if (event.type === 'warning') return `    carrier ${event.level} ${event.code}: ${event.message}`
  if (event.type !== 'verb') return undefined
  const { verb } = event
  if (verb.type === 'say') return `    carrier says "${verb.text}"`
  if (verb.type === 'dial') return `    carrier dials ${verb.numbers.join(', ') || verb.conference}`
  return undefined
}

/** All that is known of a call when it is over. */
interface CallFacts {
  readonly end: CallEnd
  readonly seen: readonly PhoneEvent[]
  /** The call's own events; empty when they are not known. */
  readonly events: readonly CallEvent[]
  /** How many of the caller's lines were not said. */
  readonly unsaid: number
  readonly heardMs: number
}

/** The longest call is over: that is how it was asked for. */
const MAX_CALL = 32015

/** Why a call is not what it should be; empty when it went well. */
export function failuresOf({ end, seen, events, unsaid, heardMs }: CallFacts): string[] {
  const streams = seen.flatMap((event) =>
    event.type === 'stream-ended' && event.end.how === 'error' ? [event.end] : [],
  )
  const codes = events.flatMap((event) => (event.type === 'ended' && event.code !== undefined ? [event] : []))
  return [
    ...(end.by === 'carrier' && end.code !== MAX_CALL ? [`the carrier could not go on (error ${end.code})`] : []),
    ...streams.map(({ code }) => `a media stream failed (error ${code})`),
    ...codes.map(({ reason, code }) => `the call ended as ${reason} (${code})`),
    ...(heardMs === 0 ? ['the agent was never heard'] : []),
    ...(unsaid > 0 ? [`the call was over before ${unsaid} of the caller's lines could be said`] : []),
  ]
}
