import twilio from 'twilio'
import type { CallInfo, Continuation } from '../../call/info.ts'
import type { PublicAddress } from './address.ts'
import { isWithheld } from './withheld.ts'

/** Our doors, under the public address. */
export const paths = {
  voice: '/twilio/voice',
  next: '/twilio/next',
  streamStatus: '/twilio/stream-status',
  callStatus: '/twilio/call-status',
  media: '/twilio/media',
} as const

/** A stream that a call is about to be given. */
export interface PromisedStream {
  /** Its place among the streams of its call, from 1: Twilio says it back when it asks what comes after this one. */
  readonly number: number
  readonly token: string
  /** Path behind the media door's: empty, or whose stream it is to be. */
  readonly behind: string
}

const APOLOGY = 'We are sorry, something went wrong on our side. Please call again in a moment.'
const BUSY = 'We are sorry, all our lines are busy right now. Please call again in a few minutes.'
/** How long a human's telephone rings [s]: four or five times, and most answering machines are spared. */
const RING_S = 25

/**
 * Opens the media stream. When it ends, Twilio asks `/twilio/next` what comes then; the apology behind it is heard when
 * that cannot be asked, so that a caller is never just cut off.
 * (TwiML: `<Connect><Stream>`. Its URL takes no query: what we want to know at `start` goes into a `<Parameter>`, and who
 * is to have the socket into its path.)
 */
export function streamTwiml(address: PublicAddress, stream: PromisedStream): string {
  return connect(new twilio.twiml.VoiceResponse(), address, stream)
}

/** Plays digits to the caller's end, then opens the stream again. (TwiML: `<Play digits>`; `w` is half a second.) */
export function digitsTwiml(address: PublicAddress, digits: string, stream: PromisedStream): string {
  const response = new twilio.twiml.VoiceResponse()
  response.play({ digits })
  return connect(response, address, stream)
}

/**
 * Dials a human; how that went is told to `/twilio/next`. (TwiML: `<Dial>`; nothing behind it is ever reached, since it
 * has an action. `answerOnBridge`: the caller hears it ring.)
 * @param after the stream that the caller comes from.
 */
export function transferTwiml(
  address: PublicAddress,
  { number }: Extract<Continuation, { type: 'transfer' }>,
  info: CallInfo,
  after: number,
): string {
  const response = new twilio.twiml.VoiceResponse()
  const callerId = callerIdFor(info)
  const dial = response.dial({
    action: nextUrl(address, after),
    method: 'POST',
    answerOnBridge: true,
    timeout: RING_S,
    ...(callerId === undefined ? {} : { callerId }),
  })
  if (/^sips?:/i.test(number)) dial.sip(number)
  else dial.number(number)
  return response.toString()
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

function connect(response: VoiceResponse, address: PublicAddress, { number, token, behind }: PromisedStream): string {
  response
    .connect({ action: nextUrl(address, number), method: 'POST' })
    .stream({ url: address.ws + paths.media + behind, statusCallback: address.http + paths.streamStatus })
    .parameter({ name: 'token', value: token })
  return sayAndHangUp(response, APOLOGY)
}

function nextUrl(address: PublicAddress, stream: number): string {
  return `${address.http}${paths.next}?stream=${stream}`
}

/**
 * Who the human sees. Twilio takes the calling number, the called one, or one that was verified (else error 13214), and
 * advises against passing on what is no number: then it is ours.
 */
function callerIdFor({ from, to }: CallInfo): string | undefined {
  return [from, to].find((number) => /^\+[1-9]\d{6,14}$/.test(number) && !isWithheld(number))
}

function sayAndHangUp(response: VoiceResponse, words: string): string {
  response.say(words)
  response.hangup()
  return response.toString()
}
