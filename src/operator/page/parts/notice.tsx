import type { ComponentChildren, JSX } from 'preact'
import { t } from '../i18n.ts'
import { type ProblemWords, problemWords } from '../problem-words.ts'
import { Icon } from './icon.tsx'

/** Something that the operator should know; `bad` is said at once by screen readers. */
export function Notice({
  kind,
  children,
}: {
  kind: 'bad' | 'warn' | 'good'
  children: ComponentChildren
}): JSX.Element {
  const icon = kind === 'good' ? 'good' : 'warning'
  return (
    <div class={`notice notice-${kind}`} role={kind === 'bad' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  )
}

/** A problem in the page's words, with what the server says of it. */
export function Problem({ text, detail }: ProblemWords): JSX.Element {
  return (
    <>
      <p>{text}</p>
      {detail !== undefined && (
        <p class="small" lang="en">
          {detail}
        </p>
      )}
    </>
  )
}

/** What the server answered instead, and a way to ask again. */
export function ProblemNotice({ problem, retry }: { problem: Error; retry?: () => void }): JSX.Element {
  return (
    <Notice kind="bad">
      <Problem {...problemWords(problem)} />
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          {t('problem.retry')}
        </button>
      )}
    </Notice>
  )
}
