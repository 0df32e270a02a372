import twilio from 'twilio'
import type { PublicAddress } from './address.ts'

/** Our doors, under the public address. */
export const paths = {
  voice: '/twilio/voice',
  next: '/twilio/next',
  streamStatus: '/twilio/stream-status',
  callStatus: '/twilio/call-status',
  media: '/twilio/media',
} as const

const APOLOGY = 'We are sorry, something went wrong on our side. Please call again in a moment.'
const BUSY = 'We are sorry, all our lines are busy right now. Please call again in a few minutes.'

/**
 * Opens the media stream. When it ends, Twilio asks `/twilio/next` what comes then; the apology behind it is heard when
 * that cannot be asked, so that a caller is never just cut off.
 * (TwiML: `<Connect><Stream>`. Its URL takes no query: what we want to know at `start` goes into a `<Parameter>`.)
 */
export function streamTwiml(address: PublicAddress, token: string): string {
  const response = new twilio.twiml.VoiceResponse()
  response
    .connect({ action: address.http + paths.next, method: 'POST' })
    .stream({ url: address.ws + paths.media, statusCallback: address.http + paths.streamStatus })
    .parameter({ name: 'token', value: token })
  return sayAndHangUp(response, APOLOGY)
}

export function hangUpTwiml(): string {
  const response = new twilio.twiml.VoiceResponse()
  response.hangup()
  return response.toString()
}

export function apologyTwiml(): string {
  return sayAndHangUp(new twilio.twiml.VoiceResponse(), APOLOGY)
}

export function busyTwiml(): string {
  return sayAndHangUp(new twilio.twiml.VoiceResponse(), BUSY)
}

type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>

function sayAndHangUp(response: VoiceResponse, words: string): string {
  response.say(words)
  response.hangup()
  return response.toString()
}
