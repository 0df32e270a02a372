import type { JSX } from 'preact'
import type { LiveCall, PricedCall } from '../../api.ts'
import { Speaking } from '../board/call-table.tsx'
import { clockOf, countOf, moneyOf, tookOf, whenOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { NumberText, Reason } from '../parts/reason.tsx'
import { useNow } from '../use-now.ts'

interface CallHeadProps {
  readonly summary: PricedCall
  readonly live: LiveCall | undefined
  readonly currency: string | undefined
}

/** Who, when, how long, how it ended and what it cost. */
export function CallHead({ summary, live, currency }: CallHeadProps): JSX.Element {
  const lang = language()
  const now = useNow(live !== undefined)
  const lengthMs = live === undefined ? summary.durationMs : now - live.answeredAt
  const facts: [name: string, value: JSX.Element | string | undefined][] = [
    [t('call.to'), summary.to === '' ? undefined : <NumberText key="to" number={summary.to} />],
    [t('call.agent'), summary.agent],
    [t('call.provider'), summary.provider],
    [t('call.turns'), countOf(summary.turns, lang)],
    [t('call.bargeIns'), countOf(summary.bargeIns, lang)],
    [t('call.tools'), summary.tools > 0 ? countOf(summary.tools, lang) : undefined],
    [t('call.losses'), summary.losses > 0 ? countOf(summary.losses, lang) : undefined],
    [t('call.streams'), summary.streams > 1 ? countOf(summary.streams, lang) : undefined],
    [t('trend.p50'), summary.latencyP50Ms === undefined ? undefined : tookOf(summary.latencyP50Ms, lang)],
    [t('trend.p95'), summary.latencyP95Ms === undefined ? undefined : tookOf(summary.latencyP95Ms, lang)],
    [t('call.tokens'), tokensOf(summary)],
    [t('call.cost'), summary.cost === undefined ? undefined : moneyOf(summary.cost, currency ?? '', lang)],
  ]
  return (
    <header class="call-head">
      <div class="call-title">
        <h1>
          <NumberText number={summary.from} />
        </h1>
        <Reason reason={summary.reason} live={live !== undefined} />
        {live !== undefined && live.state !== 'live' && (
          <span class={`badge state-badge-${live.state}`}>{t(`state.${live.state}`)}</span>
        )}
        {summary.code !== undefined && <code class="quiet">{summary.code}</code>}
        {live !== undefined && (live.speaking !== 'nobody' || live.tool !== undefined) && <Speaking call={live} />}
      </div>
      <p class="quiet">
        {whenOf(summary.openedAt, lang)} · <span class="tabular">{clockOf(lengthMs)}</span> ·{' '}
        <span class="call-id">{summary.callId}</span>
      </p>
      <dl class="facts">
        {facts.map(
          ([name, value]) =>
            value !== undefined &&
            value !== '' && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </header>
  )
}

function tokensOf({ usage }: PricedCall): string | undefined {
  const tokens = usage.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)
  return tokens === 0 ? undefined : countOf(tokens, language())
}
