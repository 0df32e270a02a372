/** What the page speaks. */
export type Language = 'en' | 'zh'

/** The page's language for what a browser asks for (`zh-Hans-CN`, `de`): Chinese for any Chinese, else English. */
export function languageOf(tag: string): Language {
  return tag.toLowerCase().split('-', 1)[0] === 'zh' ? 'zh' : 'en'
}

/** What numbers and dates are written by. */
export const localeOf: Readonly<Record<Language, string>> = { en: 'en-GB', zh: 'zh-CN' }
