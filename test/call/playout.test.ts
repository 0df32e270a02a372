import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import { Playout, type PlayoutSink } from '../../src/call/playout.ts'
import type { Heard } from '../../src/call/stretch.ts'
import { PlayoutBuffer } from '../../src/simulators/carrier/playout-buffer.ts'

/** A phone with a simulated carrier's own buffer: it plays what it holds, 20 ms a beat, and echoes marks `echoMs` late. */
class Phone implements PlayoutSink {
  readonly format = mulaw8k
  readonly #clock: ManualClock
  readonly #buffer = new PlayoutBuffer()
  readonly #echoMs: number
  readonly #off = new AbortController()
  onMark: (name: string) => void = () => {}
  /** Bytes of every value that were played. */
  readonly played = new Map<number, number>()
  clears = 0
  messages = 0
  marks = 0

  constructor(clock: ManualClock, echoMs: number) {
    this.#clock = clock
    this.#echoMs = echoMs
    new Ticker(clock).onTick(() => this.#beat(), this.#off.signal)
  }

  play(audio: Uint8Array): void {
    expect(audio.length % 160).toBe(0)
    this.messages++
    this.#buffer.push(audio)
  }

  mark(name: string): void {
    this.marks++
    if (this.#buffer.mark(name)) this.#echo(name)
  }

  clear(): void {
    this.clears++
    for (const name of this.#buffer.clear().marks) this.#echo(name)
  }

  get bufferedMs(): number {
    return this.#buffer.bufferedBytes / 8
  }

  #beat(): void {
    const { audio, marks } = this.#buffer.next()
    for (const byte of audio ?? []) this.played.set(byte, (this.played.get(byte) ?? 0) + 1)
    for (const name of marks) this.#echo(name)
  }

  #echo(name: string): void {
    this.#clock.after(this.#echoMs, () => this.onMark(name), this.#off.signal)
  }
}

function start(echoMs = 0) {
  const clock = new ManualClock()
  const phone = new Phone(clock, echoMs)
  const heard: Heard[] = []
  const playout = new Playout(phone, clock, 300, (item) => heard.push(item))
  phone.onMark = (name) => playout.marked(name)
  const off = new AbortController()
  new Ticker(clock).onTick((lagMs) => playout.tick(lagMs), off.signal)
  return { clock, phone, playout, heard }
}

/** Sound of item `n`: all bytes are `n`, so that what was played of it can be counted. */
const sound = (n: number, ms: number) => new Uint8Array(ms * 8).fill(n)

describe('the playout', () => {
  it('gives the carrier a short lead of a long answer, in few messages, and all of it in the end', () => {
    const { clock, phone, playout, heard } = start()
    playout.push('1', sound(1, 9500))
    expect(phone.bufferedMs).toBe(300)
    for (let ms = 0; ms < 9000; ms += 20) {
      clock.advance(20)
      expect(phone.bufferedMs).toBeLessThanOrEqual(300)
      expect(phone.bufferedMs).toBeGreaterThan(100)
    }
    playout.finish()
    clock.advance(1000)
    expect(phone.played.get(1)).toBe(9500 * 8)
    expect(phone.messages).toBeLessThan(100)
    expect(heard).toEqual([{ itemId: '1', heardMs: 9500, wholly: true }])
    expect(playout.unheardMs).toBe(0)
  })

  it('hands on at once what a model says at the pace of speech, and asks twice a second what was played', () => {
    const { clock, phone, playout, heard } = start()
    for (let ms = 0; ms < 5000; ms += 20) {
      playout.push('1', sound(1, 20))
      expect(phone.messages).toBe(ms / 20 + 1)
      clock.advance(20)
    }
    expect(phone.marks).toBe(10)
    playout.finish()
    clock.advance(100)
    expect(heard).toEqual([{ itemId: '1', heardMs: 5000, wholly: true }])
  })

  it('has the end of an answer proved, also when it was sent before the model said that it is the end', () => {
    const { clock, phone, playout } = start()
    playout.push('1', sound(1, 200))
    clock.advance(40)
    expect(phone.marks).toBe(0)
    playout.finish()
    expect(phone.marks).toBe(1)
    clock.advance(200)
    playout.interrupt()
    expect(phone.clears).toBe(0)
  })

  it('clears the carrier and knows what was heard when it is interrupted', () => {
    const { clock, phone, playout } = start()
    playout.push('1', sound(1, 5000))
    playout.finish()
    clock.advance(1230)
    const cut = playout.interrupt()
    expect(phone.clears).toBe(1)
    expect(cut.items).toEqual([{ itemId: '1', heardMs: 1220, wholly: false }])
    expect(cut.unheardMs).toBe(3780)
    clock.advance(5000)
    expect(phone.played.get(1)).toBeLessThanOrEqual(1240 * 8)
  })

  it('clears also the tail that the carrier holds after the model has long finished, and nothing when all was heard', () => {
    const { clock, phone, playout } = start()
    playout.push('1', sound(1, 1000))
    playout.finish()
    clock.advance(900)
    expect(playout.interrupt().unheardMs).toBe(100)
    expect(phone.clears).toBe(1)
    playout.push('2', sound(2, 400))
    playout.finish()
    clock.advance(1000)
    expect(playout.interrupt()).toEqual({ items: [], unheardMs: 0 })
    expect(phone.clears).toBe(1)
  })

  it('does not believe a mark that comes back because of a clear', () => {
    const { clock, playout } = start(100)
    playout.push('1', sound(1, 250))
    playout.finish()
    clock.advance(40)
    playout.interrupt()
    playout.push('2', sound(2, 1000))
    clock.advance(120)
    expect(playout.interrupt().items).toEqual([{ itemId: '2', heardMs: 120, wholly: false }])
  })

  it('does not believe a mark either that comes back while it is being cleared: a hold loses nothing', () => {
    const { clock, phone, heard } = start()
    const marks: string[] = []
    const sink = {
      format: mulaw8k,
      play: (audio: Uint8Array) => phone.play(audio),
      mark: (name: string) => marks.push(name),
      clear() {
        phone.clear()
        for (const name of marks.splice(0)) eager.marked(name)
      },
    }
    const eager = new Playout(sink, clock, 300, (item) => heard.push(item))
    eager.push('1', sound(1, 300))
    eager.finish()
    clock.advance(100)
    eager.hold()
    expect([eager.unheardMs, heard]).toEqual([200, []])
    eager.resume()
    clock.advance(400)
    expect(heard).toEqual([])
    eager.tick()
    expect(heard).toEqual([{ itemId: '1', heardMs: 300, wholly: true }])
    expect(phone.played.get(1)).toBe(300 * 8)
  })

  it('moves forward when a mark proves that more was heard than the clock says', () => {
    const clock = new ManualClock()
    const marks: string[] = []
    const sink = { format: mulaw8k, play() {}, mark: (name: string) => marks.push(name), clear() {} }
    const playout = new Playout(sink, clock, 300, () => {})
    playout.push('1', sound(1, 200))
    playout.finish()
    clock.advance(100)
    playout.marked(marks[0] ?? '')
    expect(playout.unheardMs).toBe(0)
    playout.marked('0:999999')
    playout.marked('nonsense')
    expect(playout.unheardMs).toBe(0)
  })

  it('clears what a late phone may still hold, as long as no mark has come back', () => {
    const clock = new ManualClock()
    let clears = 0
    const playout = new Playout({ format: mulaw8k, play() {}, mark() {}, clear: () => clears++ }, clock, 300, () => {})
    playout.push('1', sound(1, 200))
    playout.finish()
    clock.advance(500)
    expect(playout.interrupt().unheardMs).toBe(0)
    expect(clears).toBe(1)
  })

  it('fills up the last frame of an answer and plays it', () => {
    const { clock, phone, playout, heard } = start()
    playout.push('1', new Uint8Array(161).fill(1))
    clock.advance(200)
    expect(phone.played.get(1)).toBe(160)
    playout.finish()
    clock.advance(200)
    expect(phone.played.get(1)).toBe(161)
    expect(heard).toEqual([{ itemId: '1', heardMs: 161 / 8, wholly: true }])
  })

  it('drops what a model that has run away says beyond ten minutes', () => {
    const { playout } = start()
    for (let minute = 0; minute < 15; minute++) playout.push('1', sound(1, 60_000))
    expect(playout.unheardMs).toBeLessThanOrEqual(660_000)
  })

  it('knows to one frame what the phone really played, in whatever way sound, pauses and interruptions follow', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('push' as const), ms: fc.integer({ min: 1, max: 4000 }) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2000 }) }),
      fc.record({ do: fc.constant('finish' as const), ms: fc.constant(0) }),
      fc.record({ do: fc.constant('interrupt' as const), ms: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom(0, 60, 300), (steps, echoMs) => {
        const { clock, phone, playout, heard } = start(echoMs)
        const cut: Heard[] = []
        let item = 1
        for (const { do: what, ms } of steps) {
          if (what === 'push') playout.push(String(item), sound(item, ms))
          if (what === 'wait') clock.advance(ms)
          if (what === 'finish') playout.finish()
          if (what === 'finish') item++
          if (what === 'interrupt') cut.push(...playout.interrupt().items)
          if (what === 'interrupt') item++
        }
        playout.finish()
        clock.advance(400_000)
        for (const { itemId, heardMs } of [...heard, ...cut]) {
          const playedMs = (phone.played.get(Number(itemId)) ?? 0) / 8
          expect(Math.abs(playedMs - heardMs), `item ${itemId}`).toBeLessThanOrEqual(20)
        }
      }),
    )
  })
})
