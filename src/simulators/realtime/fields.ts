/** An object off the wire of which only the names are hoped for. */
export type Fields<Name extends string> = { readonly [Key in Name]?: unknown }

/** `value` as an object whose fields may be asked for; undefined when it is none (null and arrays are none). */
export function fieldsOf<Name extends string>(value: unknown): Fields<Name> | undefined {
  return hasFields<Name>(value) ? value : undefined
}

function hasFields<Name extends string>(value: unknown): value is Fields<Name> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
