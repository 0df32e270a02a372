import { expect, it } from 'vitest'
import { filled } from '../../../../src/operator/page/history/filled.ts'

const DAY_MS = 86_400_000
const point = (at: number) => ({ at, calls: 1, byReason: {}, durationMs: 0, turns: 0, bargeIns: 0, usage: [] })

it('gives days without calls their place in a chart', () => {
  const steps = filled([point(0), point(3 * DAY_MS)], 'day')
  expect(steps.map((step) => [step.at / DAY_MS, step.point !== undefined])).toEqual([
    [0, true],
    [1, false],
    [2, false],
    [3, true],
  ])
})

it('keeps the latest of more steps than a chart can show, and draws nothing of nothing', () => {
  const steps = filled([point(0), point(1000 * DAY_MS)], 'day')
  expect(steps.length).toBe(400)
  expect(steps.at(-1)?.at).toBe(1000 * DAY_MS)
  expect(filled([], 'hour')).toEqual([])
})
