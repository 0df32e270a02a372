import { type Language, languageOf } from './language.ts'
import { en } from './words/en.ts'
import { type Filled, fillIn } from './words/fill-in.ts'
import { zh } from './words/zh.ts'

const KEPT_AS = 'offhook.language'

const listeners = new Set<() => void>()
let current: Language = languageOf(kept() ?? navigator.language)
document.documentElement.lang = current

/** What the page speaks now. */
export function language(): Language {
  return current
}

/** Changes what the page speaks, for this browser and from now on. */
export function speak(next: Language): void {
  current = next
  document.documentElement.lang = next
  try {
    localStorage.setItem(KEPT_AS, next)
  } catch {
    // A browser that keeps nothing: until the page is closed, then.
  }
  for (const listener of listeners) listener()
}

/** Calls `listener` whenever the language changes; returns what ends that. */
export function onLanguage(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/**
 * Joins the same words in each language; a key that one of them lacks is a type error. What comes of it must be asked
 * while rendering: the answer changes with the language.
 */
export function defineWords<Key extends string>(
  words: Readonly<Record<Language, Readonly<Record<NoInfer<Key>, string>>>> & {
    readonly en: Readonly<Record<Key, string>>
  },
): (key: Key, values?: Filled) => string {
  return (key, values) => fillIn(words[current][key], current, values)
}

/** The page's own words. */
export const t = defineWords({ en, zh })

function kept(): string | undefined {
  try {
    return localStorage.getItem(KEPT_AS) ?? undefined
  } catch {
    return undefined
  }
}
