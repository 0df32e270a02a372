import type { JSX } from 'preact'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { Notice } from '../parts/notice.tsx'
import { hrefOf } from '../router.ts'
import { useNow } from '../use-now.ts'
import { CallTable } from './call-table.tsx'
import { Health } from './health.tsx'
import { useBoard } from './use-board.ts'

/** What goes on now: all live calls, and how the house is. */
export function BoardView(): JSX.Element {
  const { line, calls, health } = useBoard()
  const now = useNow(calls.length > 0 && line === 'open')
  const isKnown = line !== 'waiting' && health !== undefined
  return (
    <div class="view">
      <div class="view-head">
        <h1>{t('title.board')}</h1>
        {isKnown && (
          <p class="quiet board-count" role="status">
            {t('board.count', { n: calls.length })}
          </p>
        )}
        {calls.length > 0 && (
          <a class="button view-action" href={hrefOf({ view: 'phone' })}>
            <Icon name="phone" /> {t('board.callAgent')}
          </a>
        )}
      </div>
      {line === 'lost' && <Notice kind="warn">{t('board.lost')}</Notice>}
      {health !== undefined && <Health health={health} />}
      {line === 'waiting' && <p class="quiet">{t('page.loading')}</p>}
      {calls.length > 0 && <CallTable calls={calls} now={now} isStale={line === 'lost'} />}
      {isKnown && calls.length === 0 && <EmptyBoard />}
    </div>
  )
}

/** What a newcomer sees first: what to do. */
function EmptyBoard(): JSX.Element {
  return (
    <section class="card empty" aria-labelledby="empty-title">
      <Icon name="phone" size={40} />
      <h2 id="empty-title">{t('board.emptyTitle')}</h2>
      <p>{t('board.emptyText')}</p>
      <a class="button button-primary" href={hrefOf({ view: 'phone' })}>
        <Icon name="phone" /> {t('board.emptyAction')}
      </a>
      <p class="quiet">
        {t('board.emptyElse')} <a href={hrefOf({ view: 'history', filter: {} })}>{t('board.emptyHistory')}</a>
      </p>
    </section>
  )
}
