import type { JSX } from 'preact'
import type { PricedCall } from '../../api.ts'
import { clockOf, moneyOf, tookOf, whenOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { NumberText, Reason } from '../parts/reason.tsx'
import { hrefOf } from '../router.ts'

/** Calls, newest first; on a narrow screen a card each. */
export function HistoryTable({
  calls,
  currency,
}: {
  calls: readonly PricedCall[]
  currency: string | undefined
}): JSX.Element {
  const hasCost = calls.some(({ cost }) => cost !== undefined)
  return (
    <table class="table cards">
      <caption class="sr-only">{t('history.calls')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('history.when')}</th>
          <th scope="col">{t('call.who')}</th>
          <th scope="col">{t('call.agent')}</th>
          <th scope="col" class="num">
            {t('call.length')}
          </th>
          <th scope="col">{t('filter.reason')}</th>
          <th scope="col" class="num optional">
            {t('call.turns')}
          </th>
          <th scope="col" class="num optional">
            {t('call.bargeIns')}
          </th>
          <th scope="col" class="num optional-too">
            {t('trend.p50')}
          </th>
          <th scope="col" class="num">
            {t('trend.p95')}
          </th>
          {hasCost && (
            <th scope="col" class="num optional-too">
              {t('call.cost')}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <Row key={call.callId} call={call} hasCost={hasCost} currency={currency} />
        ))}
      </tbody>
    </table>
  )
}

function Row({
  call,
  hasCost,
  currency,
}: {
  call: PricedCall
  hasCost: boolean
  currency: string | undefined
}): JSX.Element {
  const lang = language()
  const took = (ms: number | undefined) => (ms === undefined ? '–' : tookOf(ms, lang))
  return (
    <tr class="call-row">
      <th scope="row" class="card-title">
        <a class="row-link" href={hrefOf({ view: 'call', callId: call.callId })}>
          <time dateTime={new Date(call.openedAt).toISOString()}>{whenOf(call.openedAt, lang)}</time>
        </a>
      </th>
      <td data-label={t('call.who')}>
        <NumberText number={call.from} />
      </td>
      <td data-label={t('call.agent')}>{call.agent}</td>
      <td class="num" data-label={t('call.length')}>
        {clockOf(call.durationMs)}
      </td>
      <td data-label={t('filter.reason')}>
        <Reason reason={call.reason} live={call.live === true} />
      </td>
      <td class="num optional" data-label={t('call.turns')}>
        {call.turns}
      </td>
      <td class="num optional" data-label={t('call.bargeIns')}>
        {call.bargeIns}
      </td>
      <td class="num optional-too" data-label="p50">
        {took(call.latencyP50Ms)}
      </td>
      <td class="num" data-label="p95">
        {took(call.latencyP95Ms)}
      </td>
      {hasCost && (
        <td class="num optional-too" data-label={t('call.cost')}>
          {call.cost === undefined ? '–' : moneyOf(call.cost, currency ?? '', lang)}
        </td>
      )}
    </tr>
  )
}
