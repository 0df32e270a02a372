import type { CallFilter } from '../call/archive.ts'
import type { EndReason } from '../call/events.ts'

const MAX_LIMIT = 500
/** A question is compared with each word of each call. */
const MAX_CHARACTERS = 200
const MAX_TERMS = 8
const NO_DIGITS = '-'

/** Where a page of calls ends; calls are in order by both. */
export interface Cursor {
  readonly openedAt: number
  readonly callId: string
}

/** What calls are looked for by, in the shape in which it is compared. */
export interface Sought {
  readonly digits?: string
  readonly agent?: string
  readonly reason?: EndReason
  readonly fromAt?: number
  readonly untilAt?: number
  /** Each of them was said, by anybody, as `spoken` has it. */
  readonly terms: readonly string[]
}

/** Words as they are searched: in one case, and without what PostgreSQL cannot keep. */
export function spoken(text: string): string {
  return text.replaceAll('\0', '').normalize('NFC').toLowerCase()
}

/** The digits of both numbers of a call, which no digits stretch over. */
export function numbersOf(from: string, to: string): string {
  return `${digitsOf(from)} ${digitsOf(to)}`
}

/**
 * Looks through what is asked for.
 * @throws RangeError that names what is wrong with it.
 */
export function soughtIn({ number, words, ...rest }: CallFilter): Sought {
  for (const [name, text] of Object.entries({ number, words, agent: rest.agent })) {
    if (text !== undefined && text.length > MAX_CHARACTERS) {
      throw new RangeError(`${name}: expected at most ${MAX_CHARACTERS} characters`)
    }
  }
  const terms = [...new Set(spoken(words ?? '').split(/\s+/))].filter((term) => term !== '')
  if (terms.length > MAX_TERMS) throw new RangeError(`words: expected at most ${MAX_TERMS}`)
  // Without a digit it is part of no number, rather than of all.
  const digits = number === undefined ? undefined : digitsOf(number) || NO_DIGITS
  return { ...rest, ...(digits === undefined ? {} : { digits }), terms }
}

/** @throws RangeError when it is not 1 to 500. */
export function checkLimit(limit: number): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`limit: expected 1 to ${MAX_LIMIT}, got ${limit}`)
  }
}

/** What a page says the next one begins after. */
export function toNext({ openedAt, callId }: Cursor): string {
  return Buffer.from(JSON.stringify([openedAt, callId])).toString('base64url')
}

/** @throws RangeError when no page has said it. */
export function fromNext(next: string): Cursor {
  try {
    const [openedAt, callId]: unknown[] = JSON.parse(Buffer.from(next, 'base64url').toString())
    // Whole milliseconds and no NUL: a database takes nothing else.
    if (typeof openedAt === 'number' && Number.isSafeInteger(openedAt) && typeof callId === 'string') {
      if (!callId.includes('\0')) return { openedAt, callId }
    }
  } catch {
    // As below.
  }
  throw new RangeError('next: expected what a page of calls has said')
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '')
}
