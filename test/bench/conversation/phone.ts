import { decodeMulaw, encodeMulaw } from '../../../src/audio/g711.ts'
import { toSample } from '../../../src/audio/pcm.ts'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { SimulatedCall } from '../../../src/simulators/carrier/call.ts'
import { frameClockOf } from '../../../src/simulators/carrier/frame-clock.ts'
import { FRAME_BYTES } from '../../../src/simulators/carrier/playout-buffer.ts'
import { type Echo, echoOf } from './cases.ts'

const FRAME_MS = 20

/** What a phone's microphone picks up besides the caller. */
export interface Acoustics {
  /** The loudspeaker is heard by the microphone. */
  readonly echo?: Echo
  /** Samples at 8 kHz that are under everything, again and again. */
  readonly noise?: Int16Array
}

/** A frame of the server's sound as the phone played it: from `atMs` of the line's time for 20 ms. */
export interface PlayedFrame {
  readonly atMs: number
  readonly samples: Int16Array
}

/** `clear` arrived at the phone [ms of the line's time], and dropped so much. */
export interface Cleared {
  readonly atMs: number
  readonly droppedMs: number
}

/**
 * A phone whose microphone hears the room: the caller's words, the loudspeaker's echo and the line's noise, mixed.
 *
 * ```
 *   beat of the pump   j            j+1           one clock of its own, so the pump and the line take turns for ever,
 *   beat of the line     j            j+1         also after a stall, and never is a frame missing or one too many
 *   said in frame j = words[j] + echo of what was heard at j - delay + noise[j]
 * ```
 */
export class MixingPhone implements AsyncDisposable {
  readonly call: SimulatedCall
  readonly played: PlayedFrame[] = []
  readonly clears: Cleared[] = []
  /** When the media stream began [ms of the line's time]. */
  readonly streaming: Promise<number>
  readonly #acoustics: Acoustics
  readonly #off = new AbortController()
  readonly #heard = new Map<number, Int16Array>()
  readonly #words: { readonly frame: number; readonly samples: Int16Array }[] = []

  /** @param start makes the call on the clock it is given. */
  constructor(start: (clock: Clock) => SimulatedCall, acoustics: Acoustics = {}) {
    if (acoustics.echo !== undefined && acoustics.echo.delayMs < FRAME_MS) {
      throw new RangeError(`an echo comes at least ${FRAME_MS} ms late, got ${acoustics.echo.delayMs}`)
    }
    const clock = ownClock()
    this.#acoustics = acoustics
    this.call = start(clock)
    const streaming = Promise.withResolvers<number>()
    this.streaming = streaming.promise
    this.call.listen((event) => {
      if (event.type === 'audio-heard') {
        const samples = decodeMulaw(event.audio)
        this.played.push({ atMs: event.atMs, samples })
        if (acoustics.echo !== undefined) this.#heard.set(event.atMs / FRAME_MS, samples)
      } else if (event.type === 'cleared') this.clears.push({ atMs: event.atMs, droppedMs: event.droppedMs })
      else if (event.type === 'stream-started') {
        frameClockOf(clock).join(() => this.#beat(), this.#off.signal)
        streaming.resolve(event.atMs)
      } else if (event.type === 'ended') this.#off.abort()
    })
  }

  /** The frame that is said next, as a time [ms of the line's time]. */
  get nextMs(): number {
    return this.call.recordedMs
  }

  /** Says this, `inMs` from now; returns when it begins [ms of the line's time]. */
  say(samples: Int16Array, inMs = 0): number {
    // The frame that the pump has handed over for the coming beat can no longer be changed.
    const frame = this.nextMs / FRAME_MS + 1 + Math.ceil(inMs / FRAME_MS)
    this.#words.push({ frame, samples })
    return frame * FRAME_MS
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#off.abort()
    await this.call[Symbol.asyncDispose]()
  }

  #beat(): void {
    void this.call.speak(encodeMulaw(this.#mix(this.nextMs / FRAME_MS)))
  }

  #mix(frame: number): Int16Array {
    const sum = new Float64Array(FRAME_BYTES)
    const { echo, noise } = this.#acoustics
    for (const words of this.#words) add(sum, words.samples, (frame - words.frame) * FRAME_BYTES, 1)
    if (noise !== undefined && noise.length >= FRAME_BYTES) {
      const frames = Math.floor(noise.length / FRAME_BYTES)
      add(sum, noise, (frame % frames) * FRAME_BYTES, 1)
    }
    if (echo !== undefined) addEcho(sum, echo, frame, (at) => this.#heard.get(at))
    return Int16Array.from(sum, toSample)
  }
}

/** Adds `samples` to the frame, `offset` of them passed over; what lies outside is silence. */
function add(sum: Float64Array, samples: Int16Array, offset: number, gain: number): void {
  for (let i = Math.max(0, -offset); i < sum.length && offset + i < samples.length; i++) {
    sum[i] = (sum[i] ?? 0) + gain * (samples[offset + i] ?? 0)
  }
}

/** The last frames that were heard, through the echo's path; the one that begins now is not among them. */
function addEcho(sum: Float64Array, echo: Echo, frame: number, heard: (frame: number) => Int16Array | undefined): void {
  const back = Math.ceil(echo.delayMs / FRAME_MS) + ROOM_FRAMES
  const agent = new Int16Array(back * FRAME_BYTES)
  let silent = true
  for (let i = 0; i < back; i++) {
    const samples = heard(frame - back + i)
    if (samples === undefined) continue
    silent = false
    agent.set(samples, i * FRAME_BYTES)
  }
  if (silent) return
  const returned = echoOf(agent, echo)
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (returned[agent.length + i] ?? 0)
}

/** How long a room rings after the first echo, in frames: 143 samples. */
const ROOM_FRAMES = 1

function ownClock(): Clock {
  return { now: () => systemClock.now(), after: (ms, task, signal) => systemClock.after(ms, task, signal) }
}
