import { expect } from 'vitest'
import { openMemoryStore } from '../../../src/store/memory/store.ts'
import { CALL, EPOCH, makeHastyClock, openRig, type RigOptions, sign } from './rig.ts'

type Rig = Awaited<ReturnType<typeof openRig>>

export const PUBLIC = 'https://pub.example.com'
/** With which everything is signed. */
export const TOKEN = '0123456789abcdef0123456789abcdef'
const FROM = '+14155550123'
const TO = '+14155550199'
export const inbound = { CallSid: CALL, From: FROM, To: TO, CallStatus: 'ringing' }
export const inProgress = { ...inbound, CallStatus: 'in-progress' }
/** As the call is told to who answers it. */
export const info = { callId: CALL, from: FROM, to: TO }

/** Processes behind one public address, with one store. */
export function openHouse(shared: RigOptions = {}) {
  const clock = makeHastyClock()
  const store = openMemoryStore({ now: () => EPOCH + clock.now(), isShared: true })
  const open = (own: RigOptions = {}) =>
    openRig({ publicUrl: () => PUBLIC, authTokens: [TOKEN], store, clock, ...shared, ...own })
  return { clock, store, open }
}

/** What one of them answers to a question of Twilio's. */
export async function ask(rig: Rig, path: string, form: Record<string, string> = inProgress): Promise<string> {
  const reply = await rig.post(path, form, { 'x-twilio-signature': sign(TOKEN, PUBLIC + path, form) })
  expect(reply.status).toBe(200)
  return reply.text()
}

/** Takes up the stream that was promised; resolves when it is answered. */
export async function takeUp(rig: Rig, body: string) {
  const phone = await rig.connect({ 'x-twilio-signature': sign(TOKEN, 'wss://pub.example.com/twilio/media') })
  const n = rig.calls.length
  phone.start(/name="token" value="([^"]+)"/.exec(body)?.[1])
  return { phone, ...(await rig.answered(n)) }
}
