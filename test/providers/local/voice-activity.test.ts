import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  makeVoiceActivity,
  probabilityThreshold,
  type VoiceActivityEvent,
} from '../../../src/providers/local/voice-activity.ts'

const WINDOW_MS = 32
const settings = { threshold: 0.5, silenceMs: 500 }

/** Events with the time [ms] at which they were told. */
function decide(probabilities: readonly number[], of = settings): (VoiceActivityEvent & { toldMs: number })[] {
  const activity = makeVoiceActivity(of)
  return probabilities.flatMap((probability, i) => {
    const event = activity.take(probability)
    return event === undefined ? [] : [{ ...event, toldMs: (i + 1) * WINDOW_MS }]
  })
}

const speech = (windows: number) => Array<number>(windows).fill(0.9)
const silence = (windows: number) => Array<number>(windows).fill(0.05)

describe('voice activity', () => {
  it('takes a sentence between silences for one turn, dated to where it began and ended', () => {
    expect(decide([...silence(10), ...speech(30), ...silence(30)])).toEqual([
      { type: 'speech-started', atMs: 320, toldMs: 320 + 3 * WINDOW_MS },
      // 16 windows, one of which may be speech.
      { type: 'speech-stopped', atMs: 1280, toldMs: 1280 + 15 * WINDOW_MS },
    ])
  })

  it('is not woken by a click of two windows', () => {
    expect(decide([...silence(10), ...speech(2), ...silence(10), ...speech(2), ...silence(30)])).toEqual([])
  })

  it('lets a caller pause within a sentence for less than the silence that ends a turn', () => {
    const events = decide([...speech(20), ...silence(13), ...speech(20), ...silence(20)])
    expect(events.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
  })

  it('ends the turn although a single breath falls into the silence', () => {
    const events = decide([...speech(20), ...silence(8), ...speech(1), ...silence(10)])
    expect(events.at(-1)?.type).toBe('speech-stopped')
  })

  it('does not end a turn in the middle of a word that comes late in a long silence', () => {
    const long = { threshold: 0.5, silenceMs: 3000 }
    const events = decide([...speech(5), ...silence(88), ...speech(9), ...silence(200)], long)
    expect(events.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
    expect(events[1]?.atMs).toBe(102 * WINDOW_MS)
  })

  it('does not count the end of one turn towards the beginning of the next', () => {
    const long = { threshold: 0.5, silenceMs: 2000 }
    const events = decide(
      [...speech(20), ...silence(55), ...speech(2), ...silence(2), ...speech(1), ...silence(9)],
      long,
    )
    expect(events.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
  })

  it('waits as long as the session asks for', () => {
    for (const silenceMs of [200, 800, 6000]) {
      const stop = decide([...speech(20), ...silence(200)], { threshold: 0.5, silenceMs }).at(-1)
      expect(stop?.type).toBe('speech-stopped')
      const waitedMs = (stop?.toldMs ?? 0) - 20 * WINDOW_MS
      expect(waitedMs).toBeGreaterThan(silenceMs * 0.85)
      expect(waitedMs).toBeLessThanOrEqual(silenceMs + WINDOW_MS)
    }
  })

  it('follows a new threshold from then on', () => {
    const activity = makeVoiceActivity({ threshold: 0.9, silenceMs: 500 })
    const take = (windows: number) => Array.from({ length: windows }, () => activity.take(0.6)).filter(Boolean)
    expect(take(50)).toEqual([])
    activity.configure({ threshold: 0.5, silenceMs: 500 })
    expect(take(5)).toHaveLength(1)
  })

  it('takes the protocol\u2019s thresholds in their order, 0.5 for 0.5', () => {
    const mapped = [-1, 0, 0.1, 0.2, 0.5, 0.8, 1].map(probabilityThreshold)
    expect(mapped).toEqual(mapped.toSorted((a, b) => a - b))
    expect(probabilityThreshold(0.5)).toBe(0.5)
    expect(probabilityThreshold(-1)).toBeCloseTo(0.15)
    expect(probabilityThreshold(1)).toBeCloseTo(0.9)
  })

  it('refuses a silence it cannot count', () => {
    for (const silenceMs of [0, -5, Number.NaN, 100_000]) {
      expect(() => makeVoiceActivity({ threshold: 0.5, silenceMs })).toThrow(RangeError)
    }
  })

  it('starts and stops in turn, in order, never before it happened, whatever is heard', () => {
    const heard = fc.array(fc.tuple(fc.float({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 40 })), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(heard, fc.integer({ min: 200, max: 6000 }), (runs, silenceMs) => {
        const probabilities = runs.flatMap(([probability, windows]) => Array<number>(windows).fill(probability))
        const events = decide(probabilities, { threshold: 0.5, silenceMs })
        for (const [i, event] of events.entries()) {
          expect(event.type).toBe(i % 2 === 0 ? 'speech-started' : 'speech-stopped')
          expect(event.atMs).toBeLessThanOrEqual(event.toldMs)
          expect(event.atMs).toBeGreaterThanOrEqual(events[i - 1]?.atMs ?? 0)
          if (event.type === 'speech-started') expect(event.toldMs - event.atMs).toBeLessThanOrEqual(160)
        }
      }),
    )
  })

  it('never stops while every window is speech, and never starts while none is', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0.5, max: 1, noNaN: true }), { minLength: 5, maxLength: 400 }), (loud) => {
        expect(decide(loud).map((event) => event.type)).toEqual(['speech-started'])
        expect(decide(loud.map((probability) => probability * 0.49))).toEqual([])
      }),
    )
  })
})
