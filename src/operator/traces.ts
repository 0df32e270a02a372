import type { Logger } from '../base/log.ts'
import type { CallEvent } from '../call/events.ts'

/** Where traces of calls go. */
export interface TracesOptions {
  /** Of an OTLP collector, without `/v1/traces`. */
  readonly endpoint: string
  /** `name=value,name=value`, values as in a URL: what the collector lets us in by. */
  readonly headers: string | undefined
  readonly serviceName: string
  readonly log: Logger
  /** [ms since 1970]; default: the machine's. */
  readonly now?: () => number
  /** How long finished spans wait for company before they are sent [ms]. Default 5000. */
  readonly delayMs?: number
  /** How long disposing waits for what is still to be sent [ms]. Default 3000. */
  readonly closeMs?: number
}

/**
 * Traces of calls on their way to a collector. Disposing ends what is open and sends what waits, for at most
 * `closeMs`.
 */
export interface CallTraces extends AsyncDisposable {
  /** Takes a call's events as they happen; never throws, never waits. */
  take(callId: string, event: CallEvent): void
}

/**
 * Opens the way to the collector. The packages for it are loaded here, and only here: who has no collector pays nothing.
 *
 * ```
 *   call ─────────────────────────────────────────────────────────────────────────▶ ended      one trace a call
 *     └─ connect ─▶   └─ turn ─ speech-stopped ─▶ audible   └─ tool ─▶   └─ reconnect ─▶        barge-ins, holds: events
 *                                                     │
 *                       ended spans ─▶ queue (2048) ──┴── every 5 s ─▶ POST /v1/traces
 * ```
 * A collector that is away, slow or full costs one line in the log a minute, and the spans; never a call.
 */
export async function startTraces(options: TracesOptions): Promise<CallTraces> {
  const { openExport } = await import('./span-export.ts')
  return openExport(options)
}
