import { ToolError } from '../call/tool.ts'
import { isRecord } from './argument.ts'

const shape = /^https:\/\/([^/?#{}@\\]+)(\/[^?#\\]*)?(\?[^#\\]*)?$/
const placeholder = /\{([A-Za-z_][A-Za-z0-9_-]*)\}/g
/** Longest address that is asked, in characters. */
export const MAX_URL = 2048

/** An https address with `{placeholders}` in its path and query, to be filled from a tool's arguments. */
export interface UrlTemplate {
  /** Host, with the port when it is not 443. */
  readonly host: string
  readonly names: ReadonlySet<string>
  /** Names of its own in the query, filled or not. */
  readonly ownQuery: readonly string[]
  /**
   * The address for these arguments; each is encoded so that it stays within its own place.
   * @throws ToolError naming the argument that cannot stand in an address.
   */
  fill(args: unknown): URL
}

/**
 * Reads a template.
 * @throws RangeError saying what is wrong with it.
 */
export function parseUrlTemplate(template: string): UrlTemplate {
  const [, authority, path = '/', query = ''] = shape.exec(template) ?? []
  if (authority === undefined || !/^[\x21-\x7e]+$/.test(template)) {
    throw new RangeError(
      'must be an absolute https address; {placeholders} only in its path and query, no user, no fragment',
    )
  }
  const names = new Set([...`${path}${query}`.matchAll(placeholder)].map((match) => match[1] ?? ''))
  const sample = `${path}${query}`.replace(placeholder, 'x')
  if (/[{}]/.test(sample)) throw new RangeError('a placeholder is one name in braces, such as {order_id}')
  const url = parsed(`https://${authority}${sample}`)
  if (url === undefined) throw new RangeError('is no address')
  if (url.pathname !== path.replace(placeholder, 'x')) throw new RangeError('its path must be in its normal form')
  return {
    host: url.host,
    names,
    ownQuery: [...url.searchParams.keys()],
    fill: (args) => fill({ host: url.host, path, query }, args),
  }
}

function fill({ host, path, query }: { host: string; path: string; query: string }, args: unknown): URL {
  const filledPath = path.replace(placeholder, (_all, name: string) => encoded(args, name, 1))
  const filledQuery = query.replace(placeholder, (_all, name: string) => encoded(args, name, 0))
  const url = parsed(`https://${host}${filledPath}${filledQuery}`)
  // "." and ".." would climb out of their place: such a path comes back shorter than it was written.
  if (url === undefined || url.host !== host || url.pathname !== filledPath) {
    throw new ToolError('an argument cannot be part of an address')
  }
  if (url.href.length > MAX_URL) throw new ToolError('the arguments are too long')
  return url
}

function encoded(args: unknown, name: string, minLength: number): string {
  const value = isRecord(args) && Object.hasOwn(args, name) ? args[name] : undefined
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new ToolError(`${name}: missing`)
  }
  const text = String(value)
  if (text.length < minLength) throw new ToolError(`${name}: may not be empty`)
  // A proxy that decodes before it routes would take an encoded slash for one, and climb.
  if (/\p{Cc}/u.test(text) || (minLength > 0 && /[/\\]/.test(text))) {
    throw new ToolError(`${name}: may hold no slash and no control character`)
  }
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function parsed(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined
}
