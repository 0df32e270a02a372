import { expect } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import { Playout, type PlayoutSink } from '../../src/call/playout.ts'
import type { Heard } from '../../src/call/stretch.ts'
import { PlayoutBuffer } from '../../src/simulators/carrier/playout-buffer.ts'

/*
 * What the playout says was heard, against what the simulated phone has really played, byte for byte:
 *
 *   line      0 ──────────────────────────────▶   all that was pushed; a cut takes its end away
 *   heard     ────────────▶|                      as the playout says
 *   played    ──────────▶|                        as the phone did; from a clear on it is where the playout says it is
 *                        └──┘ one frame at most
 *   told      ───────────▶|                       piece by piece, each with the time at which the phone played it
 */

const FRAME = 160

interface Conditions {
  /** How late marks come back [ms]. */
  readonly echoMs: number
  /** The phone's beat comes so long after the server's [ms], 0 to 19. */
  readonly phaseMs: number
}

/** A playout, the phone behind it, and the truth about both; each step expects them to agree. */
export class PlayoutLine implements PlayoutSink {
  readonly format = mulaw8k
  readonly clock = new ManualClock()
  readonly playout: Playout
  readonly heard: Heard[] = []
  readonly told: { readonly from: number; readonly atMs: number; readonly audio: Uint8Array }[] = []
  clears = 0
  readonly #buffer = new PlayoutBuffer()
  readonly #off = new AbortController()
  readonly #conditions: Conditions
  /** Every byte of the line, and where the phone is on it. */
  #line: number[] = []
  #played = 0
  /** When the phone played each frame, by its place on the line. */
  readonly #playedAtMs = new Map<number, number>()
  #made = 0
  #stalledUntilMs = 0
  /** What came while the event loop stood still. */
  #late: (() => void)[] = []

  constructor(conditions: Conditions) {
    this.#conditions = conditions
    const take = (audio: Uint8Array, atMs: number) => void this.told.push({ from: this.toldBytes, atMs, audio })
    const played = { wanted: true, take }
    this.playout = new Playout(this, this.clock, 300, (heard) => this.heard.push(heard), played)
    const beats = new Ticker(this.clock)
    this.clock.after(conditions.phaseMs, () => beats.onTick(() => this.#beat(), this.#off.signal), this.#off.signal)
    const ticked = () => {
      // Of the ticks of a stall one comes, at its end.
      if (this.clock.now() >= this.#stalledUntilMs) this.playout.tick()
    }
    new Ticker(this.clock).onTick(ticked, this.#off.signal)
  }

  play(audio: Uint8Array): void {
    expect(audio.length % FRAME).toBe(0)
    this.#buffer.push(audio)
  }

  mark(name: string): void {
    if (this.#buffer.mark(name)) this.#echo(name)
  }

  clear(): void {
    this.clears++
    for (const name of this.#buffer.clear().marks) this.#echo(name)
  }

  /** Pushes so many bytes of an item, none like its neighbours. */
  push(item: string, bytes: number): void {
    const audio = Uint8Array.from({ length: bytes }, () => 1 + (this.#made++ % 251))
    this.#line.push(...audio)
    this.playout.push(item, audio)
    this.check()
  }

  finish(): void {
    const unheardMs = this.playout.unheardMs
    this.playout.finish()
    // An item is filled up to a whole frame once, with silence.
    const padding = Math.round((this.playout.unheardMs - unheardMs) * 8)
    if (padding > 0) this.#line.push(...Array.from({ length: padding }, () => 0xff))
    this.check()
  }

  interrupt(): void {
    const before = this.heardBytes
    const { unheardMs } = this.playout.interrupt()
    expect(before + unheardMs * 8).toBe(this.#line.length)
    this.#line.length = before
    this.#agreeOn(before)
  }

  hold(): void {
    const before = this.heardBytes
    this.playout.hold()
    expect(this.heardBytes).toBe(before)
    this.#agreeOn(before)
  }

  resume(): void {
    this.playout.resume()
    this.check()
  }

  /** The server does nothing for so long [ms]; the phone plays on. */
  stall(ms: number): void {
    this.#stalledUntilMs = this.clock.now() + ms
    this.clock.advance(ms)
    const late = this.#late
    this.#late = []
    for (const task of late) task()
    this.playout.tick(ms)
    this.check()
  }

  wait(ms: number): void {
    for (let left = ms; left > 0; left -= 7) {
      this.clock.advance(Math.min(7, left))
      this.check()
    }
  }

  /** Waits until all was heard. */
  drain(): void {
    for (let i = 0; this.playout.unheardMs > 0 && i < 20_000; i++) this.clock.advance(20)
    this.clock.advance(40)
    expect(this.playout.unheardMs).toBe(0)
    expect(this.#played).toBe(this.#line.length)
    expect(this.toldBytes).toBe(this.#line.length)
  }

  get toldBytes(): number {
    return this.told.reduce((sum, { audio }) => sum + audio.length, 0)
  }

  /** Whether what was told of is what the phone played, and when: to so many [ms]. */
  expectTold(withinMs: number): void {
    expect(Buffer.concat(this.told.map(({ audio }) => audio))).toEqual(Buffer.from(this.#line.slice(0, this.toldBytes)))
    for (const { from, atMs, audio } of this.told) {
      for (const [place, playedAtMs] of this.#playedAtMs) {
        if (place < from || place >= from + audio.length) continue
        expect(Math.abs(atMs + (place - from) / 8 - playedAtMs)).toBeLessThanOrEqual(withinMs)
      }
    }
  }

  get heardBytes(): number {
    return this.#line.length - Math.round(this.playout.unheardMs * 8)
  }

  /** The playout is right about the phone, to one frame. */
  check(): void {
    expect(Math.abs(this.heardBytes - this.#played)).toBeLessThanOrEqual(FRAME)
  }

  /** After a clear both begin anew from what the playout says. */
  #agreeOn(heard: number): void {
    expect(Math.abs(heard - this.#played)).toBeLessThanOrEqual(FRAME)
    expect(this.#buffer.bufferedBytes).toBe(0)
    this.#played = heard
    for (const place of this.#playedAtMs.keys()) if (place >= heard) this.#playedAtMs.delete(place)
  }

  #beat(): void {
    const { audio, marks } = this.#buffer.next()
    if (this.playout.held) expect(audio).toBeUndefined()
    if (audio !== undefined) {
      expect([...audio]).toEqual(this.#line.slice(this.#played, this.#played + FRAME))
      this.#playedAtMs.set(this.#played, this.clock.now())
      this.#played += FRAME
    }
    for (const name of marks) this.#echo(name)
  }

  #echo(name: string): void {
    const echoed = () => this.#soon(() => this.playout.marked(name))
    this.clock.after(this.#conditions.echoMs, echoed, this.#off.signal)
  }

  #soon(task: () => void): void {
    if (this.clock.now() < this.#stalledUntilMs) this.#late.push(task)
    else task()
  }
}
