import { expect, it } from 'vitest'
import { cases } from './cases.ts'
import { judge } from './judge.ts'
import { readSound } from './sounds.ts'
import type { Evidence } from './trial.ts'

const answer = await readSound('weasels.wav')
const reply = await readSound('seven-of-clubs.wav')
const sentence = cases.find(({ kind }) => kind === 'sentence')
const cough = cases.find(({ kind }) => kind === 'cough')

/** The answer from `atMs` on, `count` frames from the frame `first` on. */
function heard(samples: Int16Array, first: number, count: number, atMs: number) {
  return Array.from({ length: count }, (_, i) => ({
    atMs: atMs + i * 20,
    samples: samples.slice((first + i) * 160, (first + i + 1) * 160),
  }))
}

function evidenceOf(it: Evidence['it'] | undefined, changes: Partial<Evidence>): Evidence {
  if (it === undefined) throw new RangeError('no such case')
  return {
    ...{ it, moment: 'tail', fromMs: 1600, toMs: 2600, watchedMs: 4250, questionEndMs: 500 },
    ...{ answer, played: heard(answer, 0, 160, 1000), clears: [], events: [], playedAt: 0, ...changes },
  }
}

it('an answer that goes on over a sentence is a missed barge-in', () => {
  const verdict = judge(evidenceOf(sentence, {}))
  expect(verdict).toMatchObject({ stops: [], ended: false, responseMs: 500, overlapMs: 1000 })
})

it('an answer that stops for good is ended; what is said next is no part of it', () => {
  const played = [...heard(answer, 0, 35, 1000), ...heard(reply, 0, 60, 3100)]
  const verdict = judge(evidenceOf(sentence, { played, clears: [{ atMs: 1690, droppedMs: 300 }] }))
  expect(verdict).toMatchObject({ ended: true, detectMs: 100, yieldMs: 100, overlapMs: 100, nextResponseMs: 500 })
})

it('an answer that is held and goes on is resumed, with what was said again', () => {
  const played = [...heard(answer, 0, 35, 1000), ...heard(answer, 34, 126, 2300)]
  const verdict = judge(evidenceOf(cough, { played, clears: [{ atMs: 1695, droppedMs: 300 }] }))
  expect(verdict).toMatchObject({ ended: false, stops: [{ atMs: 1700, resumedMs: 2300, jumpMs: -20 }] })
})

it('a line that runs dry is not held', () => {
  const played = [...heard(answer, 0, 35, 1000), ...heard(answer, 35, 125, 1800)]
  expect(judge(evidenceOf(cough, { played }))).toMatchObject({ ended: false, stops: [], dryMs: 100 })
})
