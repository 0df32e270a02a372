/**
 * Instructions with the wish for a language at their end, for models that have no setting for it.
 * @param language a tag (`de`, `pt-BR`) or a name (`German`); absent: the instructions as they are.
 */
export function speakIn(language: string | undefined, instructions: string): string {
  if (language === undefined) return instructions
  return `${instructions}\n\nSpeak ${languageName(language)} unless the caller asks for another language.`.trimStart()
}

/** The ISO 639-1 code of a language that is given as a tag; `undefined` for a name, or where there is none. */
export function languageCode(language: string | undefined): string | undefined {
  const code = tagsOf(language ?? '')[0]?.split('-')[0]
  return code?.length === 2 ? code : undefined
}

/** `de` reads German; what is not a tag is a name already. */
function languageName(language: string): string {
  const [tag] = tagsOf(language)
  return tag === undefined ? language : (new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? language)
}

/** Something may look like a tag and be none: then it stands for itself. */
function tagsOf(language: string): readonly string[] {
  if (!/^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i.test(language)) return []
  try {
    return Intl.getCanonicalLocales(language)
  } catch {
    return []
  }
}
