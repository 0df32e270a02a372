import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { CallEnd, PhoneEvent } from '../../src/simulators/carrier/events.ts'
import { answeredMs, FRAME_MS, type Sounding, type Story, soundingAt, soundingOf } from './judge.ts'
import type { Slot } from './model.ts'
import { nap } from './server-process.ts'
import type { Words } from './words.ts'

/** What Twilio says by itself takes so long [ms] a character, and so long for a sound. */
const SAY_MS = 60
const PLAY_MS = 1000

/** One media stream of the call [ms of its recording]. */
interface StreamNote {
  readonly startedMs: number
  endedMs?: number
}

/** A simulated caller's end of one call: what was heard and said, by frame, while it goes on. */
export class Phone {
  readonly call: SimulatedCall
  readonly #slot: Slot
  readonly #heard: Sounding[] = []
  readonly #words: { fromMs: number; toMs: number; again: boolean }[] = []
  readonly #clearsMs: number[] = []
  /** What Twilio said by itself. */
  readonly said: string[] = []
  readonly dialled: { readonly number: string; readonly status: string }[] = []
  readonly streams: StreamNote[] = []
  end: CallEnd | undefined
  #dialsSinceMs: number | undefined

  constructor(call: SimulatedCall, slot: Slot) {
    this.call = call
    this.#slot = slot
    call.listen((event) => this.#note(event))
  }

  /** Place in the recording [ms]. */
  get nowMs(): number {
    return this.call.recordedMs
  }

  get over(): boolean {
    return this.end !== undefined
  }

  story(): Story {
    const frames = Math.floor(this.nowMs / FRAME_MS)
    return {
      heard: Array.from({ length: frames }, (_, i) => this.#heard[i] ?? 'silence'),
      words: this.#words,
      repliesMs: this.#slot.replies.map(({ ms }) => ms),
      clearsMs: this.#clearsMs,
    }
  }

  /** Says words, `again` when nobody answered the ones before. Resolves when they are said, or the call is over. */
  async speak({ mulaw, ms }: Words, again = false): Promise<void> {
    const words = { fromMs: this.nowMs, toMs: this.nowMs + ms, again }
    this.#words.push(words)
    await this.call.speak(mulaw)
    words.toMs = Math.max(words.fromMs, this.nowMs - FRAME_MS)
  }

  /** An answer that has begun since `sinceMs` was heard: its beginning, or all of it. */
  hasHeard(what: 'beginning' | 'whole', sinceMs: number): boolean {
    if (what === 'whole') {
      return answeredMs(this.story(), { sinceMs, fromMs: sinceMs, toMs: this.nowMs }) !== undefined
    }
    const before = soundingAt(this.#heard, sinceMs)
    const after = this.#heard.slice(Math.ceil(sinceMs / FRAME_MS))
    return after.some((sounding) => typeof sounding === 'number' && sounding !== before)
  }

  /** For how long nothing at all has been heard [ms]. */
  silentMs(sinceMs: number): number {
    const last = this.#heard.findLastIndex((sounding) => sounding !== undefined && sounding !== 'silence')
    return this.nowMs - Math.max(sinceMs, (last + 1) * FRAME_MS)
  }

  /** True as soon as `holds`; false after `ms`, or when the call is over before. */
  async until(holds: () => boolean, ms: number): Promise<boolean> {
    const byMs = performance.now() + ms
    for (;;) {
      if (holds()) return true
      if (this.over || performance.now() > byMs) return false
      await nap(FRAME_MS)
    }
  }

  #note(event: PhoneEvent): void {
    const { atMs } = event
    switch (event.type) {
      case 'audio-heard':
        this.#heard[Math.round(atMs / FRAME_MS)] = soundingOf(event.audio)
        break
      case 'cleared':
        // Not `atMs`: when this process is late, its clock is ahead of the frames.
        this.#clearsMs.push(this.nowMs)
        break
      case 'stream-started':
        this.streams.push({ startedMs: atMs })
        break
      case 'stream-ended': {
        const stream = this.streams.at(-1)
        if (stream !== undefined) stream.endedMs ??= atMs
        break
      }
      case 'verb':
        this.#noteVerb(event, atMs)
        break
      case 'dialled':
        this.dialled.push({ number: event.number, status: event.status })
        this.#sounds(this.#dialsSinceMs ?? atMs, atMs)
        break
      case 'ended':
        this.end = event
        break
    }
  }

  #noteVerb({ verb }: Extract<PhoneEvent, { type: 'verb' }>, atMs: number): void {
    if (verb.type === 'say') {
      this.said.push(verb.text)
      this.#sounds(atMs, atMs + verb.text.length * SAY_MS)
    } else if (verb.type === 'play') this.#sounds(atMs, atMs + PLAY_MS)
    else if (verb.type === 'dial') this.#dialsSinceMs = atMs
  }

  /** Twilio itself is heard. */
  #sounds(fromMs: number, toMs: number): void {
    for (let frame = Math.floor(fromMs / FRAME_MS); frame < toMs / FRAME_MS; frame++) this.#heard[frame] = 'other'
  }
}
