import type { PublicAddress } from './address.ts'
import type { LastWords } from './next.ts'

/** Our doors, under the public address. */
export const paths = {
  voice: '/twilio/voice',
  next: '/twilio/next',
  streamStatus: '/twilio/stream-status',
  callStatus: '/twilio/call-status',
  media: '/twilio/media',
} as const

/**
 * What a question of what comes next is about. We put it into the URL that Twilio is to ask, and Twilio signs that: so
 * nobody else can have written it, and whichever process is asked knows it.
 */
export interface Asked {
  /** The stream of its call, from 1, that is over. */
  readonly stream?: number | undefined
  /** A human was dialled: what Twilio said of that to who handed the question over. */
  readonly dialled?: string | undefined
  /** The fallback number was dialled; this is said when nobody takes it. */
  readonly lastWords?: LastWords | undefined
  /** How often the question was handed over. */
  readonly handed?: number | undefined
}

/** Where Twilio asks what comes next. */
export function nextUrl(address: PublicAddress, { stream, dialled, lastWords, handed }: Asked): string {
  const about = { stream, dialled, else: lastWords, handed }
  const query = Object.entries(about).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  return `${address.http}${paths.next}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

export function readAsked(url: string): Asked {
  const query = new URLSearchParams(url.split('?', 2)[1])
  const lastWords = query.get('else')
  const dialled = query.get('dialled') ?? ''
  return {
    stream: numberIn(query, 'stream'),
    handed: numberIn(query, 'handed'),
    dialled: /^[a-z-]{1,32}$/.test(dialled) ? dialled : undefined,
    lastWords: lastWords === 'apology' || lastWords === 'busy' ? lastWords : undefined,
  }
}

/** Where a caller who is held asks again, having waited so long [s]. */
export function voiceUrl(address: PublicAddress, waitedS: number): string {
  return `${address.http}${paths.voice}?waited=${waitedS}`
}

/** How long the caller of this question has been held [s]. */
export function waitedIn(url: string): number {
  return numberIn(new URLSearchParams(url.split('?', 2)[1]), 'waited') ?? 0
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? ''
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined
}
