import { createHash, randomBytes } from 'node:crypto'

/** A phone's key for one call. */
export function newKey(): string {
  return randomBytes(32).toString('hex')
}

/** The call that belongs to a key, by the same recipe as the page's. */
export function callSidOf(phoneKey: string): string {
  return `CA${createHash('sha256').update(phoneKey).digest('hex').slice(0, 32)}`
}
