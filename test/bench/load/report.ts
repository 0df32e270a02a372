import type { Measurement } from './measure.ts'
import { stallsOf } from './stalls.ts'
import { median, quantile } from './statistics.ts'
import { table } from './table.ts'

/** One bridge at one number of calls: the rounds in order; a string is why there is no measurement. */
export interface Series {
  readonly label: string
  readonly calls: number
  readonly rounds: readonly (Measurement | string)[]
}

/** A generator above this share of its core measures itself. */
const GENERATOR_LIMIT = 0.85
/** Its own beats later than this [ms] at p99 do, too. */
const LAG_LIMIT_MS = 5
/** A frame of 20 ms that is a frame late. */
const LATE_MS = 20
/** When others take more than this of the bridge's core, its latencies are not its own. */
const STRANGERS_LIMIT = 0.05

/** All tables of a bench, in the order of its questions: cost, latency, growth, health. */
export function report(all: readonly Series[]): string {
  const counts = [...new Set(all.map(({ calls }) => calls))]
  const parts = counts.flatMap((calls) => {
    const here = all.filter((series) => series.calls === calls)
    return [`\n## ${calls} call(s)\n`, costTable(here), '', latencyTable(here), '', ...healthLines(here)]
  })
  return [...parts, ...(counts.length > 1 ? ['\n## How cost grows\n', growthTable(all)] : [])].join('\n')
}

function good({ rounds }: Series): Measurement[] {
  return rounds.filter((round) => typeof round !== 'string')
}

function costTable(here: readonly Series[]): string {
  const relay = here.find(({ label }) => label === 'relay')
  const rows = here.map((series) => {
    const rounds = good(series)
    if (rounds.length === 0) return [series.label, 'failed']
    return [
      series.label,
      spread(
        rounds.map(({ cpuMs }) => cpuMs),
        2,
      ),
      relay === undefined ? '' : spread(ratios(series, relay), 2),
      spread(rounds.map(perCallMb), 2),
      mid(rounds, ({ rssMb }) => rssMb.idle, 0),
      mid(rounds, ({ rssMb }) => rssMb.busy, 0),
      mid(rounds, ({ rssMb }) => rssMb.after, 0),
      percent(median(rounds.map(({ bridgeLoad }) => bridgeLoad))),
      percent(median(rounds.map(({ generatorLoad }) => generatorLoad))),
    ]
  })
  const head = 'bridge|CPU ms/call-s|of relay|MB/call|RSS idle|RSS busy|RSS after|core|generators'
  return table(head.split('|'), rows)
}

function perCallMb({ rssMb, calls }: Measurement): number {
  return (rssMb.busy - rssMb.idle) / calls
}

/** Round by round, so that what slowed the machine for both is in neither. */
function ratios(series: Series, relay: Series): number[] {
  return series.rounds.flatMap((round, i) => {
    const base = relay.rounds[i]
    return typeof round === 'string' || base === undefined || typeof base === 'string' ? [] : [round.cpuMs / base.cpuMs]
  })
}

function latencyTable(here: readonly Series[]): string {
  const rows = here.map((series) => {
    const rounds = good(series)
    if (rounds.length === 0) return [series.label, 'failed']
    const pick = (of: (latencies: Measurement['latencies'][number]) => readonly number[]) =>
      [0.5, 0.99].map((q) => {
        const each = rounds.map(({ latencies }) => quantile(latencies.flatMap(of), q))
        return median(each).toFixed(2)
      })
    const lostMs = rounds.map(({ latencies }) => Math.max(0, ...latencies.map((call) => call.lostMs)))
    return [
      series.label,
      ...pick(({ uplink }) => uplink),
      ...pick(({ downlink }) => downlink),
      ...pick(({ clear }) => clear),
      Math.max(...lostMs).toFixed(0),
      percent(median(rounds.map(({ agentShare }) => agentShare))),
      mid(rounds, ({ agentMessages }) => agentMessages, 0),
    ]
  })
  const head = 'added ms|uplink p50|p99|downlink p50|p99|clear p50|p99|lost ms/call, worst|agent heard|media/s'
  return table(head.split('|'), rows)
}

function growthTable(all: readonly Series[]): string {
  const labels = [...new Set(all.map(({ label }) => label))]
  const counts = [...new Set(all.map(({ calls }) => calls))]
  const rows = labels.flatMap((label) => growthRows(label, counts, all))
  return table(['calls', ...counts.map(String)], rows)
}

function growthRows(label: string, counts: readonly number[], all: readonly Series[]): string[][] {
  const find = (calls: number, of: string) => all.find((one) => one.label === of && one.calls === calls)
  const at = (calls: number) => good(find(calls, label) ?? { label, calls, rounds: [] })
  const cells = (cell: (rounds: Measurement[], calls: number) => string) =>
    counts.map((calls) => (at(calls).length === 0 ? '-' : cell(at(calls), calls)))
  const busyMb = (calls: number) => median(at(calls).map(({ rssMb }) => rssMb.busy))
  // What a call adds shows better between two numbers of calls: the first ones also pay for a heap that has to grow.
  const added = counts.map((calls, i) => {
    const fewer = counts[i - 1]
    if (fewer === undefined || at(calls).length === 0 || at(fewer).length === 0) return '-'
    return ((busyMb(calls) - busyMb(fewer)) / (calls - fewer)).toFixed(2)
  })
  const ofRelay = cells((_rounds, calls) => {
    const [series, relay] = [find(calls, label), find(calls, 'relay')]
    return series === undefined || relay === undefined ? '-' : median(ratios(series, relay)).toFixed(2)
  })
  const uplink = ({ latencies }: Measurement) => latencies.flatMap((call) => call.uplink)
  return [
    [`${label}: CPU ms/call-s`, ...cells((rounds) => mid(rounds, ({ cpuMs }) => cpuMs, 2))],
    [`${label}: of relay`, ...ofRelay],
    [`${label}: MB/call`, ...cells((rounds) => mid(rounds, perCallMb, 2))],
    [`${label}: MB/added call`, ...added],
    [`${label}: uplink p99 ms`, ...cells((rounds) => mid(rounds, (round) => quantile(uplink(round), 0.99), 1))],
  ]
}

/** What is wrong, and with whom; a bridge that holds the load says so. */
function healthLines(here: readonly Series[]): string[] {
  return here.flatMap((series) => {
    const found = series.rounds.map((round) => (typeof round === 'string' ? [`FAILED: ${round}`] : troubles(round)))
    if (found.every((list) => list.length === 0)) return [`${series.label}: holds`]
    return found.flatMap((list, i) => list.map((trouble) => `${series.label}, round ${i + 1}: ${trouble}`))
  })
}

/** What broke in a trial, what matters most first. */
export function troubles(round: Measurement): string[] {
  const { latencies, generatorLoad, lags, bridgeLoad, strangers, agentShare, errors } = round
  const uplink = latencies.flatMap((call) => call.uplink)
  const late = uplink.filter((ms) => ms > LATE_MS).length / uplink.length
  const lost = latencies.filter((call) => call.lostMs > 0)
  const missed = latencies.reduce((sum, call) => sum + call.missedAnswers + call.missedClears, 0)
  const lagMs = quantile(lags, 0.99)
  return [
    ...(generatorLoad > GENERATOR_LIMIT
      ? [`WARNING: the generators took ${percent(generatorLoad)} of a core: latencies are their own`]
      : []),
    ...(lagMs > LAG_LIMIT_MS ? [`WARNING: the generators' own beats came ${lagMs.toFixed(1)} ms late at p99`] : []),
    ...(strangers > STRANGERS_LIMIT ? [`WARNING: others took ${percent(strangers)} of the bridge's core`] : []),
    ...(lost.length > 0
      ? [`${lost.length} call(s) lost sound of the caller, up to ${Math.max(...lost.map((call) => call.lostMs))} ms`]
      : []),
    ...(quantile(uplink, 0.99) > LATE_MS
      ? [`uplink p99 over ${LATE_MS} ms: ${percent(late)} of the frames are late, ${stallWords(round)}`]
      : []),
    ...(missed > 0 ? [`${missed} answer(s) or clear(s) never reached the carrier`] : []),
    ...(agentShare < 0.98 ? [`only ${percent(agentShare)} of the agent's sound reached the carrier`] : []),
    ...(errors !== '' ? [`it wrote: ${errors.trim().slice(-300)}`] : []),
    ...(bridgeLoad > 0.9 ? [`the bridge took ${percent(bridgeLoad)} of a core`] : []),
  ]
}

/** `in 3 stalls, the longest of 71 ms` */
function stallWords({ latencies }: Measurement): string {
  const frames = latencies.flatMap(({ uplink, uplinkSentAt }) =>
    uplink.map((ms, i) => ({ ms, sentAt: uplinkSentAt[i] ?? 0 })),
  )
  const lengths = stallsOf(frames, LATE_MS).map(({ fromMs, toMs }) => toMs - fromMs)
  return `in ${lengths.length} stall(s), the longest of ${Math.max(...lengths).toFixed(0)} ms`
}

/** Whether the bench may end with 0: every trial ran, and Offhook lost no sound of a caller. */
export function isSound(all: readonly Series[]): boolean {
  return all.every(({ label, rounds }) =>
    rounds.every((round) => {
      if (typeof round === 'string') return false
      return !label.startsWith('offhook') || round.latencies.every(({ lostMs }) => lostMs === 0)
    }),
  )
}

function mid(rounds: readonly Measurement[], of: (round: Measurement) => number, digits: number): string {
  return median(rounds.map(of)).toFixed(digits)
}

/** `1.31 (1.29-1.36)` */
function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return '-'
  const text = median(values).toFixed(digits)
  if (values.length === 1) return text
  return `${text} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
