import type { JSX } from 'preact'
import type { Analysis } from '../../../call/analysis.ts'
import { clockOf, countOf } from '../format.ts'
import { endReasons } from '../history/filter.ts'
import { language, t } from '../i18n.ts'
import { wordsOfKey } from './key-words.ts'

/** What was made of the call, in whatever shape the operator has asked for. */
export function AnalysisCard({ analysis }: { analysis: Analysis }): JSX.Element {
  return (
    <section class="card" aria-labelledby="analysis-title">
      <h2 id="analysis-title">{t('analysis.title')}</h2>
      <Value value={shownOf(analysis)} depth={0} />
      <p class="quiet small">
        {analysis.by === 'counts' ? t('analysis.counted') : t('analysis.by', { model: analysis.by })}
      </p>
    </section>
  )
}

/** The sentence that sums the counts up is English; in other languages they speak for themselves. */
function shownOf({ by, result }: Analysis): Analysis['result'] {
  if (by !== 'counts' || language() === 'en') return result
  const { summary: _, ...counts } = result
  return counts
}

/** Deeper than this is nobody's summary. */
const MAX_DEPTH = 6

function Value({ value, depth }: { value: unknown; depth: number }): JSX.Element {
  if (value === null || value === undefined || value === '') return <span class="quiet">–</span>
  if (typeof value === 'boolean') return <>{value ? t('word.yes') : t('word.no')}</>
  if (typeof value === 'number') return <>{countOf(value, language(), 3)}</>
  if (typeof value === 'string') {
    const reason = endReasons.find((known) => known === value)
    return <>{reason === undefined ? value : t(`reason.${reason}`)}</>
  }
  if (depth >= MAX_DEPTH) return <code>{JSON.stringify(value)}</code>
  if (Array.isArray(value)) {
    if (value.length === 0) return <span class="quiet">–</span>
    return (
      <ul>
        {value.map((item, index) => (
          <li key={index}>
            <Value value={item} depth={depth + 1} />
          </li>
        ))}
      </ul>
    )
  }
  return (
    <dl class="analysis">
      {Object.entries(value).map(([key, item]) => (
        <div key={key} class={typeof item === 'number' || typeof item === 'boolean' ? 'is-short' : ''}>
          <dt>{nameOf(key)}</dt>
          <dd>
            {key === 'durationMs' && typeof item === 'number' ? (
              clockOf(item)
            ) : (
              <Value value={item} depth={depth + 1} />
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** What is counted without a model, and the shape that stands when nobody has set another, have names in both languages. */
function nameOf(key: string): string {
  switch (key) {
    case 'summary':
    case 'outcome':
    case 'sentiment':
    case 'followUps':
    case 'counts':
    case 'words':
    case 'unheard':
      return t(`analysis.${key}`)
    case 'streams':
    case 'turns':
    case 'bargeIns':
    case 'tools':
    case 'losses':
      return t(`call.${key}`)
    case 'caller':
    case 'agent':
      return t(`speaker.${key}`)
    case 'durationMs':
      return t('call.length')
    default:
      return wordsOfKey(key)
  }
}
