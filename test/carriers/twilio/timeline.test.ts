import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AudioFormat, mulaw8k } from '../../../src/audio/format.ts'
import { Timeline } from '../../../src/carriers/twilio/timeline.ts'

const frame = new Uint8Array(160).fill(1)

function makeTimeline(format = mulaw8k) {
  const out: { audio: Uint8Array; atMs: number }[] = []
  return { out, timeline: new Timeline(format, (audio, atMs) => out.push({ audio, atMs })) }
}

/** Pushes frames with these timestamps, 20 ms apart on the wall; `.` is a frame of sound, `_` one of silence. */
function draw(timestamps: readonly (number | undefined)[], elapsedMs = 0): string {
  const { out, timeline } = makeTimeline()
  for (const [n, timestamp] of timestamps.entries()) timeline.push(frame, timestamp, elapsedMs + n * 20)
  return out.map(({ audio }) => (audio[0] === 0xff ? '_' : '.')).join('')
}

describe('the line of the caller’s frames', () => {
  it.each<[string, (number | undefined)[], string]>([
    ['frames that follow each other stay as they are', [155, 175, 195], '...'],
    ['a stream that begins late has no silence before it', [9000, 9020], '..'],
    ['a lost frame sounds as silence', [155, 175, 215], '.._.'],
    ['three lost frames sound as three of silence', [155, 235], '.___.'],
    ['a few ms of jitter are no gap', [155, 173, 197, 214, 236, 255], '......'],
    ['a frame lost amid jitter is a gap', [155, 193], '._.'],
    [
      'a clock of 19.97 ms a frame never makes a gap',
      Array.from({ length: 50 }, (_, n) => 155 + Math.floor(n * 19.97)),
      '.'.repeat(50),
    ],
    [
      'a clock of 20.03 ms a frame never makes a gap',
      Array.from({ length: 50 }, (_, n) => 155 + Math.floor(n * 20.03)),
      '.'.repeat(50),
    ],
    ['a late frame is kept, and shortens the next gap', [155, 195, 175, 235], '._...'],
    ['the same timestamp again is kept', [155, 155, 155], '...'],
    ['timestamps that are missing follow the frame before', [155, undefined, undefined, 215], '....'],
    ['no timestamps at all are no gap', [undefined, undefined], '..'],
    ['a clock that was set back goes on from there', [60_000, 100, 120, 160], '..._'.concat('.')],
    ['a jump is filled for 10 s at most', [155, 3_600_000], `.${'_'.repeat(500)}.`],
  ])('%s', (_, timestamps, expected) => {
    expect(draw(timestamps)).toBe(expected)
  })

  describe('while nothing comes', () => {
    /** Frames 1, 2; then so many of silence fed; then frames with these timestamps. */
    const drawFed = (fed: number, timestamps: readonly (number | undefined)[]) => {
      const { out, timeline } = makeTimeline()
      timeline.push(frame, 155, 0)
      timeline.push(frame, 175, 20)
      for (let n = 0; n < fed; n++) timeline.feed()
      for (const timestamp of timestamps) timeline.push(frame, timestamp, 10_000)
      for (const [n, { atMs }] of out.entries()) expect(atMs).toBe(155 + n * 20)
      return { text: out.map(({ audio }) => (audio[0] === 0xff ? '_' : '.')).join(''), timeline }
    }

    it.each<[string, number, (number | undefined)[], string]>([
      ['silence is heard', 3, [], '..___'],
      ['silence that was fed is not filled again when the frames are lost', 3, [255, 275], '..___..'],
      ['... and what it did not cover is', 3, [315, 335], '..______..'],
      ['frames that come after all follow it, each once', 3, [195, 215, 235, 255], '..___....'],
      ['... and what is lost after them is still seen', 3, [195, 215, 255], '..___.._.'],
      ['... also those of which a part was lost', 5, [235, 255], '.._____..'],
      ['frames without a timestamp follow it', 2, [undefined, 195], '..__..'],
      ['a clock that begins anew goes on', 2, [5, 25, 65], '..__.._.'],
    ])('%s', (_, fed, timestamps, expected) => {
      const { text, timeline } = drawFed(fed, timestamps)
      expect(text).toBe(expected)
      expect(timeline.fedMs).toBe(fed * 20)
    })

    it('before the first frame there is no line to feed', () => {
      const { out, timeline } = makeTimeline()
      timeline.feed()
      timeline.push(frame, 155, 0)
      expect(out).toEqual([{ audio: frame, atMs: 155 }])
    })

    it('and it stands still again and again, the line is behind by all that was fed in vain', () => {
      const { out, timeline } = makeTimeline()
      let stamp = 155
      for (let round = 0; round < 3; round++) {
        for (let n = 0; n < 4; n++, stamp += 20) timeline.push(frame, stamp, 0)
        timeline.feed()
        timeline.feed()
      }
      timeline.push(frame, stamp + 40, 0)
      expect(out.map(({ audio }) => (audio[0] === 0xff ? '_' : '.')).join('')).toBe('....__....__....__.')
      expect(timeline.filledMs).toBe(0)
    })
  })

  it('each piece begins where the one before ends', () => {
    const { out, timeline } = makeTimeline()
    for (const timestamp of [155, 175, 255, 215, 275, 315]) timeline.push(frame, timestamp, 0)
    for (const [n, piece] of out.slice(1).entries()) {
      expect(Math.abs(piece.atMs - ((out[n]?.atMs ?? 0) + 20))).toBeLessThan(20)
    }
    expect(timeline.filledMs).toBe(60)
  })

  it('absurd timestamps cannot make more silence than time went by, and 10 s', () => {
    const { out, timeline } = makeTimeline()
    for (let n = 0; n < 100; n++) timeline.push(frame, n * 1_000_000, n * 20)
    expect(timeline.filledMs).toBeLessThanOrEqual(12_000)
    expect(out.length).toBe(100 + timeline.filledMs / 20)
  })

  it('silence is 0xd5 where the line is A-law', () => {
    const alaw: AudioFormat = { encoding: 'alaw', sampleRate: 8000 }
    const { out, timeline } = makeTimeline(alaw)
    timeline.push(frame, 0, 0)
    timeline.push(frame, 40, 0)
    expect(out.map(({ audio }) => audio[0])).toEqual([1, 0xd5, 1])
  })

  it('no sound is lost or changed, whatever the timestamps', () => {
    const step = fc.record({
      timestamp: fc.option(fc.nat({ max: 100_000 }), { nil: undefined }),
      bytes: fc.integer({ min: 1, max: 400 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const { out, timeline } = makeTimeline()
        for (const [n, { timestamp, bytes }] of steps.entries()) {
          timeline.push(new Uint8Array(bytes).fill(n), timestamp, 0)
        }
        const sound = out.filter(({ audio }) => audio[0] !== 0xff)
        expect(sound.map(({ audio }) => [audio[0], audio.byteLength])).toEqual(steps.map(({ bytes }, n) => [n, bytes]))
        expect(timeline.filledMs).toBeLessThanOrEqual(10_000)
      }),
    )
  })
})
