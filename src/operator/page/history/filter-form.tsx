import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Directory } from '../../api.ts'
import { t } from '../i18n.ts'
import { Icon } from '../parts/icon.tsx'
import { navigate } from '../use-route.ts'
import { endReasons, type Filter, filterOf, queryOf } from './filter.ts'

/** What calls are looked for by. What is sent goes into the URL, and the URL is what is asked for. */
export function FilterForm({ filter, directory }: { filter: Filter; directory: Directory | undefined }): JSX.Element {
  const agents = withChosen(directory?.agents ?? [], filter.agent)
  const form = useFilled(filter, agents.length)
  const clear = () => {
    navigate({ view: 'history', filter: {} })
    // The button goes away with what it clears, and the focus must not go with it.
    form.current?.querySelector('input')?.focus()
  }
  const search = (sent: HTMLFormElement) => {
    const query = new URLSearchParams()
    for (const [key, value] of new FormData(sent)) if (typeof value === 'string') query.set(key, value)
    navigate({ view: 'history', filter: filterOf(query.toString()) })
  }
  return (
    <search>
      <form
        ref={form}
        class="card filters"
        aria-label={t('filter.title')}
        onSubmit={(event) => {
          event.preventDefault()
          search(event.currentTarget)
        }}
      >
        <label class="field field-words">
          <span>{t('filter.words')}</span>
          <input type="search" name="words" maxLength={200} placeholder={t('filter.wordsExample')} />
        </label>
        <label class="field">
          <span>{t('filter.number')}</span>
          <input type="text" name="number" inputMode="tel" maxLength={40} />
        </label>
        <Choice name="agent" label={t('call.agent')} options={agents.map((agent) => [agent, agent])} />
        <Choice
          name="reason"
          label={t('filter.reason')}
          options={(directory?.reasons ?? endReasons).map((reason) => [reason, t(`reason.${reason}`)])}
        />
        <label class="field">
          <span>{t('filter.from')}</span>
          <input type="date" name="from" />
        </label>
        <label class="field">
          <span>{t('filter.until')}</span>
          <input type="date" name="until" />
        </label>
        <div class="row filter-buttons">
          <button type="submit" class="button button-primary">
            <Icon name="search" /> {t('filter.search')}
          </button>
          {Object.keys(filter).length > 0 && (
            <button type="button" class="button button-quiet" onClick={clear}>
              {t('filter.clear')}
            </button>
          )}
        </div>
      </form>
    </search>
  )
}

/** The form says what the URL says, also when one goes back; what is being typed stays as long as that does not change. */
function useFilled(filter: Filter, agents: number): { readonly current: HTMLFormElement | null } {
  const form = useRef<HTMLFormElement>(null)
  const query = queryOf(filter)
  useEffect(() => {
    const values = new URLSearchParams(query)
    for (const field of form.current?.elements ?? []) {
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement)
        field.value = values.get(field.name) ?? ''
    }
  }, [query, agents])
  return form
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [value: string, words: string])[]
}

function Choice({ name, label, options }: ChoiceProps): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <select name={name}>
        <option value="">{t('filter.any')}</option>
        {options.map(([option, words]) => (
          <option key={option} value={option}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}

/** A link may name an agent that is no longer there. */
function withChosen(agents: readonly string[], chosen: string | undefined): readonly string[] {
  return chosen === undefined || agents.includes(chosen) ? agents : [...agents, chosen]
}
