import type { Clock } from '../../base/clock.ts'
import type { Callbacks } from './callbacks.ts'
import type { StreamEnd, Tell } from './events.ts'
import { type FaultNow, faultsOfStream } from './faults.ts'
import type { PhoneLine } from './line.ts'
import { MediaStream } from './media-stream.ts'
import type { SimulatedCallOptions } from './options.ts'
import { type CallIdentity, makeSid, streamStatusForm } from './parameters.ts'
import { streamTarget } from './route.ts'
import { sign, signedStreamUrl } from './signature.ts'
import { streamErrorName } from './stream-error.ts'
import type { StreamVerb } from './twiml.ts'
import { wait } from './wait.ts'

export interface StreamsOptions {
  readonly call: SimulatedCallOptions
  readonly identity: CallIdentity
  readonly clock: Clock
  readonly random: () => number
  readonly route: (url: string) => string
  readonly line: PhoneLine
  readonly callbacks: Callbacks
  readonly tell: Tell
  /** Aborts when the call is over. */
  readonly over: AbortSignal
}

/** The media streams of one call, one after the other; each is the far end of the line while it is open. */
export class Streams implements AsyncDisposable {
  readonly #options: StreamsOptions
  readonly #all: MediaStream[] = []
  #count = 0

  constructor(options: StreamsOptions) {
    this.#options = options
  }

  /** Sends a digit on the stream that is open; false when none is. */
  dtmf(digit: string): boolean {
    return this.#all.at(-1)?.dtmf(digit) ?? false
  }

  /** Makes something go wrong with the stream that is open. */
  strike(fault: FaultNow): void {
    this.#all.at(-1)?.strike(fault)
  }

  /** Resolves when every socket is closed, but those that a fault holds half-open. */
  async closed(): Promise<void> {
    await Promise.all(this.#all.filter((stream) => !stream.abandoned).map((stream) => stream.closed))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((stream) => stream[Symbol.asyncDispose]()))
  }

  /** Carries out `<Connect><Stream>`: opens it, and resolves when it has ended. Never rejects. */
  async run(verb: StreamVerb, documentUrl: string): Promise<StreamEnd> {
    const { call, clock, line, over, tell } = this.#options
    const { noticeMs = 0, askMs = 0, openMs = 0 } = call.timing ?? {}
    const sid = makeSid('MZ')
    await wait(clock, openMs, over)
    if (over.aborted) return { how: 'hung-up' }
    const target = streamTarget(verb.url, documentUrl, call.allowInsecure ?? false)
    const refusal = verb.track === 'inbound_track' ? ('code' in target ? target.code : undefined) : 31941
    if (refusal !== undefined)
      tell({ type: 'warning', code: refusal, level: 'error', message: streamErrorName(refusal) })
    const stream = refusal === undefined && 'url' in target ? this.#open(verb, sid, target) : undefined
    const hangUp = () => void stream?.hangUp()
    over.addEventListener('abort', hangUp, { once: true })
    const end = stream === undefined ? ({ how: 'error', code: refusal ?? 31900 } as const) : await stream.ended
    over.removeEventListener('abort', hangUp)
    if (stream !== undefined) line.detach(stream)
    if (end.how === 'error') await wait(clock, noticeMs, over)
    tell({ type: 'stream-ended', streamSid: sid, end })
    this.#callBack(verb, sid, end.how === 'error' ? 'stream-error' : 'stream-stopped', end)
    await wait(clock, askMs, over)
    return end
  }

  #open(verb: StreamVerb, streamSid: string, target: { readonly url: string; readonly host: string }): MediaStream {
    const { call, clock, identity, line, random, route, tell } = this.#options
    const signedUrl = signedStreamUrl(target.url, call.signTrailingSlash ?? false)
    const stream: MediaStream = new MediaStream({
      identity: { ...identity, streamSid, parameters: verb.parameters },
      target: route(target.url),
      headers: {
        host: target.host,
        'user-agent': 'Twilio.TmeWs/1.0',
        ...(call.authToken !== undefined && { 'x-twilio-signature': sign(call.authToken, signedUrl) }),
      },
      clock,
      firstTimestampMs: call.firstTimestampMs ?? 100 + Math.floor(random() * 71),
      faults: faultsOfStream(call.faults ?? [], this.#count),
      random,
      plainCloseIsError: call.plainCloseIsError ?? false,
      tell,
      opened: () => {
        line.attach(stream)
        this.#callBack(verb, streamSid, 'stream-started')
      },
    })
    this.#count += 1
    this.#all.push(stream)
    return stream
  }

  #callBack(
    verb: StreamVerb,
    sid: string,
    event: 'stream-started' | 'stream-stopped' | 'stream-error',
    end?: StreamEnd,
  ): void {
    if (verb.statusCallback === undefined) return
    const error = end?.how === 'error' ? streamErrorName(end.code) : undefined
    const form = streamStatusForm(this.#options.identity, { sid, name: verb.name ?? sid }, event, error)
    this.#options.callbacks.send(verb.statusCallback, event, form)
  }
}
