import { expect, it } from 'vitest'
import { align } from './align.ts'
import { readSound } from './sounds.ts'

const answer = await readSound('weasels.wav')
const other = await readSound('seven-of-clubs.wav')

/** Frames that are heard one after the other from `atMs` on, of these samples from `place` on. */
function played(samples: Int16Array, place: number, count: number, atMs: number) {
  return Array.from({ length: count }, (_, i) => ({
    atMs: atMs + i * 20,
    samples: samples.slice(place + i * 160, place + (i + 1) * 160),
  }))
}

it('finds each frame where it was cut out, to the sample, also behind a hole', () => {
  const found = align([...played(answer, 0, 40, 100), ...played(answer, 6343, 30, 1500)], answer)
  expect(found).toHaveLength(70)
  expect(found[0]).toEqual({ atMs: 100, place: 0 })
  expect(found[39]).toEqual({ atMs: 880, place: 39 * 160 })
  expect(found[40]).toEqual({ atMs: 1500, place: 6343 })
  expect(found[69]?.place).toBe(6343 + 29 * 160)
})

it('finds what is said again, and what is left out, without a pause between', () => {
  const found = align(
    [...played(answer, 0, 30, 0), ...played(answer, 4000, 20, 600), ...played(answer, 9000, 9, 1000)],
    answer,
  )
  expect(found.find(({ atMs }) => atMs === 600)?.place).toBe(4000)
  expect(found.find(({ atMs }) => atMs === 1000)?.place).toBe(9000)
})

it('leaves out another answer', () => {
  const found = align([...played(answer, 0, 30, 0), ...played(other, 0, 60, 2000)], answer)
  expect(found).toHaveLength(30)
})
