import { type Language, localeOf } from '../language.ts'

/** What stands for `{name}` in a sentence. */
export type Filled = Readonly<Record<string, string | number>>

const PLURALS: Readonly<Record<Language, Intl.PluralRules>> = {
  en: new Intl.PluralRules(localeOf.en),
  zh: new Intl.PluralRules(localeOf.zh),
}

/**
 * Fills `{name}` in. Of a sentence in two forms, `{n} call|{n} calls`, the first is for one `n`. A number is written as
 * the language writes numbers; a name without a value stays as it is, so that it is seen.
 */
export function fillIn(sentence: string, language: Language, values: Filled = {}): string {
  const n = values['n']
  const [first = '', second] = sentence.split('|')
  const form = second === undefined || (typeof n === 'number' && PLURALS[language].select(n) === 'one') ? first : second
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? value.toLocaleString(localeOf[language]) : value
  })
}
