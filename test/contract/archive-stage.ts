import type { CallArchive, CallFilter } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { CallStore } from '../../src/call/store.ts'
import { answered, ended, NOON } from '../store/told.ts'

/** One archive set up for one suite, with the store that fills it. */
export interface ArchiveStage extends AsyncDisposable {
  readonly store: CallStore & CallArchive
  /** Moves the store's calendar to this [ms since 1970]. */
  readonly setNow: (at: number) => void
  /** Until what was put in can be read. */
  readonly settled: () => Promise<void>
}

/** [ms] */
export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** Tokens of each response. */
export const usage = { inputTokens: 100, outputTokens: 50, inputAudioTokens: 80, outputAudioTokens: 40 }

let calls = 0
let days = 0
/** A call that no other test knows, and a day of its own, so that no other test's calls are in sight. */
export function fresh() {
  const at = NOON + ++days * 30 * DAY_MS
  return { callId: `CA${++calls}`, at, all: { fromAt: at - DAY_MS, untilAt: at + DAY_MS } satisfies CallFilter }
}

/** What is told, and how long after the call's beginning. */
export type Told = readonly [afterMs: number, event: CallEvent]

/** Tells a call's events, each when it happened. */
export function tell({ store, setNow }: ArchiveStage, callId: string, at: number, told: readonly Told[]): void {
  for (const [afterMs, event] of told) {
    setNow(at + afterMs)
    store.append(callId, event)
  }
}

export const stopped: CallEvent = { atMs: 0, type: 'caller-speech-stopped' }
export const audible = (latencyMs?: number): CallEvent => ({
  ...{ atMs: 0, type: 'agent-audible', responseId: 'r' },
  ...(latencyMs === undefined ? {} : { latencyMs }),
})
export const billed: CallEvent = { atMs: 0, type: 'response-ended', responseId: 'r', status: 'completed', usage }
export const lost: CallEvent = { atMs: 0, type: 'provider-lost', code: 'provider-lost' }
export const restored: CallEvent = { atMs: 0, type: 'provider-restored', provider: 'second' }
export const bargedIn: CallEvent = { atMs: 0, type: 'barge-in', by: 'local', heardMs: 1, unheardMs: 1 }
export const toolCalled: CallEvent = { atMs: 0, type: 'tool-called', toolCallId: 't', name: 'n' }
export const analysed: CallEvent = {
  atMs: 0,
  type: 'analysed',
  analysis: { by: 'counts', result: { summary: 'All went well.' } },
}
export const answeredAs = (more: Partial<Extract<CallEvent, { type: 'answered' }>>): CallEvent =>
  ({ ...answered, ...more }) as CallEvent
export const endedBy = (reason: Extract<CallEvent, { type: 'ended' }>['reason']): CallEvent =>
  ({ ...ended, reason }) as CallEvent
