import { randomBytes } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** An id as the service makes them: the prefix, an underscore and 21 letters or digits, `event_RoUu4T8yExPMI37GKwaOC`. */
export function makeId(prefix: 'event' | 'sess' | 'item' | 'resp' | 'conv'): string {
  let id = `${prefix}_`
  for (const byte of randomBytes(21)) id += ALPHABET.charAt(byte % ALPHABET.length)
  return id
}

/** The id of one function call: `call_` and 22 hexadecimal digits. */
export function makeCallId(): string {
  return `call_${randomBytes(11).toString('hex')}`
}
