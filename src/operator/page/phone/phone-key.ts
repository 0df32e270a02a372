/** What makes a call ours: a secret, and the CallSid that belongs to it. The door at the server makes the same of it. */
export interface PhoneKey {
  readonly phoneKey: string
  readonly callSid: string
}

/** @throws a TypeError on a page that is not secure: there is no digest there. */
export async function newPhoneKey(): Promise<PhoneKey> {
  const phoneKey = hexOf(crypto.getRandomValues(new Uint8Array(32)))
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(phoneKey))
  return { phoneKey, callSid: `CA${hexOf(new Uint8Array(digest)).slice(0, 32)}` }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
