import twilio from 'twilio'
import type { PublicAddress } from './address.ts'
import { type Asked, nextUrl, paths, voiceUrl } from './asked.ts'
import type { LastWords } from './next.ts'
import { isWithheld } from './withheld.ts'

/** A stream that a call is about to be given. */
export interface PromisedStream {
  /** Its place among the streams of its call, from 1: Twilio says it back when it asks what comes after this one. */
  readonly number: number
  readonly token: string
  /** Path behind the media door's: empty, or whose stream it is to be. */
  readonly behind: string
}

/** Who calls whom, as Twilio says it. */
export interface Numbers {
  readonly from: string
  readonly to: string
}

const WORDS: Readonly<Record<LastWords, string>> = {
  apology: 'We are sorry, something went wrong on our side. Please call again in a moment.',
  busy: 'We are sorry, all our lines are busy right now. Please call again in a few minutes.',
}
const HOLD = 'All our lines are busy right now. Please hold the line.'
/** After that, so that it does not sound like one sentence without an end [s]. */
const HOLD_PAUSE_S = 1
/** How long a human's telephone rings [s]: four or five times, and most answering machines are spared. */
export const RING_S = 25

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
 * @param after what Twilio is to say then.
 */
export function dialTwiml(address: PublicAddress, number: string, numbers: Numbers, after: Asked): string {
  const response = new twilio.twiml.VoiceResponse()
  const callerId = callerIdFor(numbers)
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

/** Asks again in a second: another process may answer then. */
export function handOverTwiml(address: PublicAddress, asked: Asked): string {
  const response = new twilio.twiml.VoiceResponse()
  response.pause({ length: 1 })
  response.redirect({ method: 'POST' }, nextUrl(address, asked))
  return response.toString()
}

/** Holds the caller for a few seconds, then asks the webhook again, having waited so long [s]. */
export function holdTwiml(address: PublicAddress, waitedS: number): string {
  const response = new twilio.twiml.VoiceResponse()
  response.say(HOLD)
  response.pause({ length: HOLD_PAUSE_S })
  response.redirect({ method: 'POST' }, voiceUrl(address, waitedS))
  return response.toString()
}

export function hangUpTwiml(): string {
  const response = new twilio.twiml.VoiceResponse()
  response.hangup()
  return response.toString()
}

/** Says its last words to the caller, and hangs up. */
export function wordsTwiml(words: LastWords): string {
  return sayAndHangUp(new twilio.twiml.VoiceResponse(), words)
}

type VoiceResponse = InstanceType<typeof twilio.twiml.VoiceResponse>

function connect(response: VoiceResponse, address: PublicAddress, { number, token, behind }: PromisedStream): string {
  response
    .connect({ action: nextUrl(address, { stream: number }), method: 'POST' })
    .stream({ url: address.ws + paths.media + behind, statusCallback: address.http + paths.streamStatus })
    .parameter({ name: 'token', value: token })
  return sayAndHangUp(response, 'apology')
}

/**
 * Who the human sees. Twilio takes the calling number, the called one, or one that was verified (else error 13214), and
 * advises against passing on what is no number: then it is ours.
 */
function callerIdFor({ from, to }: Numbers): string | undefined {
  return [from, to].find((number) => /^\+[1-9]\d{6,14}$/.test(number) && !isWithheld(number))
}

function sayAndHangUp(response: VoiceResponse, words: LastWords): string {
  response.say(WORDS[words])
  response.hangup()
  return response.toString()
}
