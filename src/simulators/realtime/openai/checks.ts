import { type Fields, fieldsOf } from '../fields.ts'
import { invalidValue, Refusal, type WireError } from '../wire-error.ts'

/** A request that OpenAI refuses, with its code and the path of the field. */
export function gaError(code: string, message: string, param = ''): WireError {
  return { type: 'invalid_request_error', code, message, param }
}

/**
 * `value` as an object that has no field but these.
 * @throws Refusal `unknown_parameter` for the first that it has; `invalid_type` when it is none.
 */
export function only<Name extends string>(value: unknown, names: readonly Name[], path: string): Fields<Name> {
  const fields = fieldsOf<Name>(value)
  if (fields === undefined) throw wrongType(path, 'an object', value)
  for (const name of Object.keys(fields)) {
    if (names.some((known) => known === name)) continue
    const param = path === '' ? name : `${path}.${name}`
    throw new Refusal(gaError('unknown_parameter', `Unknown parameter: '${param}'.`, param))
  }
  return fields
}

/** @throws Refusal `missing_required_parameter` */
export function required(value: unknown, path: string): unknown {
  if (value !== undefined) return value
  throw new Refusal(gaError('missing_required_parameter', `Missing required parameter: '${path}'.`, path))
}

/** One of a few names. @throws Refusal */
export function oneOf<Name extends string>(value: unknown, names: readonly Name[], path: string): Name {
  const found = names.find((name) => name === value)
  if (found !== undefined) return found
  const supported = names.map((name) => `'${name}'`).join(', ')
  throw new Refusal(invalidValue(`Invalid value: ${shown(value)}. Supported values are: ${supported}.`, path))
}

/** @throws Refusal */
export function text(value: unknown, path: string): string {
  if (typeof value === 'string') return value
  throw wrongType(path, 'a string', value)
}

/** @throws Refusal */
export function truth(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  throw wrongType(path, 'a boolean', value)
}

/** A number in a range, both ends in it. @throws Refusal */
export function number(value: unknown, low: number, high: number, path: string): number {
  if (typeof value !== 'number') throw wrongType(path, 'a number', value)
  if (value < low) {
    const message = `Invalid '${path}': number below minimum value. Expected a value >= ${low}, but got ${value} instead.`
    throw new Refusal(gaError('decimal_below_min_value', message, path))
  }
  if (value > high) {
    const message = `Invalid '${path}': number above maximum value. Expected a value <= ${high}, but got ${value} instead.`
    throw new Refusal(gaError('decimal_above_max_value', message, path))
  }
  return value
}

/** @throws Refusal */
export function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrongType(path, 'an array', value)
}

function wrongType(path: string, expected: string, value: unknown): Refusal {
  const message = `Invalid type for '${path}': expected ${expected}, but got ${shown(value)} instead.`
  return new Refusal(gaError('invalid_type', message, path))
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 100)}'` : (JSON.stringify(value)?.slice(0, 100) ?? 'nothing')
}
