import { createHash, timingSafeEqual } from 'node:crypto'
import type { Visitor } from '../base/http.ts'
import { isFromThisMachine } from '../base/this-machine.ts'

/**
 * Who may look at the metrics: who shows `token` as a bearer's. Without a token only this machine itself, and nobody when a
 * proxy stands before us: it may make everybody look as if they were here.
 */
export function scraperGate(token: string | undefined, behindProxy: boolean): (visitor: Visitor) => boolean {
  if (token === undefined) return behindProxy ? () => false : isFromThisMachine
  const expected = digest(`Bearer ${token}`)
  return ({ headers }) => {
    const given = headers['authorization']
    // Digests are of one length, so the time tells nothing of the token's either.
    return typeof given === 'string' && timingSafeEqual(digest(given), expected)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
