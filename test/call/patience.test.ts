import { describe, expect, it } from 'vitest'
import { type Due, Patience } from '../../src/call/patience.ts'
import { plainManners } from '../fakes/agent.ts'

const manners = { ...plainManners, idlePromptMs: 5000, idlePromptsMax: 2 }

/** What was due in `ms` on a tick of 20 ms, and when. `busy` says of a moment whether somebody speaks. */
function waits(patience: Patience, fromMs: number, ms: number, busy: (atMs: number) => boolean = () => false) {
  const due: [number, Due][] = []
  for (let atMs = fromMs; atMs <= fromMs + ms; atMs += 20) {
    const what = patience.look(atMs, busy(atMs))
    if (what !== undefined) due.push([atMs, what])
  }
  return due
}

describe('an agent that nobody answers', () => {
  it('asks as often as it may, and then says goodbye', () => {
    expect(waits(new Patience(manners, 1000), 1000, 16_000)).toEqual([
      [6000, 'ask'],
      [11_000, 'ask'],
      [16_000, 'idle-goodbye'],
    ])
  })

  it('counts the silence from the last word of anybody', () => {
    const due = waits(new Patience(manners, 0), 0, 12_000, (atMs) => atMs >= 2000 && atMs < 6000)
    expect(due).toEqual([[10_980, 'ask']])
  })

  it('begins to ask anew when the caller has said something', () => {
    const patience = new Patience(manners, 0)
    expect(waits(patience, 0, 10_000).map(([, due]) => due)).toEqual(['ask', 'ask'])
    patience.callerSpoke(10_000)
    expect(waits(patience, 10_020, 15_000).map(([, due]) => due)).toEqual(['ask', 'ask', 'idle-goodbye'])
  })

  it('counts a key that was pressed for a word', () => {
    const patience = new Patience(manners, 0)
    expect(waits(patience, 0, 4000)).toEqual([])
    patience.callerSpoke(4010)
    expect(waits(patience, 4020, 5000)).toEqual([[9020, 'ask']])
  })

  it('never asks where that is not wished, and says goodbye at once where it may not ask', () => {
    expect(waits(new Patience({ ...manners, idlePromptMs: 0 }, 0), 0, 60_000)).toEqual([])
    expect(waits(new Patience({ ...manners, idlePromptsMax: 0 }, 0), 0, 5000)).toEqual([[5000, 'idle-goodbye']])
  })
})

describe('a call that lasts long', () => {
  const long = { ...plainManners, maxCallMs: 10_000, warnMs: 3000 }

  it('is warned of its end once, and ended once', () => {
    expect(waits(new Patience(long, 500), 500, 20_000)).toEqual([
      [7500, 'warn'],
      [10_500, 'time-up'],
    ])
  })

  it('is not warned while somebody speaks, but its end waits for nobody', () => {
    expect(waits(new Patience(long, 0), 0, 20_000, (atMs) => atMs < 9000)).toEqual([
      [9000, 'warn'],
      [10_000, 'time-up'],
    ])
    expect(waits(new Patience(long, 0), 0, 20_000, () => true)).toEqual([[10_000, 'time-up']])
  })

  it('is not warned when it is shorter than its own warning, and not asked anything when its time is up', () => {
    const short = { ...long, warnMs: 10_000, idlePromptMs: 2000 }
    expect(waits(new Patience(short, 0), 0, 20_000).map(([, due]) => due)).toEqual([
      'ask',
      'ask',
      'idle-goodbye',
      'idle-goodbye',
      'time-up',
    ])
  })

  it('is not asked whether anybody is there right after the warning', () => {
    const both = { ...long, idlePromptMs: 4000, maxCallMs: 11_000 }
    expect(waits(new Patience(both, 0), 0, 20_000)).toEqual([
      [4000, 'ask'],
      [8000, 'warn'],
      [11_000, 'time-up'],
    ])
  })
})
