import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { LiveBoard } from '../../src/operator/live-board.ts'
import { ANSWERED_AT, recordedCalls, recordedEvents } from './recorded-events.ts'

/** A board to which a call's events come at the time at which they happened. */
function makeBoard() {
  let nowAt = ANSWERED_AT
  const board = new LiveBoard(() => nowAt)
  const take = (callId: string, event: CallEvent, at = ANSWERED_AT + event.atMs) => {
    nowAt = at
    return board.take(callId, event)
  }
  return { board, take }
}

/** What is seen of a recorded call after each of its events. */
function seen(name: string) {
  const { board, take } = makeBoard()
  return recordedEvents(name).map(({ at, event }) => {
    take('CA1', event, at)
    const call = board.find('CA1')
    return { atMs: event.atMs, type: event.type, state: call?.state, speaking: call?.speaking, call }
  })
}

const answered: CallEvent = {
  ...{ atMs: 0, type: 'answered', callId: 'CA1', provider: 'qwen', agent: 'Bella', from: '+15550001111' },
  to: '+15550002222',
}

describe('the live board', () => {
  it('shows who is speaking, through an answer that the caller cuts off', () => {
    const speaking = seen('barge-in-on-buffered-tail').map(({ atMs, type, speaking }) => `${atMs} ${type} ${speaking}`)
    expect(speaking).toEqual(
      expect.arrayContaining([
        '180 agent-audible agent',
        '1080 heard nobody',
        '2020 caller-speech-started caller',
        '3540 caller-speech-stopped nobody',
        '6140 held caller',
        '6410 caller-speech-started caller',
        '10080 heard nobody',
      ]),
    )
  })

  it('shows both where the caller speaks and the agent does not yield', () => {
    const { board, take } = makeBoard()
    take('CA1', answered)
    take('CA1', { atMs: 100, type: 'agent-audible', responseId: 'r1' })
    take('CA1', { atMs: 200, type: 'caller-speech-started' })
    expect(board.find('CA1')?.speaking).toBe('both')
  })

  it('takes the agent for speaking while the next answer is heard, which began before the one before it was over', () => {
    const states = seen('model-lost')
    expect(states.find(({ atMs, type }) => atMs === 5350 && type === 'heard')?.speaking).toBe('agent')
    expect(states.find(({ type }) => type === 'provider-lost')?.state).toBe('model-lost')
    expect(states.find(({ type }) => type === 'provider-restored')?.state).toBe('live')
  })

  it('takes the agent for silent after each of all recorded calls, and counts as the call itself did', () => {
    for (const name of recordedCalls) {
      const { board, take } = makeBoard()
      const counted = { turns: 0, bargeIns: 0 }
      for (const { at, event } of recordedEvents(name)) {
        const before = board.find('CA1')
        take('CA1', event, at)
        if (event.type !== 'ended') continue
        expect(before?.speaking, name).toBe('nobody')
        // Each stream counts for itself.
        counted.turns += event.counters.turns
        counted.bargeIns += event.counters.bargeIns
        expect({ turns: before?.turns, bargeIns: before?.bargeIns }, name).toEqual(counted)
      }
      expect(board.size, name).toBe(0)
    }
  })

  it('shows the tool that is at work, the last words and the latest latency', () => {
    const [call] = seen('tool-during-speech').filter(({ type }) => type === 'tool-called')
    expect(call?.call).toMatchObject({
      tool: 'find_table',
      latencyMs: 920,
      lastWords: { speaker: 'agent', text: 'One moment, I look that up for you.' },
    })
    expect(seen('tool-during-speech').at(-2)?.call?.tool).toBeUndefined()
  })

  it('shows of words that were cut off what was heard, and not what came late', () => {
    const after = seen('barge-in-on-buffered-tail').find(({ type }) => type === 'barge-in')
    expect(after?.call?.lastWords).toEqual({ speaker: 'agent', text: 'We are open from noon to ten, ' })
    const { board, take } = makeBoard()
    take('CA1', answered)
    take('CA1', { atMs: 1, type: 'said', speaker: 'agent', itemId: 'i', text: 'Hello!', place: 2 })
    take('CA1', { atMs: 2, type: 'said', speaker: 'caller', itemId: 'c', text: 'Late', place: 1 })
    expect(board.find('CA1')?.lastWords?.text).toBe('Hello!')
  })

  it('says that an operator has taken over, until the call is handed back', () => {
    const { board, take } = makeBoard()
    take('CA1', answered)
    take('CA1', { atMs: 1, type: 'connected', provider: 'qwen' })
    take('CA1', { atMs: 2, type: 'operator', did: 'took-over' })
    expect(board.find('CA1')?.state).toBe('taken-over')
    take('CA1', { atMs: 3, type: 'operator', did: 'handed-back' })
    expect(board.find('CA1')?.state).toBe('live')
  })

  it('goes on where it was with a caller who comes back after the process died', () => {
    const { board, take } = makeBoard()
    take('CA1', answered)
    take('CA1', { atMs: 900, type: 'caller-speech-stopped' })
    take('CA1', { ...answered, resumed: true }, ANSWERED_AT + 5000)
    expect(board.find('CA1')).toMatchObject({ answeredAt: ANSWERED_AT, turns: 1, state: 'connecting' })
  })

  it('goes on with a caller who comes back after a human did not answer, within a minute', () => {
    const [ended] = recordedEvents('goodbye').filter(({ event }) => event.type === 'ended')
    const turnsAfter = (pauseMs: number, resumed?: true) => {
      const { board, take } = makeBoard()
      take('CA1', answered)
      take('CA1', { atMs: 900, type: 'caller-speech-stopped' })
      if (ended !== undefined) take('CA1', { ...ended.event, atMs: 1000 })
      expect(board.size).toBe(0)
      take('CA1', { ...answered, ...(resumed && { resumed }) }, ANSWERED_AT + 1000 + pauseMs)
      return board.find('CA1')?.turns
    }
    expect([turnsAfter(59_999, true), turnsAfter(60_000, true), turnsAfter(100)]).toEqual([1, 0, 0])
  })

  it('keeps no more than a thousand calls that may come back', () => {
    const { board, take } = makeBoard()
    const [ended] = recordedEvents('goodbye').filter(({ event }) => event.type === 'ended')
    for (let i = 0; i < 1002; i++) {
      take(`CA${i}`, answered)
      take(`CA${i}`, { atMs: 900, type: 'caller-speech-stopped' })
      if (ended !== undefined) take(`CA${i}`, { ...ended.event, atMs: 1000 })
    }
    for (const callId of ['CA0', 'CA1001']) take(callId, { ...answered, resumed: true }, ANSWERED_AT + 2000)
    expect([board.find('CA0')?.turns, board.find('CA1001')?.turns]).toEqual([0, 1])
  })

  it('shows a call whose earlier stream is analysed while its caller has come back', () => {
    const { board, take } = makeBoard()
    take('CA1', answered)
    expect(take('CA1', { atMs: 9, type: 'analysed', analysis: { by: 'counts', result: {} } })).toBe(false)
    expect(board.size).toBe(1)
  })

  it('forgets a call that is over, also when its analysis comes after it', () => {
    const { board, take } = makeBoard()
    take('CA1', answered)
    const [ended] = recordedEvents('goodbye').filter(({ event }) => event.type === 'ended')
    expect(ended && take('CA1', ended.event)).toBe(true)
    expect(take('CA1', { atMs: 9, type: 'analysed', analysis: { by: 'counts', result: {} } })).toBe(false)
    expect(board.size).toBe(0)
  })

  it('says of an event that changes nothing that it changed nothing', () => {
    const { take } = makeBoard()
    take('CA1', answered)
    expect(take('CA1', { atMs: 1, type: 'response-started', responseId: 'r' })).toBe(false)
    expect(take('CA1', { atMs: 1, type: 'connected', provider: 'qwen' })).toBe(true)
  })

  it('forgets those that nothing was heard of for the longest time, of more calls than are carried', () => {
    const { board, take } = makeBoard()
    for (const callId of ['CA1', 'CA2', 'CA3']) take(callId, answered)
    take('CA1', { atMs: 5000, type: 'dtmf', digit: '1' })
    expect(board.forgetBeyond(1)).toEqual(['CA2', 'CA3'])
    expect(board.calls.map(({ callId }) => callId)).toEqual(['CA1'])
    expect(board.forgetBeyond(1)).toEqual([])
  })
})
