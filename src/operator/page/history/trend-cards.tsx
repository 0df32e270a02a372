import type { JSX } from 'preact'
import type { EndReason } from '../../../call/events.ts'
import type { Trends } from '../../api.ts'
import { clockOf, countOf, meanOf, moneyOf, spanOf, stepLabelOf, tookOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Chart } from '../parts/chart.tsx'
import { filled } from './filled.ts'

interface TrendCardsProps {
  readonly trends: Trends
  readonly step: 'hour' | 'day'
}

/** What all the calls that were found come to, and how that went. */
export function TrendCards({ trends, step }: TrendCardsProps): JSX.Element {
  const points = filled(trends.points, step)
  const labels = points.map(({ at }) => stepLabelOf(at, step, language()))
  const labelName = t(`trend.${step}`)
  const money = (amount: number) => moneyOf(amount, trends.currency, language())
  return (
    <section class="trends" aria-label={t('trend.title')}>
      <Totals trends={trends} />
      {points.length > 1 && (
        <div class="trend-charts">
          <div class="card">
            <Chart
              title={t(`trend.calls.${step}`)}
              labelName={labelName}
              labels={labels}
              series={[
                {
                  name: t('history.calls'),
                  values: points.map(({ point }) => point?.calls ?? 0),
                  draw: 'bars',
                  tone: 'a',
                },
              ]}
              format={(n) => countOf(n, language())}
            />
          </div>
          <div class="card">
            <Chart
              title={t('call.latency')}
              labelName={labelName}
              labels={labels}
              series={[
                { name: 'p50', values: points.map(({ point }) => point?.latencyP50Ms), draw: 'line', tone: 'a' },
                { name: 'p95', values: points.map(({ point }) => point?.latencyP95Ms), draw: 'line', tone: 'b' },
              ]}
              format={(ms) => tookOf(ms, language())}
            />
          </div>
          {trends.totals.cost !== undefined && (
            <div class="card">
              <Chart
                title={t('call.cost')}
                labelName={labelName}
                labels={labels}
                series={[
                  {
                    name: t('call.cost'),
                    values: points.map(({ point }) => point?.cost ?? 0),
                    draw: 'bars',
                    tone: 'a',
                  },
                ]}
                format={money}
              />
            </div>
          )}
        </div>
      )}
    </section>
  )
}

function Totals({ trends: { totals, currency } }: { trends: Trends }): JSX.Element | null {
  const lang = language()
  if (totals.calls === 0) return null
  const facts: [name: string, value: string | undefined][] = [
    [t('history.calls'), countOf(totals.calls, lang)],
    [t('trend.duration'), spanOf(totals.durationMs, lang)],
    [t('trend.mean'), clockOf(totals.durationMs / totals.calls)],
    [t('trend.p50'), totals.latencyP50Ms === undefined ? undefined : tookOf(totals.latencyP50Ms, lang)],
    [t('trend.p95'), totals.latencyP95Ms === undefined ? undefined : tookOf(totals.latencyP95Ms, lang)],
    [t('trend.bargeIns'), meanOf(totals.bargeIns / totals.calls, lang)],
    [t('call.cost'), totals.cost === undefined ? undefined : moneyOf(totals.cost, currency, lang)],
  ]
  return (
    <>
      <dl class="totals">
        {facts.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      <Reasons byReason={totals.byReason} />
    </>
  )
}

/** Why calls ended, most frequent first. */
function Reasons({ byReason }: { byReason: Trends['totals']['byReason'] }): JSX.Element | null {
  const reasons = (Object.entries(byReason) as [EndReason, number][])
    .filter(([, n]) => n > 0)
    .toSorted(([, a], [, b]) => b - a)
  if (reasons.length === 0) return null
  return (
    <dl class="reasons" aria-label={t('filter.reason')}>
      {reasons.map(([reason, n]) => (
        <div key={reason}>
          <dt>{t(`reason.${reason}`)}</dt>
          <dd>{countOf(n, language())}</dd>
        </div>
      ))}
    </dl>
  )
}
