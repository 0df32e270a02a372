import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { TranscriptLine } from '../../api.ts'
import { clockOf, momentOf, timeOf } from '../format.ts'
import { language, t } from '../i18n.ts'
import { Icon, type IconName } from '../parts/icon.tsx'
import { lineAt, type Playing, type Seek } from './playing.ts'

interface TranscriptProps {
  readonly lines: readonly TranscriptLine[]
  readonly now: Playing
  readonly isLive: boolean
  readonly seek: Seek | undefined
}

const ICONS: Readonly<Record<TranscriptLine['speaker'], IconName>> = {
  caller: 'caller',
  agent: 'agent',
  tool: 'tool',
  operator: 'operator',
}

/** What was said, and of the agent's words what was heard. */
export function Transcript({ lines, now, isLive, seek }: TranscriptProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null)
  const current = seek === undefined ? -1 : lineAt(lines, now)
  const streams = [...new Set(lines.map((line) => line.stream))]
  useFollowing(list, current, now.playing)
  useEnd(list, lines.length, isLive)
  useClicks(list, lines, seek)
  return (
    <section class="card" aria-labelledby="transcript-title">
      <h2 id="transcript-title">{t('transcript.title')}</h2>
      {/* There before its first line is: only what is added to a log is read out. */}
      <div {...(isLive ? { role: 'log', 'aria-labelledby': 'transcript-title' } : {})}>
        {lines.length === 0 && <p class="quiet">{isLive ? t('transcript.nothingYet') : t('transcript.nothing')}</p>}
        {lines.length > 0 && (
          <ol ref={list} class={`transcript${seek === undefined ? '' : ' is-seekable'}`}>
            {lines.map((line, index) => (
              <Line
                key={`${index} ${line.stream} ${line.atMs} ${line.speaker}`}
                line={line}
                isCurrent={index === current}
                begins={
                  streams.length > 1 && line.stream !== lines[index - 1]?.stream ? streams.indexOf(line.stream) + 1 : 0
                }
                seek={seek}
              />
            ))}
          </ol>
        )}
      </div>
    </section>
  )
}

interface LineProps {
  readonly line: TranscriptLine
  readonly isCurrent: boolean
  /** Which stream begins with it; 0: none. */
  readonly begins: number
  readonly seek: Seek | undefined
}

function Line({ line, isCurrent, begins, seek }: LineProps): JSX.Element {
  return (
    <li
      class={`line line-${line.speaker}${isCurrent ? ' is-current' : ''}`}
      {...(isCurrent ? { 'aria-current': 'true' } : {})}
    >
      {begins > 0 && (
        <p class="line-stream">{t('transcript.stream', { n: begins, time: timeOf(line.stream, language()) })}</p>
      )}
      {seek === undefined ? (
        <span class="line-time">{clockOf(line.atMs)}</span>
      ) : (
        <button
          type="button"
          class="line-time"
          aria-label={t('transcript.playFrom', { time: momentOf(line.atMs) })}
          onClick={() => seek(line.stream, line.atMs)}
        >
          {clockOf(line.atMs)}
        </button>
      )}
      <span class={`who who-${line.speaker}`}>
        <Icon name={ICONS[line.speaker]} size={15} /> {t(`speaker.${line.speaker}`)}
      </span>
      <Words line={line} />
    </li>
  )
}

function Words({ line }: { line: TranscriptLine }): JSX.Element {
  switch (line.speaker) {
    case 'caller':
      return <p class="line-words">{line.text}</p>
    case 'operator':
      return <p class="line-words">{line.text}</p>
    case 'tool':
      return (
        <p class="line-words">
          <code>{line.name}</code> {!line.ok && <span class="badge badge-bad">{t('transcript.toolFailed')}</span>}{' '}
          <span class="line-output">{line.output}</span>
        </p>
      )
    case 'agent':
      return (
        <p class="line-words">
          {line.heard}
          {line.unheard !== '' && (
            <span class="unheard" title={t('transcript.unheard')}>
              <span class="sr-only">
                {' '}
                {t('transcript.unheard')}
                {': '}
              </span>{' '}
              <del>{line.unheard}</del>
            </span>
          )}
        </p>
      )
  }
}

type List = { readonly current: HTMLOListElement | null }

/** While it plays, the line that is being said stays in view; the page itself stays where it is. */
function useFollowing(list: List, current: number, playing: boolean): void {
  useEffect(() => {
    const line = list.current?.children[current]
    if (!playing || list.current === null || !(line instanceof HTMLElement)) return
    const [top, height] = [line.offsetTop - list.current.offsetTop, list.current.clientHeight]
    if (top < list.current.scrollTop || top + line.offsetHeight > list.current.scrollTop + height) {
      list.current.scrollTop = top - height / 3
    }
  }, [list, current, playing])
}

/** Of a live call the latest is read; unless somebody has scrolled back to read something else. */
function useEnd(list: List, count: number, isLive: boolean): void {
  const seen = useRef(0)
  useEffect(() => {
    const element = list.current
    if (!isLive || element === null || count === 0) return
    const last = element.lastElementChild
    const slack = last instanceof HTMLElement ? last.offsetHeight + 80 : 80
    const atEnd = element.scrollHeight - element.clientHeight - element.scrollTop < slack
    if (seen.current === 0 || atEnd) element.scrollTop = element.scrollHeight
    seen.current = count
  }, [list, count, isLive])
}

/** A click anywhere on a line goes there; its time is the same for the keyboard. Marking words to copy them is no click. */
function useClicks(list: List, lines: readonly TranscriptLine[], seek: Seek | undefined): void {
  useEffect(() => {
    const element = list.current
    if (element === null || seek === undefined) return
    const onClick = ({ target }: Event) => {
      const item = target instanceof Element ? target.closest('li') : null
      if (item === null || (target instanceof Element && target.closest('button') !== null)) return
      if (getSelection()?.isCollapsed === false) return
      const line = lines[[...element.children].indexOf(item)]
      if (line !== undefined) seek(line.stream, line.atMs)
    }
    element.addEventListener('click', onClick)
    return () => element.removeEventListener('click', onClick)
  }, [list, lines, seek])
}
