/** A JSON object of the wire, of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>

/** `undefined` for everything that is no JSON object. */
export function asFields(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

/** The object under this name. */
export function child(fields: Fields | undefined, name: string): Fields | undefined {
  return asFields(fields?.[name])
}

/** The text under this name; `undefined` when absent or not a string. */
export function text(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.[name]
  return typeof value === 'string' ? value : undefined
}
