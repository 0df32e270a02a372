import type { JSX } from 'preact'
import type { TurnLatency } from '../../api.ts'
import { clockOf, tookOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Chart } from '../parts/chart.tsx'
import type { Seek } from './playing.ts'

/** How long the caller waited for each answer. */
export function LatencyCard({
  latencies,
  seek,
}: {
  latencies: readonly TurnLatency[]
  seek: Seek | undefined
}): JSX.Element | null {
  if (latencies.length === 0) return null
  const pick = (index: number) => {
    const turn = latencies[index]
    // A little before: one wants to hear the question too.
    if (turn !== undefined) seek?.(turn.stream, turn.atMs - turn.latencyMs - 1000)
  }
  return (
    <section class="card" aria-labelledby="latency-title">
      <h2 id="latency-title">{t('latency.title')}</h2>
      <Chart
        title={t('latency.perTurn')}
        labelName={t('latency.at')}
        labels={latencies.map(({ atMs }) => clockOf(atMs))}
        series={[
          { name: t('call.latency'), values: latencies.map(({ latencyMs }) => latencyMs), draw: 'bars', tone: 'a' },
        ]}
        format={(ms) => tookOf(ms, language())}
        onPick={seek === undefined ? undefined : pick}
      />
    </section>
  )
}
