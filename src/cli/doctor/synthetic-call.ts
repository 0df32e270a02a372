import { DOCTOR_NUMBER } from '../../after-call/doctor-number.ts'
import { decodeMulaw } from '../../audio/g711.ts'
import { levelDbfs } from '../../audio/level.ts'
import { revealTwilio } from '../../config.ts'
import { type SimulatedCall, startSimulatedCall } from '../../simulators/carrier/call.ts'
import type { CallEnd, PhoneEvent } from '../../simulators/carrier/events.ts'
import { firstAudibleMs, frameLevels, isAudible } from '../measure.ts'
import type { Context } from './check.ts'

/** For the agent's first sound: a model that is slow to connect, and to greet [ms]. */
const FIRST_SOUND_MS = 12_000
/** Of the agent's sound that is not silence, before we speak over it: enough to tell speech from noise [ms]. */
const LISTEN_MS = 400
/** A recorded greeting may begin with silence, but not with so much [ms]. */
const MOST_LISTEN_MS = 3000
/** The server sets a mark twice a second; where it is not spoken over, that takes until it was heard [ms]. */
const MARK_MS = 1500
/** For it to fall silent: it has to be sure that it is speech [ms]. */
const YIELD_MS = 5000
const HANG_UP_MS = 5000
const FRAME_MS = 20

/** What was seen of one call from the telephone's end. */
export interface CallReport {
  readonly callSid: string
  /** HTTP status of the voice URL, and how long it took [ms]; absent: it never answered. */
  readonly webhook?: { readonly status: number; readonly tookMs: number }
  /** What the carrier would have shown in its debugger, until we hung up. */
  readonly notices: readonly { readonly code: number; readonly message: string }[]
  /** What the TwiML said to do, and the words of what it said. */
  readonly verbs: readonly string[]
  readonly words: string
  readonly isStreamed: boolean
  /** Frames of sound that came, silent ones too. */
  readonly frames: number
  /** From the start of the stream to the agent's first sound that is not silence [ms]; absent: none was heard. */
  readonly firstSoundMs?: number
  /** We had something to say. */
  readonly hasSpeech: boolean
  /** We had to speak before the agent did. */
  readonly spokeFirst: boolean
  /** All that was heard. */
  readonly heard: Int16Array
  /** Marks that the server sent and got back. */
  readonly marks: number
  /** From our first word over the agent to the server's `clear` [ms]; `none`: it talked on; absent: not tried. */
  readonly clearMs?: number | 'none'
  readonly end: CallEnd
}

/**
 * Calls the server once, as Twilio would, and says something over the agent's first sentence.
 *
 * ```
 *   voice URL ─▶ stream ─▶ first sound ── 0.4 s ──▶ we speak over it ─▶ clear ─▶ we hang up
 * ```
 * @param speech mu-law; without any the agent is listened to, and nobody speaks over it.
 */
export async function callOnce(
  { config, site }: Pick<Context, 'config' | 'site'>,
  speech: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<CallReport> {
  const { accountSid, authTokens } = revealTwilio(config)
  const [authToken] = authTokens
  await using call = startSimulatedCall({
    webhookUrl: `${site.publicUrl}/twilio/voice`,
    statusCallback: { url: `${site.publicUrl}/twilio/call-status` },
    ...{ connectTo: site.connectTo ?? site.publicUrl, from: DOCTOR_NUMBER, to: DOCTOR_NUMBER, maxCallMs: 30_000 },
    ...(accountSid !== undefined && { accountSid }),
    ...(authToken !== undefined && { authToken }),
  })
  const hangUp = () => call.hangUp()
  signal.addEventListener('abort', hangUp, { once: true })
  const seen: PhoneEvent[] = []
  let isOurs = false
  call.listen((event) => {
    // What the server makes of our hanging up is not what is looked at here.
    if (!isOurs || event.type === 'ended') seen.push(event)
  })
  const talked = await talk(call, speech)
  isOurs = true
  call.hangUp()
  const end = await soon(call.ended, HANG_UP_MS)
  signal.removeEventListener('abort', hangUp)
  return {
    ...reportOf(call, seen),
    ...talked,
    hasSpeech: speech !== undefined,
    end: end ?? { by: 'carrier', status: 'failed', durationMs: 0 },
  }
}

type Talk = Pick<CallReport, 'spokeFirst' | 'clearMs'>

async function talk(call: SimulatedCall, speech: Uint8Array | undefined): Promise<Talk> {
  const stream = call.next('stream-started')
  const sound = call.next('audio-heard')
  // Words, a dial, a queue: there is no stream to wait for.
  const instead = call.next('verb', ({ verb }) => verb.type !== 'stream' && verb.type !== 'background')
  const first = await soon(Promise.race([stream, instead]), FIRST_SOUND_MS)
  if (first?.type !== 'stream-started') return { spokeFirst: false }
  const greeted = await soon(sound, speech === undefined ? FIRST_SOUND_MS : FIRST_SOUND_MS / 2)
  if (speech === undefined) {
    const marked = soon(call.next('mark-echoed'), MOST_LISTEN_MS + MARK_MS)
    if (greeted !== undefined && (await listen(call))) await soon(marked, MARK_MS)
    return { spokeFirst: false }
  }
  if (greeted === undefined) {
    // An agent that waits for its caller.
    await call.speak(speech)
    if ((await soon(sound, FIRST_SOUND_MS)) === undefined) return { spokeFirst: true }
  }
  // Else it has said all it wanted: there is nothing to speak over.
  if (!(await listen(call))) return { spokeFirst: greeted === undefined }
  return { spokeFirst: greeted === undefined, clearMs: await interrupt(call, speech) }
}

/** Whether enough was heard to judge it by; false: it fell silent before. */
async function listen(call: SimulatedCall): Promise<boolean> {
  let audibleMs = 0
  for (let ms = 0; ms < MOST_LISTEN_MS && audibleMs < LISTEN_MS; ms += FRAME_MS) {
    const event = await soon(call.next('audio-heard'), LISTEN_MS)
    if (event === undefined) return false
    if (isAudible(levelDbfs(decodeMulaw(event.audio)))) audibleMs += FRAME_MS
  }
  return audibleMs >= LISTEN_MS
}

async function interrupt(call: SimulatedCall, speech: Uint8Array): Promise<number | 'none'> {
  const beganMs = call.recordedMs
  const cleared = call.next('cleared')
  void call.speak(speech)
  const event = await soon(cleared, YIELD_MS)
  return event === undefined ? 'none' : event.atMs - beganMs
}

function reportOf(
  call: SimulatedCall,
  seen: readonly PhoneEvent[],
): Omit<CallReport, 'hasSpeech' | 'spokeFirst' | 'clearMs' | 'end'> {
  const of = <T extends PhoneEvent['type']>(type: T) =>
    seen.filter((event): event is Extract<PhoneEvent, { readonly type: T }> => event.type === type)
  const [webhook] = of('webhook-answered')
  const [stream] = of('stream-started')
  const verbs = of('verb').map(({ verb }) => verb)
  const { heard } = call.recording()
  return {
    callSid: call.callSid,
    ...(webhook !== undefined && { webhook: { status: webhook.status, tookMs: webhook.tookMs } }),
    notices: of('warning').map(({ code, message }) => ({ code, message })),
    verbs: verbs.map(({ type }) => type),
    words: verbs.flatMap((verb) => (verb.type === 'say' ? [verb.text] : [])).join(' '),
    isStreamed: stream !== undefined,
    frames: of('audio-heard').length,
    ...firstSound(heard, stream?.atMs),
    heard: decodeMulaw(heard),
    marks: of('mark-echoed').length,
  }
}

function firstSound(heard: Uint8Array, streamMs: number | undefined): Pick<CallReport, 'firstSoundMs'> {
  if (streamMs === undefined) return {}
  const atMs = firstAudibleMs(frameLevels(heard), streamMs - FRAME_MS)
  return atMs === undefined ? {} : { firstSoundMs: Math.max(0, atMs - streamMs) }
}

/** What it comes to, when it does within `ms`, and does not fail. */
async function soon<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ms)
  try {
    return await Promise.race([promise, late.promise])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
