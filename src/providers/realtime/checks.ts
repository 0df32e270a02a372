import { type HeardTruth, heardTruths } from './heard-truth.ts'

/** A wrong option: the field, what was expected and what was got. Not for secrets. */
export function expected(field: string, what: string, got: unknown): RangeError {
  return new RangeError(
    `${field}: expected ${what}, got ${typeof got === 'string' ? JSON.stringify(got) : String(got)}`,
  )
}

/** @throws RangeError when a value that is given lies outside, the bounds being inside. */
export function inRange(field: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined) return
  if (!Number.isFinite(value) || value < min || value > max) throw expected(field, `${min} to ${max}`, value)
}

/** What every provider of this protocol is told. */
export interface CommonOptions {
  readonly url: string
  readonly apiKey: string
  readonly model: string
  readonly name?: string
  readonly voice?: string
  readonly batchMs: number
  readonly language?: string
  readonly heardTruth?: HeardTruth
  readonly sessionMin?: number
}

/**
 * Checks what every provider of this protocol is told.
 * @param limitMin how long a session of the service may last [min].
 * @throws RangeError naming the field, what was expected and what was got; never the key.
 * @returns the address with the model in its query.
 */
export function checkCommon(options: CommonOptions, limitMin: number): string {
  const { apiKey, model, name, voice, batchMs, language, heardTruth, sessionMin } = options
  if (!/^[\w.:/-]{1,200}$/.test(model)) throw expected('model', 'a model name', model)
  const url = checkUrl(options.url, model)
  if (!/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new RangeError(`apiKey: expected printable ASCII without spaces, got ${apiKey.length} characters`)
  }
  if (voice !== undefined && voice.trim() === '') throw expected('voice', 'a name', voice)
  if (name === '') throw expected('name', 'a name', name)
  if (![20, 40, 60, 100].includes(batchMs)) throw expected('batchMs', '20, 40, 60 or 100', batchMs)
  if (!heardTruths.includes(heardTruth ?? 'off')) throw expected('heardTruth', heardTruths.join(', '), heardTruth)
  if (language !== undefined && !/^[\p{L}\p{M}\d() -]{2,60}$/u.test(language)) {
    throw expected('language', 'a tag such as de-CH or a name such as German', language)
  }
  if (sessionMin !== undefined && !(sessionMin > 0 && sessionMin <= limitMin)) {
    throw expected('sessionMin', `more than 0, at most ${limitMin}`, sessionMin)
  }
  return url
}

function checkUrl(text: string, model: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'wss:' && url.protocol !== 'ws:')) {
    throw expected('url', 'a ws:// or wss:// address', text)
  }
  // Not echoed: what stands before the @ is a secret.
  if (url.username !== '' || url.password !== '') throw new RangeError('url: expected no user or password, got one')
  if (url.hash !== '') throw expected('url', 'no #fragment', url.hash)
  if (url.searchParams.has('model')) throw expected('url', 'no model in the query (it is an option)', url.search)
  url.searchParams.set('model', model)
  return url.href
}
