import { expect, it } from 'vitest'
import type { Refusal } from '../../../src/call/admission.ts'
import { type OverflowPlan, overflow } from '../../../src/carriers/twilio/overflow.ts'

/** What becomes of a caller under a plan of a minute. */
const becomes = (plan: OverflowPlan['plan'], hasFallback: boolean, waitedS = 0, refusal: Refusal = 'all-lines-busy') =>
  overflow({ plan, queueMaxS: 63 }, { refusal, hasFallback, waitedS })

it('who cannot be taken hears that all lines are busy', () => {
  expect(becomes('say', false)).toEqual({ type: 'words' })
  expect(becomes('say', true)).toEqual({ type: 'words' })
})

it('... or is put through to the fallback number, where there is one', () => {
  expect(becomes('dial', true)).toEqual({ type: 'fall-back' })
  expect(becomes('dial', false)).toEqual({ type: 'words' })
})

it.each([
  [true, 'fall-back'],
  [false, 'words'],
])('... or is held for as long as is said (fallback: %s)', (hasFallback, end) => {
  let waitedS = 0
  for (;;) {
    const next = becomes('queue', hasFallback, waitedS)
    if (next.type !== 'hold') {
      expect(next.type).toBe(end)
      break
    }
    expect(next.waitedS).toBe(waitedS + 5)
    waitedS = next.waitedS
  }
  expect(waitedS).toBe(60)
})

it.each<[Refusal, 'hold' | 'fall-back' | 'words']>([
  ['all-lines-busy', 'hold'],
  ['number-busy', 'hold'],
  ['lagging', 'hold'],
  ['draining', 'fall-back'],
  ['model-down', 'fall-back'],
  ['number-too-often', 'fall-back'],
  ['caller-busy', 'words'],
  ['caller-too-often', 'words'],
])('... but only who can be helped by waiting, and nobody who calls too often is put through: %s', (refusal, what) => {
  for (const waitedS of [0, 5]) {
    expect(becomes('queue', true, waitedS, refusal).type).toBe(what)
    expect(becomes('queue', false, waitedS, refusal).type).toBe(what === 'fall-back' ? 'words' : what)
    expect(becomes('dial', true, waitedS, refusal).type).toBe(what === 'words' ? 'words' : 'fall-back')
  }
})

it('a number that nobody of us wrote does not hold a caller longer', () => {
  expect(becomes('queue', false, 99_999)).toEqual({ type: 'words' })
})
