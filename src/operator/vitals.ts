import { Counter, collectDefaultMetrics, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'

/** Measurements of one process by themselves: event loop, memory, CPU, streams. Plain data, for the way between processes. */
export type Vitals = readonly MetricObjectWithValues<MetricValue<string>>[]

/** What was odd about one media stream. Times in [ms], the others are frames. */
export interface StreamOddities {
  /** Sound that the carrier did not take in time, and that was dropped. */
  readonly unsentMs: number
  /** Silence that was put in for what the line lost, or did not bring. */
  readonly filledMs: number
  readonly fedMs: number
  readonly binary: number
  readonly garbage: number
  readonly unknown: number
  readonly foreign: number
  readonly repeatedStarts: number
}

/** This process as it measures itself. */
interface Own {
  readonly registry: Registry
  readonly sound: Counter<'why'>
  readonly frames: Counter<'why'>
  readonly shelfBytes: Counter<'kind'>
  readonly shelfFailures: Counter<'kind'>
}

/** What became of one file of a call that was to be written. */
export interface Shelved {
  readonly kind: 'recording' | 'flight'
  /** Those that are on the disk. */
  readonly bytes: number
  /** It, or its end, could not be written. */
  readonly failed: boolean
}

let own: Own | undefined

function watch(): Own {
  if (own !== undefined) return own
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const counter = <L extends string>(name: string, help: string, label: L) =>
    new Counter({ name: `offhook_${name}`, help, labelNames: [label], registers: [registry] })
  own = {
    registry,
    sound: counter(
      'stream_sound_seconds_total',
      'Sound of ended media streams that was dropped (unsent: the carrier did not take it) or put in (silence where the line brought nothing).',
      'why',
    ),
    frames: counter(
      'stream_odd_frames_total',
      'Frames of ended media streams that were no frames of theirs, by why.',
      'why',
    ),
    shelfBytes: counter('shelf_bytes_total', 'Recordings and flight records of ended streams, as written.', 'kind'),
    shelfFailures: counter(
      'shelf_failures_total',
      'Recordings and flight records that could not be written, or not to their end.',
      'kind',
    ),
  }
  return own
}

/** Measures this process from now until it ends, however often it is called; returns how to read its vitals. */
export function watchThisProcess(): () => Promise<Vitals> {
  const { registry } = watch()
  return () => registry.getMetricsAsJSON()
}

/** Takes what was odd about a media stream that is over. */
export function countStream({ unsentMs, filledMs, fedMs, ...odd }: StreamOddities): void {
  const { sound, frames } = watch()
  sound.inc({ why: 'unsent' }, unsentMs / 1000)
  sound.inc({ why: 'silence' }, (filledMs + fedMs) / 1000)
  const { binary, garbage, unknown, foreign, repeatedStarts } = odd
  for (const [why, count] of Object.entries({ binary, garbage, unknown, foreign, repeatedStarts })) {
    frames.inc({ why }, count)
  }
}

/** Takes what became of a recording, or of a flight record, when its stream is over. */
export function countShelved({ kind, bytes, failed }: Shelved): void {
  const { shelfBytes, shelfFailures } = watch()
  shelfBytes.inc({ kind }, bytes)
  shelfFailures.inc({ kind }, failed ? 1 : 0)
}

/** The label keeps processes apart, so nothing is summed, and nothing need be left out because it cannot be. */
export function labelled(metric: Vitals[number], worker: string): Vitals[number] {
  const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } }))
  return { ...metric, aggregator: 'sum', values }
}
