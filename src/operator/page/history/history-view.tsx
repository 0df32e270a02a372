import type { JSX } from 'preact'
import type { HistoryPage, Trends } from '../../api.ts'
import { serverNow } from '../api-client.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { ProblemNotice } from '../parts/notice.tsx'
import { hrefOf } from '../router.ts'
import { useDirectory } from '../use-directory.ts'
import { useLoaded } from '../use-loaded.ts'
import { type Filter, serverQueryOf, stepOf } from './filter.ts'
import { FilterForm } from './filter-form.tsx'
import { HistoryTable } from './history-table.tsx'
import { TrendCards } from './trend-cards.tsx'

/** Calls a page. */
const LIMIT = 50

/** All calls that are kept: found, added up and taken along. */
export function HistoryView({ filter }: { filter: Filter }): JSX.Element {
  const directory = useDirectory()
  const { next, ...whole } = filter
  const query = serverQueryOf(whole).toString()
  const paged = new URLSearchParams(query)
  paged.set('limit', String(LIMIT))
  if (next !== undefined) paged.set('next', next)
  const step = stepOf(whole, serverNow())
  const calls = useLoaded<HistoryPage>(`/api/calls?${paged}`)
  const trends = useLoaded<Trends>(`/api/trends?${query === '' ? '' : `${query}&`}step=${step}`)
  const isFiltered = query !== ''
  return (
    <div class="view">
      <div class="view-head">
        <h1>{t('title.history')}</h1>
        <div class="row view-action">
          <a class="button" href={`/api/calls.csv${isFiltered ? `?${query}` : ''}`} download="calls.csv">
            <Icon name="download" /> CSV
          </a>
          <a class="button" href={`/api/calls.jsonl${isFiltered ? `?${query}` : ''}`} download="calls.jsonl">
            <Icon name="download" /> JSONL
          </a>
        </div>
      </div>
      <FilterForm filter={whole} directory={directory} />
      {trends.value !== undefined && <TrendCards trends={trends.value} step={step} />}
      {calls.problem !== undefined && <ProblemNotice problem={calls.problem} retry={calls.reload} />}
      {calls.value === undefined && calls.loading && <p class="quiet">{t('page.loading')}</p>}
      {calls.value !== undefined && (
        <section aria-labelledby="calls-title" aria-busy={calls.loading}>
          <h2 id="calls-title" class="sr-only">
            {t('history.calls')}
          </h2>
          {calls.value.calls.length === 0 ? (
            <Nothing isFiltered={isFiltered} />
          ) : (
            <HistoryTable calls={calls.value.calls} currency={trends.value?.currency ?? directory?.currency} />
          )}
          <Pages filter={filter} next={calls.value.next} />
        </section>
      )}
    </div>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }): JSX.Element {
  return (
    <div class="card empty">
      <Icon name="search" size={32} />
      <p>{isFiltered ? t('history.nothing') : t('history.none')}</p>
      {isFiltered ? (
        <a class="button" href={hrefOf({ view: 'history', filter: {} })}>
          {t('filter.clear')}
        </a>
      ) : (
        <a class="button button-primary" href={hrefOf({ view: 'phone' })}>
          <Icon name="phone" /> {t('board.emptyAction')}
        </a>
      )}
    </div>
  )
}

/** Links, so that a page of results can be sent to somebody; the browser's own way back leads to newer ones. */
function Pages({ filter, next }: { filter: Filter; next: string | undefined }): JSX.Element | null {
  if (filter.next === undefined && next === undefined) return null
  const { next: _, ...first } = filter
  return (
    <nav class="row pages" aria-label={t('history.pages')}>
      {filter.next !== undefined && (
        <a class="button" href={hrefOf({ view: 'history', filter: first })}>
          {t('history.newest')}
        </a>
      )}
      {next !== undefined && (
        <a class="button row-last" href={hrefOf({ view: 'history', filter: { ...first, next } })}>
          {t('history.older')} <Icon name="next" />
        </a>
      )}
    </nav>
  )
}
