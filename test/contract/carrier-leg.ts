import { describe, expect, it } from 'vitest'
import { durationMs } from '../../src/audio/format.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CarrierEvent, CarrierLeg } from '../../src/call/carrier.ts'
import type { LegRequest } from '../fakes/fake-leg.ts'

/** The other side of a leg under test: the caller's phone and the carrier between. */
interface PhoneSide {
  /** Speaks next, without a gap to what was said before. */
  say(audio: Uint8Array): void
  press(digit: string): void
  /** Sends a mark back. */
  echo(name: string): void
  /** The caller hangs up. */
  hangUp(): void
  /** The line breaks without a word. */
  breakDown(): void
  /** What the leg asked of the carrier so far, in order. */
  requests(): readonly LegRequest[]
  /** Resolves when everything that is under way in both directions has arrived, also the end. */
  settle(): Promise<void>
}

export interface LegUnderTest extends AsyncDisposable {
  readonly leg: CarrierLeg
  readonly phone: PhoneSide
}

/** What every CarrierLeg must do, whichever company it speaks to. */
export function testCarrierLeg(name: string, open: () => Promise<LegUnderTest>): void {
  describe(`${name}, as a leg`, () => {
    testListening(open)
    testSpeaking(open)
    testEnding(open)
  })
}

const frame = (fill: number) => new Uint8Array(160).fill(fill)

function listenTo(leg: CarrierLeg): CarrierEvent[] {
  const events: CarrierEvent[] = []
  leg.listen((event) => events.push(event))
  return events
}

function soundOf(events: readonly CarrierEvent[]): Uint8Array {
  return Buffer.concat(events.map((event) => (event.type === 'audio' ? event.audio : new Uint8Array())))
}

function testListening(open: () => Promise<LegUnderTest>): void {
  it('hands on what the caller says and presses, in order', async () => {
    await using test = await open()
    const events = listenTo(test.leg)
    test.phone.say(frame(1))
    test.phone.press('5')
    test.phone.say(frame(2))
    test.phone.echo('m1')
    await test.phone.settle()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'dtmf', 'audio', 'mark'])
    expect(soundOf(events)).toEqual(Buffer.concat([frame(1), frame(2)]))
    expect(events[1]).toEqual({ type: 'dtmf', digit: '5' })
    expect(events[3]).toEqual({ type: 'mark', name: 'm1' })
  })

  it('stamps each piece of sound with the time it begins at', async () => {
    await using test = await open()
    const events = listenTo(test.leg)
    for (let n = 0; n < 5; n++) test.phone.say(frame(n))
    await test.phone.settle()
    const times = events.flatMap((event) => (event.type === 'audio' ? [event.atMs] : []))
    expect(times.map((atMs) => atMs - (times[0] ?? 0))).toEqual([0, 20, 40, 60, 80])
  })

  it('keeps what came before anybody listened, and delivers it first', async () => {
    await using test = await open()
    test.phone.say(frame(1))
    test.phone.press('7')
    await test.phone.settle()
    const events = listenTo(test.leg)
    test.phone.say(frame(2))
    await test.phone.settle()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'dtmf', 'audio'])
    expect(soundOf(events)).toEqual(Buffer.concat([frame(1), frame(2)]))
  })

  it('keeps the last 5 s of sound while nobody listens, and every digit', async () => {
    await using test = await open()
    test.phone.press('1')
    for (let n = 0; n < 300; n++) test.phone.say(frame(n % 256))
    test.phone.press('2')
    await test.phone.settle()
    const events = listenTo(test.leg)
    const sound = soundOf(events)
    expect(durationMs(test.leg.format, sound.byteLength)).toBe(5000)
    expect(sound.subarray(0, 160)).toEqual(Buffer.from(frame(50)))
    expect(sound.subarray(-160)).toEqual(Buffer.from(frame(299 % 256)))
    expect(events.flatMap((event) => (event.type === 'dtmf' ? [event.digit] : []))).toEqual(['1', '2'])
  })

  it('has one listener', async () => {
    await using test = await open()
    listenTo(test.leg)
    expect(() => listenTo(test.leg)).toThrow(TypeError)
  })
}

function testSpeaking(open: () => Promise<LegUnderTest>): void {
  it('passes sound, marks and clears to the carrier in order, of any length', async () => {
    await using test = await open()
    const odd = Uint8Array.from({ length: 333 }, (_, n) => n % 256)
    test.leg.play(frame(1))
    test.leg.mark('half "way"')
    test.leg.play(odd)
    test.leg.clear()
    test.leg.play(new Uint8Array())
    test.leg.mark('end')
    await test.phone.settle()
    const requests = test.phone.requests().map((r) => (r.type === 'media' ? { ...r, audio: [...r.audio] } : r))
    expect(requests).toEqual([
      { type: 'media', audio: [...frame(1)] },
      { type: 'mark', name: 'half "way"' },
      { type: 'media', audio: [...odd] },
      { type: 'clear' },
      { type: 'mark', name: 'end' },
    ])
  })

  it('plays a piece of a larger buffer, and not the rest of it', async () => {
    await using test = await open()
    test.leg.play(Uint8Array.from({ length: 1000 }, (_, n) => n % 256).subarray(300, 310))
    await test.phone.settle()
    const [request] = test.phone.requests()
    expect(request?.type === 'media' && [...request.audio]).toEqual([44, 45, 46, 47, 48, 49, 50, 51, 52, 53])
  })
}

function testEnding(open: () => Promise<LegUnderTest>): void {
  it('says once, and last, that the caller hung up', async () => {
    await using test = await open()
    const events = listenTo(test.leg)
    test.phone.say(frame(1))
    expect(test.leg.gone.aborted).toBe(false)
    test.phone.hangUp()
    await test.phone.settle()
    expect(events.map(({ type }) => type)).toEqual(['audio', 'closed'])
    expect(events[1]).toEqual({ type: 'closed', by: 'caller' })
    expect(test.leg.gone.aborted).toBe(true)
  })

  it('says that the line broke, and why', async () => {
    await using test = await open()
    const events = listenTo(test.leg)
    test.phone.breakDown()
    await test.phone.settle()
    expect(events).toMatchObject([{ type: 'closed', by: 'error', error: { code: 'carrier-lost' } }])
    const [end] = events
    expect(end?.type === 'closed' && end.error).toBeInstanceOf(CallError)
    expect(test.leg.gone.aborted).toBe(true)
  })

  it('tells a late listener that the caller has hung up already', async () => {
    await using test = await open()
    test.phone.say(frame(1))
    test.phone.hangUp()
    await test.phone.settle()
    expect(test.leg.gone.aborted).toBe(true)
    expect(listenTo(test.leg).map(({ type }) => type)).toEqual(['audio', 'closed'])
  })

  it('does nothing after the caller hung up', async () => {
    await using test = await open()
    listenTo(test.leg)
    test.phone.hangUp()
    await test.phone.settle()
    test.leg.play(frame(1))
    test.leg.mark('m')
    test.leg.clear()
    expect(test.phone.requests()).toEqual([])
  })

  it('keeps nothing of what came before it was disposed of', async () => {
    await using test = await open()
    test.phone.say(frame(1))
    await test.phone.settle()
    await test.leg[Symbol.asyncDispose]()
    expect(listenTo(test.leg)).toEqual([])
  })

  it('says nothing more to who hangs up while being told what came before', async () => {
    await using test = await open()
    test.phone.press('1')
    test.phone.press('2')
    test.phone.hangUp()
    await test.phone.settle()
    const events: CarrierEvent[] = []
    test.leg.listen((event) => {
      events.push(event)
      void test.leg[Symbol.asyncDispose]()
    })
    expect(events).toEqual([{ type: 'dtmf', digit: '1' }])
  })

  it('hangs up when it is disposed of, says nothing more, and may be disposed of again', async () => {
    await using test = await open()
    const events = listenTo(test.leg)
    await test.leg[Symbol.asyncDispose]()
    await test.leg[Symbol.asyncDispose]()
    test.phone.say(frame(1))
    test.phone.hangUp()
    test.leg.play(frame(1))
    test.leg.mark('m')
    test.leg.clear()
    await test.phone.settle()
    expect(events).toEqual([])
    expect(test.phone.requests()).toEqual([])
    expect(test.leg.gone.aborted).toBe(false)
  })
}
