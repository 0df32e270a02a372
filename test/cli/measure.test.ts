import { expect, test } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone } from '../../src/audio/tone.ts'
import { firstAudibleMs, frameLevels, isAudible, measureTurn, silentFromMs, speechSpan } from '../../src/cli/measure.ts'

const QUIET = Number.NEGATIVE_INFINITY
/** Levels of a recording written as a picture: `#` -20 dBFS, `-` -45 dBFS, `.` silence; 20 ms each. */
const draw = (picture: string) => [...picture].map((sign) => (sign === '#' ? -20 : sign === '-' ? -45 : QUIET))

test('levels are those of each 20 ms, and mu-law silence is silent', () => {
  const sound = Uint8Array.from([...new Uint8Array(160).fill(0xff), ...encodeMulaw(tone(400, 20, 8000, -20)), 1, 2])
  const levels = frameLevels(sound)
  expect(levels).toHaveLength(2)
  expect(levels.map(isAudible)).toEqual([false, true])
  expect(levels[1]).toBeGreaterThan(-26)
})

test('speech reaches from the first to the last loud frame; a click and breath after it do not count', () => {
  expect(speechSpan(draw('..#...##.##....#..'), 0, 1000)).toEqual({ fromMs: 120, toMs: 220 })
  expect(speechSpan([...draw('.##'), -60, -60], 0, 1000)).toEqual({ fromMs: 20, toMs: 60 })
  expect(speechSpan(draw('##..##'), 60, 1000)).toEqual({ fromMs: 80, toMs: 120 })
  expect(speechSpan(draw('......'), 0, 1000)).toBeUndefined()
})

test('speech that is 36 dB below the loudest word is the room', () => {
  expect(speechSpan([-10, -10, -46, -46], 0, 1000)).toEqual({ fromMs: 0, toMs: 40 })
  expect(speechSpan([-10, -10, -44, -44], 0, 1000)).toEqual({ fromMs: 0, toMs: 80 })
})

test('the first audible frame is looked for between two moments', () => {
  expect(firstAudibleMs(draw('#..#.'), 20)).toBe(60)
  expect(firstAudibleMs(draw('#..#.'), 20, 60)).toBeUndefined()
})

test('silence is when it lasts, not the pause between two words', () => {
  const levels = draw(`##..##${'.'.repeat(10)}#`)
  expect(silentFromMs(levels, 0)).toBe(120)
  expect(silentFromMs(levels, 150)).toBeUndefined()
  expect(silentFromMs(draw('##'.padEnd(40, '.')), 150)).toBe(160)
  expect(silentFromMs(draw('####'), 0)).toBeUndefined()
})

test('the latency of a turn reaches from the end of the words to the first sound of the answer', () => {
  const caller = draw('..####........................')
  const heard = draw('..................####........')
  expect(measureTurn(caller, heard, { fromMs: 0, toMs: 200 }, 600)).toEqual({ latencyMs: 240 })
  expect(measureTurn(caller, heard, { fromMs: 0, toMs: 200 }, 300)).toEqual({})
  expect(measureTurn(heard, caller, { fromMs: 0, toMs: 100 }, 600)).toEqual({})
})

test('a turn over the agent is measured to its silence, and its latency to what the agent says then', () => {
  const caller = draw(`${'.'.repeat(10)}########${'.'.repeat(30)}`)
  const heard = draw(`.${'#'.repeat(14)}${'.'.repeat(15)}#####..........`)
  expect(measureTurn(caller, heard, { fromMs: 160, toMs: 400 }, 960)).toEqual({ latencyMs: 240, yieldedMs: 100 })
})

test('an agent that yields only after the caller has finished answers after that', () => {
  const caller = draw(`${'.'.repeat(10)}#####${'.'.repeat(35)}`)
  const heard = draw(`.${'#'.repeat(19)}${'.'.repeat(15)}#####..........`)
  expect(measureTurn(caller, heard, { fromMs: 160, toMs: 400 }, 960)).toEqual({ latencyMs: 400, yieldedMs: 200 })
})

test('an agent that never falls silent has not yielded', () => {
  const caller = draw('.....#####....')
  const heard = draw('##############')
  expect(measureTurn(caller, heard, { fromMs: 0, toMs: 280 }, 280)).toEqual({})
})
