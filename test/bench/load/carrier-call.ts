import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { CallLogger } from './call-log.ts'
import { openSocket } from './carrier-socket.ts'
import { monotonicMs } from './clock.ts'
import { buildFrame, type Frame, opcodes, payloadOf, textFrame } from './frames.ts'
import type { CallLog } from './messages.ts'
import { PatchedFrame } from './patched-frame.ts'
import { PlayedMarks } from './played-marks.ts'
import type { Recogniser } from './recogniser.ts'
import type { StreamAddress } from './webhook.ts'

const FRAME_MS = 20
const FRAME_BYTES = 160
/** The first frame's timestamp [ms]; on real streams it is not 0 either. */
const FIRST_MS = 155
/** A multiple of every batch (20, 40, 60, 100 ms), in frames. */
const WHOLE_BATCHES = 15

/** Who a call is to the bridge. */
export interface CallIdentity {
  readonly accountSid: string
  readonly callSid: string
}

/**
 * The carrier's end of one media stream, as lean as it can be: a frame of the caller's sound on each tick, and what
 * comes back is told apart and timed.
 */
export class CarrierCall {
  readonly #socket: Socket
  readonly #mask = randomBytes(4)
  readonly #streamSid = `MZ${randomBytes(16).toString('hex')}`
  readonly #identity: CallIdentity
  readonly #recogniser: Recogniser
  readonly #logger = new CallLogger()
  readonly #marks = new PlayedMarks()
  readonly #media: PatchedFrame
  #sequence = 1
  #chunk = 0
  /** The next sound is the first of an answer. */
  #isSilent = true
  #isHushed = false
  #over = false

  /** Connects and says `connected` and `start`; the next `tick` sends sound. `lost` is called when the socket breaks. */
  static async open(
    identity: CallIdentity,
    address: StreamAddress,
    recogniser: Recogniser,
    lost: (why: string) => void,
  ): Promise<CarrierCall> {
    const early: Frame[] = []
    let call: CarrierCall | undefined
    const socket = await openSocket(address.url, (frame) =>
      call === undefined ? early.push(frame) : call.#take(frame),
    )
    call = new CarrierCall(socket, identity, recogniser)
    call.#start(address)
    for (const frame of early) call.#take(frame)
    const opened = call
    socket.on('error', () => {})
    socket.on('close', () => {
      if (!opened.#over) lost(`the media socket of ${identity.callSid} was closed`)
    })
    return call
  }

  private constructor(socket: Socket, identity: CallIdentity, recogniser: Recogniser) {
    this.#socket = socket
    this.#identity = identity
    this.#recogniser = recogniser
    const sound = randomBytes(FRAME_BYTES).toString('base64')
    this.#media = new PatchedFrame(
      [
        '{"event":"media","sequenceNumber":"',
        '","media":{"track":"inbound","chunk":"',
        '","timestamp":"',
        `","payload":"${sound}"},"streamSid":"${this.#streamSid}"}`,
      ],
      this.#mask,
    )
  }

  /** It sends no more sound. */
  get isHushed(): boolean {
    return this.#isHushed && this.#chunk % WHOLE_BATCHES === 0
  }

  /** 20 ms have gone by. */
  tick(nowMs: number): void {
    if (this.#over) return
    for (const name of this.#marks.due(nowMs)) this.#echo(name)
    if (this.isHushed) return
    this.#sequence++
    this.#chunk++
    const timestampMs = FIRST_MS + (this.#chunk - 1) * FRAME_MS
    const frame = this.#media.with([this.#sequence, this.#chunk, timestampMs], this.#socket.writableLength === 0)
    this.#logger.uplink(monotonicMs(), FRAME_MS)
    this.#socket.write(frame)
  }

  hush(): void {
    this.#isHushed = true
  }

  log(): CallLog {
    return this.#logger.log()
  }

  /** Says `stop` and closes. */
  hangUp(): void {
    this.#over = true
    const { accountSid, callSid } = this.#identity
    this.#sequence++
    const stop = { event: 'stop', sequenceNumber: String(this.#sequence), stop: { accountSid, callSid } }
    this.#send({ ...stop, streamSid: this.#streamSid })
    this.#socket.end(buildFrame(opcodes.close, Buffer.from([0x03, 0xe8]), this.#mask))
  }

  #start({ parameters }: StreamAddress): void {
    const { accountSid, callSid } = this.#identity
    const streamSid = this.#streamSid
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { accountSid, streamSid, callSid, tracks: ['inbound'], mediaFormat, customParameters: parameters }
    this.#send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    this.#send({ event: 'start', sequenceNumber: '1', start, streamSid })
  }

  #take(frame: Frame): void {
    const nowMs = monotonicMs()
    if (frame.opcode === opcodes.ping) this.#socket.write(buildFrame(opcodes.pong, payloadOf(frame), this.#mask))
    if (frame.opcode !== opcodes.text) return
    const message = this.#recogniser.read(frame)
    if (message.type === 'audio') {
      if (this.#isSilent) this.#logger.answer(nowMs)
      this.#isSilent = false
      this.#logger.downlink(message.ms)
      this.#marks.play(nowMs, message.ms)
      return
    }
    const { event, type, mark } = message.json
    if (event === 'clear' || type === 'input_audio_buffer.speech_started') {
      this.#logger.cut(nowMs)
      this.#isSilent = true
      for (const name of this.#marks.clear(nowMs)) this.#echo(name)
    } else if (event === 'mark') {
      const name = typeof mark === 'object' && mark !== null && 'name' in mark ? String(mark.name) : ''
      if (this.#marks.mark(nowMs, name)) this.#echo(name)
    }
  }

  #echo(name: string): void {
    this.#sequence++
    const sequenceNumber = String(this.#sequence)
    this.#send({ event: 'mark', sequenceNumber, streamSid: this.#streamSid, mark: { name } })
  }

  #send(message: object): void {
    this.#socket.write(textFrame(JSON.stringify(message), this.#mask))
  }
}
