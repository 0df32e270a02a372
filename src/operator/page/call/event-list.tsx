import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { CallEvents } from '../../api.ts'
import { momentOf, timeOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { ProblemNotice } from '../parts/notice.tsx'
import { type Loaded, useLoaded } from '../use-loaded.ts'
import { useVisible } from '../use-visible.ts'
import { eventsWith, eventText, typesOf } from './event-text.ts'

/** Events at a time: a long call has 20,000. */
const SHOWN = 300
/** How long after an answer a live call's events are asked for again [ms]: it gives all of them each time. */
const AGAIN_MS = 5000

interface EventListProps {
  readonly callId: string
  readonly isLive: boolean
  /** Grows with the call: then there are new events too. */
  readonly turns: number
}

/** Everything that is known of the call, in order; asked for when it is opened. */
export function EventList({ callId, isLive, turns }: EventListProps): JSX.Element {
  const [opened, setOpened] = useState(false)
  const loaded = useLoaded<CallEvents>(opened ? `/api/calls/${encodeURIComponent(callId)}/events` : undefined)
  const { value, problem, reload } = loaded
  useNewEvents(loaded, opened, `${turns} ${isLive}`)
  return (
    <details class="card events" onToggle={({ currentTarget }) => setOpened(currentTarget.open || opened)}>
      <summary>
        <h2>{t('events.title')}</h2>
      </summary>
      {problem !== undefined && <ProblemNotice problem={problem} retry={reload} />}
      {opened && value === undefined && problem === undefined && <p class="quiet">{t('page.loading')}</p>}
      {value !== undefined && <Events events={value.events} />}
    </details>
  )
}

/** Asks again when there is news of the call that the last answer did not have: not at once, and only for who sees it. */
function useNewEvents({ loading, reload }: Loaded<CallEvents>, opened: boolean, news: string): void {
  const visible = useVisible()
  const known = useRef(news)
  const answeredMs = useRef(0)
  useEffect(() => {
    if (loading) known.current = news
    else answeredMs.current = performance.now()
  }, [loading])
  useEffect(() => {
    if (!opened || loading || !visible || known.current === news) return
    const timer = setTimeout(reload, Math.max(0, answeredMs.current + AGAIN_MS - performance.now()))
    return () => clearTimeout(timer)
  }, [opened, loading, visible, news, reload])
}

function Events({ events }: CallEvents): JSX.Element {
  const [type, setType] = useState('')
  const [text, setText] = useState('')
  const [shown, setShown] = useState(SHOWN)
  const types = useMemo(() => typesOf(events), [events])
  const found = useMemo(() => eventsWith(events, type, text), [events, type, text])
  return (
    <>
      <div class="row events-filter">
        <label class="field">
          <span>{t('events.type')}</span>
          <select value={type} onChange={({ currentTarget }) => setType(currentTarget.value)}>
            <option value="">{t('events.all')}</option>
            {types.map(([name, count]) => (
              <option key={name} value={name}>{`${name} (${count})`}</option>
            ))}
          </select>
        </label>
        <label class="field field-grow">
          <span>{t('events.text')}</span>
          <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <p class="quiet" role="status">
          {t('events.count', { found: found.length, n: events.length })}
        </p>
      </div>
      {/* It can be scrolled by keyboard too: nothing in it takes the focus by itself. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <section class="table-scroll is-long" aria-label={t('events.title')} tabIndex={0}>
        <table class="table events-table">
          <caption class="sr-only">{t('events.title')}</caption>
          <thead>
            <tr>
              <th scope="col" class="num">
                {t('events.atMs')}
              </th>
              <th scope="col">{t('events.time')}</th>
              <th scope="col">{t('events.type')}</th>
              <th scope="col">{t('events.what')}</th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((kept, index) => (
              <tr key={index}>
                <td class="num">{momentOf(kept.event.atMs)}</td>
                <td class="tabular quiet">{timeOf(kept.at, language())}</td>
                <td>
                  <code class={`event-type event-${kept.event.type}`}>{kept.event.type}</code>
                </td>
                <td class="event-text">{eventText(kept)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + SHOWN)}>
          {t('events.more', { n: Math.min(SHOWN, found.length - shown) })}
        </button>
      )}
    </>
  )
}
