import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import type { LiveCall } from '../../api.ts'
import { clockOf, tookOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import type { Language } from '../language.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { NumberText } from '../parts/reason.tsx'
import { hrefOf } from '../router.ts'

interface CallTableProps {
  readonly calls: readonly LiveCall[]
  /** The server's time [ms since 1970]. */
  readonly now: number
  /** The line to the server is broken: lengths would lie. */
  readonly isStale: boolean
}

/** All live calls, a row each; on a narrow screen a card each. */
export function CallTable({ calls, now, isStale }: CallTableProps): JSX.Element {
  return (
    <table class={`table cards board-table${isStale ? ' is-stale' : ''}`}>
      <caption class="sr-only">{t('title.board')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('call.who')}</th>
          <th scope="col">{t('call.agent')}</th>
          <th scope="col" class="num">
            {t('call.length')}
          </th>
          <th scope="col">{t('board.speaking')}</th>
          <th scope="col" class="wide">
            {t('board.lastWords')}
          </th>
          <th scope="col" class="num">
            {t('call.latency')}
          </th>
          <th scope="col" class="num">
            {t('call.bargeIns')}
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <CallRow key={call.callId} call={call} now={now} />
        ))}
      </tbody>
    </table>
  )
}

/** Made anew only for what has changed: of 200 calls most have not. */
function CallRow({ call, now }: { call: LiveCall; now: number }): JSX.Element {
  const length = clockOf(now - call.answeredAt)
  const lang = language()
  return useMemo(() => rowOf(call, length, lang), [call, length, lang])
}

function rowOf(call: LiveCall, length: string, lang: Language): JSX.Element {
  return (
    <tr class={`call-row state-${call.state}`}>
      <th scope="row" class="card-title">
        <a class="row-link" href={hrefOf({ view: 'call', callId: call.callId })}>
          <NumberText number={call.from} />
        </a>
        {call.state !== 'live' && <span class={`badge state-badge-${call.state}`}>{t(`state.${call.state}`)}</span>}
      </th>
      <td data-label={t('call.agent')}>
        {call.agent}
        <span class="quiet small provider">{call.provider}</span>
      </td>
      <td class="num" data-label={t('call.length')}>
        {length}
      </td>
      <td data-label={t('board.speaking')}>
        <Speaking call={call} />
      </td>
      <td class="wide last-words" data-label={t('board.lastWords')}>
        <LastWords call={call} />
      </td>
      <td class="num" data-label={t('call.latency')}>
        {call.latencyMs === undefined ? '–' : tookOf(call.latencyMs, lang)}
      </td>
      <td class="num" data-label={t('call.bargeIns')}>
        {call.bargeIns}
      </td>
    </tr>
  )
}

const SPEAKING_ICONS: Readonly<Record<LiveCall['speaking'], IconName>> = {
  caller: 'caller',
  agent: 'agent',
  both: 'both',
  nobody: 'silence',
}

/** Who is speaking now, in words and with a sign; a tool at work is why nobody does. */
export function Speaking({ call }: { call: LiveCall }): JSX.Element {
  if (call.speaking === 'nobody' && call.tool !== undefined) {
    return (
      <span class="speaking speaking-tool">
        <Icon name="tool" size={16} /> {t('speaking.tool', { tool: call.tool })}
      </span>
    )
  }
  const who = call.state === 'taken-over' && call.speaking === 'agent' ? 'operator' : call.speaking
  return (
    <span class={`speaking speaking-${who}`}>
      <Icon name={who === 'operator' ? 'operator' : SPEAKING_ICONS[call.speaking]} size={16} /> {t(`speaking.${who}`)}
    </span>
  )
}

function LastWords({ call }: { call: LiveCall }): JSX.Element {
  if (call.lastWords === undefined) return <span class="quiet">–</span>
  const { speaker, text } = call.lastWords
  return (
    <span class="words">
      <span class={`who who-${speaker}`}>{t(`speaker.${speaker}`)}</span> {text}
    </span>
  )
}
