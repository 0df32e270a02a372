import { describe, expect, test } from 'vitest'
import type { SessionEvent } from '../../../src/call/provider.ts'
import {
  argumentsDone,
  audioDelta,
  errorFrame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
  transcriptDelta,
  transcriptDone,
} from './frames.ts'
import { paperSession } from './paper-wire.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const idle = 'Conversation has none active response'
const tooEarly = 'Cannot create response while user is speaking.'

function sound(events: readonly SessionEvent[]): number[] {
  return events.flatMap((event) => (event.type === 'audio' ? [...event.audio] : []))
}

function last(events: readonly SessionEvent[]): SessionEvent | undefined {
  return events.at(-1)
}

describe('stopping an answer', () => {
  test('is asked of the model only while an answer is active, and only once', () => {
    const { wire, session } = paperSession()
    session.cancel()
    wire.say(responseCreated('r1'))
    session.cancel()
    session.cancel()
    wire.say(responseDone('r1', 'cancelled'))
    session.cancel()
    expect(wire.of('response.cancel')).toEqual([{ type: 'response.cancel' }])
  })

  test('silences it at once, whatever still comes, but keeps its last words', () => {
    const { wire, session, events } = paperSession()
    wire.say(responseCreated('r1'), transcriptDelta('r1', 'Good d'), audioDelta('r1', bytes(1, 2)))
    session.cancel()
    wire.say(audioDelta('r1', bytes(3, 4)), argumentsDone('r1', 'call_1', 'lookup', '{}'))
    wire.say(transcriptDone('r1', 'Good d'), responseDone('r1', 'incomplete'))
    expect(sound(events)).toEqual([1, 2])
    expect(events.some(({ type }) => type === 'tool-call')).toBe(false)
    expect(events.slice(-2)).toMatchObject([
      { type: 'transcript', text: 'Good d', final: true },
      { type: 'response-ended', status: 'incomplete' },
    ])
  })

  test('is over after two seconds even if the model never says so', () => {
    const { clock, wire, session, events } = paperSession()
    wire.say(responseCreated('r1'), transcriptDelta('r1', 'Good d'))
    session.cancel()
    clock.advance(1999)
    expect(last(events)?.type).toBe('transcript')
    clock.advance(1)
    expect(events.slice(-2)).toMatchObject([
      { type: 'transcript', text: 'Good d', final: true },
      { type: 'response-ended', responseId: 'r1', status: 'cancelled' },
    ])
    wire.say(responseDone('r1', 'cancelled'))
    expect(events.filter(({ type }) => type === 'response-ended')).toHaveLength(1)
  })

  test('that crosses the end of the answer does no harm', () => {
    const { wire, session, types } = paperSession()
    wire.say(responseCreated('r1'))
    session.cancel()
    wire.say(responseDone('r1'), errorFrame(idle))
    expect(types()).toEqual(['response-started', 'response-ended'])
  })

  test('takes back a prompt that still waits', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'))
    session.respond('And another thing.')
    session.cancel()
    wire.say(responseDone('r1', 'cancelled'))
    expect(wire.of('response.create')).toHaveLength(0)
  })

  test('reaches an answer that was asked for but had not begun', () => {
    const { wire, session } = paperSession()
    session.respond('Greet.')
    session.cancel()
    expect(wire.of('response.cancel')).toHaveLength(0)
    wire.say(responseCreated('r1'))
    expect(wire.of('response.cancel')).toHaveLength(1)
  })

  test('before an asked answer has begun spares the answer to what the caller said meanwhile', () => {
    const { wire, session } = paperSession()
    session.respond('Greet.')
    wire.say(speechStarted)
    session.cancel()
    wire.say(errorFrame(tooEarly, 'invalid_request_error', 'invalid_value'), speechStopped, responseCreated('r1'))
    expect(wire.of('response.cancel')).toHaveLength(0)
    wire.say(responseDone('r1'))
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('before an asked answer has begun spares an answer that may be the one to the caller', () => {
    const { wire, session } = paperSession()
    session.respond('Greet.')
    wire.say(speechStarted)
    session.cancel()
    wire.say(speechStopped, responseCreated('r1'))
    expect(wire.of('response.cancel')).toHaveLength(0)
  })
})
