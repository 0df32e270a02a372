import { expect, test } from 'vitest'
import { comfortTone } from '../../src/agents/comfort-tone.ts'
import { encodeMulaw, MULAW_SILENCE } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { answeredMs, deadAirMs, hertzOf, pictureOf, type Sounding, soundingOf, staleMs, waitsOf } from './judge.ts'

/** `..0011x` as frames: silence, answers by their numbers, something else; each sign stands for 100 ms. */
function line(picture: string): readonly Sounding[] {
  return [...picture].flatMap((sign) =>
    Array.from({ length: 5 }, (): Sounding => (sign === '.' ? 'silence' : sign === 'x' ? 'other' : Number(sign))),
  )
}

const told = (
  picture: string,
  words: readonly (readonly [number, number])[] = [],
  clearsMs: readonly number[] = [],
) => ({
  heard: line(picture),
  words: words.map(([fromMs, toMs]) => ({ fromMs, toMs })),
  repliesMs: [500, 500, 500],
  clearsMs,
})

const frames = (sound: Int16Array) => {
  const mulaw = encodeMulaw(sound)
  return Array.from({ length: mulaw.length / 160 }, (_, i) => soundingOf(mulaw.subarray(i * 160, (i + 1) * 160)))
}

test('each answer is told by its tone, the house’s own tones and silence from all of them', () => {
  for (let reply = 0; reply < 22; reply++) {
    expect(new Set(frames(tone(hertzOf(reply), 100, 8000)))).toEqual(new Set([reply]))
  }
  expect(frames(comfortTone()).filter((sounding) => typeof sounding === 'number')).toEqual([])
  expect(frames(comfortTone())).toContain('other')
  expect(soundingOf(new Uint8Array(160).fill(MULAW_SILENCE))).toBe('silence')
})

test('a caller waits from their last word to their next, and at first for the greeting', () => {
  const story = told('..........', [
    [200, 400],
    [700, 800],
  ])
  expect(waitsOf(story)).toEqual([
    { sinceMs: 0, fromMs: 0, toMs: 200 },
    { sinceMs: 200, fromMs: 400, toMs: 700 },
    { sinceMs: 700, fromMs: 800, toMs: 1000 },
  ])
})

test('an answer counts when it was heard to its end, in whatever pieces', () => {
  const span = { sinceMs: 0, fromMs: 0, toMs: 2000 }
  expect(answeredMs(told('...00000...'), span)).toBe(720)
  expect(answeredMs(told('...00..000...'), span)).toBe(920)
  expect(answeredMs(told('...000......'), span)).toBeUndefined()
  expect(answeredMs(told('00000...11111'), { sinceMs: 500, fromMs: 500, toMs: 2000 })).toBe(1220)
  // It may begin while the caller still speaks; what they talk over does not count.
  expect(answeredMs(told('00000...11111'), { sinceMs: 200, fromMs: 1000, toMs: 2000 })).toBe(1220)
  expect(answeredMs(told('00000........'), { sinceMs: 20, fromMs: 100, toMs: 2000 })).toBeUndefined()
})

test('dead air is what is not heard while the caller waits, also within an answer that was broken off', () => {
  expect(deadAirMs(told('...00000.......'))).toBe(300)
  expect(deadAirMs(told('00......11111....'))).toBe(600)
  expect(deadAirMs(told('00...x...11111....'))).toBe(300)
  // Who asks again goes on waiting.
  const again = {
    ...told('00000.......11111'),
    words: [
      { fromMs: 500, toMs: 600 },
      { fromMs: 800, toMs: 900, again: true },
    ],
  }
  expect(deadAirMs(again)).toBe(600)
  // While the caller speaks nobody waits, and after the answer neither.
  expect(deadAirMs(told('00000......................', [[600, 2600]]))).toBe(100)
})

test('an answer that is heard after it was cleared is stale; the next one is not', () => {
  expect(staleMs(told('00000....11111', [], [500]))).toBe(0)
  expect(staleMs(told('0000000..11111', [], [300]))).toBe(400)
  expect(staleMs(told('00000..11111..0', [], [500]))).toBe(100)
  // The agent was held, and went on.
  expect(staleMs(told('00...00.11111', [], [200]), 1)).toBe(0)
  expect(staleMs(told('00...00.11..11', [], [200, 1000]), 1)).toBe(200)
})

test('a call can be looked at', () => {
  expect(pictureOf(told('..00.x11', [[400, 600]]))).toEqual(['..aa.:bb', '    ##  '])
})
