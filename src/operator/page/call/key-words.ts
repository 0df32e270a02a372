/** `followUps`, `follow_ups`, `follow-ups` → `Follow ups`: a key of somebody's JSON, to be read. */
export function wordsOfKey(key: string): string {
  const words = key
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[_\-.]+/g, ' ')
    .trim()
  return words === '' ? key : words.charAt(0).toUpperCase() + words.slice(1).toLowerCase()
}
