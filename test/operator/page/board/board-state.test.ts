import { describe, expect, it } from 'vitest'
import type { BoardNews, HouseHealth, LiveCall } from '../../../../src/operator/api.ts'
import { type BoardChange, emptyBoard, foldBoard, newsOf } from '../../../../src/operator/page/board/board-state.ts'

const health: HouseHealth = {
  liveCalls: 1,
  maxCalls: 10,
  open: true,
  lagMs: 1,
  maxLagMs: 200,
  store: { waiting: 0, lagMs: 0, dropped: 0, failing: false },
  workers: [],
  keptIn: 'memory',
  uptimeMs: 1000,
}
const call = (callId: string, answeredAt: number, turns = 0): LiveCall => ({
  callId,
  from: '',
  to: '',
  agent: 'Front desk',
  provider: 'qwen',
  answeredAt,
  state: 'live',
  speaking: 'nobody',
  turns,
  bargeIns: 0,
})
const boardAfter = (...changes: BoardChange[]) => changes.reduce(foldBoard, emptyBoard)

describe('the live board', () => {
  it('waits until the server has said something', () => {
    expect(emptyBoard.line).toBe('waiting')
    expect(boardAfter({ type: 'board', calls: [], health }).line).toBe('open')
  })

  it('keeps calls in the order in which they were answered, whatever is news of them', () => {
    const state = boardAfter(
      { type: 'board', calls: [call('b', 20), call('a', 10)], health },
      { type: 'call', call: call('c', 15) },
      { type: 'call', call: call('a', 10, 7) },
    )
    expect(state.calls.map(({ callId }) => callId)).toEqual(['a', 'c', 'b'])
    expect(state.calls[0]?.turns).toBe(7)
  })

  it('forgets a call that is gone, and one that was not there', () => {
    const state = boardAfter(
      { type: 'board', calls: [call('a', 1)], health },
      { type: 'gone', callId: 'a' },
      { type: 'gone', callId: 'x' },
    )
    expect(state.calls).toEqual([])
  })

  it('keeps showing the old calls when the line is lost, and takes the whole board when it is back', () => {
    const lost = boardAfter({ type: 'board', calls: [call('a', 1)], health }, { type: 'lost' })
    expect(lost).toMatchObject({ line: 'lost', calls: [{ callId: 'a' }] })
    expect(foldBoard(lost, { type: 'board', calls: [call('b', 2)], health })).toMatchObject({
      line: 'open',
      calls: [{ callId: 'b' }],
    })
  })

  it('takes any news as proof that the line is open', () => {
    const news: BoardNews[] = [
      { type: 'health', health },
      { type: 'gone', callId: 'a' },
      { type: 'call', call: call('a', 1) },
    ]
    for (const one of news) expect(foldBoard({ line: 'lost', calls: [] }, one).line).toBe('open')
  })

  it('passes over messages that it does not know', () => {
    for (const data of ['', '{', 'null', '7', '"board"', '{"type":"weather"}']) expect(newsOf(data)).toBeUndefined()
    expect(newsOf('{"type":"gone","callId":"a"}')).toEqual({ type: 'gone', callId: 'a' })
  })
})
