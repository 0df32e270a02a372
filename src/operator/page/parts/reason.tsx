import type { JSX } from 'preact'
import type { EndReason } from '../../../call/events.ts'
import { t } from '../i18n.ts'

const MISFORTUNES: readonly EndReason[] = ['carrier-lost', 'provider-lost', 'shutdown']

/** Why a call ended, in words; absent: it is live. */
export function Reason({ reason, live }: { reason: EndReason | undefined; live: boolean }): JSX.Element {
  if (live) return <span class="badge badge-live">{t('reason.live')}</span>
  if (reason === undefined) return <span class="badge">{t('reason.unknown')}</span>
  const kind = MISFORTUNES.includes(reason) ? ' badge-bad' : reason === 'max-duration' ? ' badge-warn' : ''
  return <span class={`badge${kind}`}>{t(`reason.${reason}`)}</span>
}

/** A number as the carrier gave it; what is no number is said in words, a browser by its name. */
export function NumberText({ number }: { number: string }): JSX.Element {
  if (number === '') return <span class="quiet">{t('number.withheld')}</span>
  const [, client] = /^client:(.+)$/.exec(number) ?? []
  if (client !== undefined) return <span title={number}>{t('number.browser', { name: client })}</span>
  return <span class="number">{number}</span>
}
