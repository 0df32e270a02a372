import { describe, expect, test } from 'vitest'
import { mulaw8k } from '../../../src/audio/format.ts'
import { openAiDialect } from '../../../src/providers/openai/dialect.ts'
import {
  agentItem,
  audioDelta,
  committed,
  errorFrame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
  turnCreated,
} from '../realtime/frames.ts'
import { paperSession } from '../realtime/paper-wire.ts'

const dialect = openAiDialect('Be brief.')

function failed(id: string, code: string, message = '') {
  const error = { type: 'x', code, message }
  return responseDone(id, 'failed', { status_details: { type: 'failed', error } })
}

describe('an answer that fails at the model', () => {
  test('is told to have failed and asked for once more, after a short pause', () => {
    const { clock, wire, events } = paperSession({ dialect })
    wire.say(speechStarted, speechStopped, responseCreated('r1'), failed('r1', 'server_error'))
    expect(events.at(-1)).toEqual({ type: 'response-ended', responseId: 'r1', status: 'failed' })
    expect(wire.sent).toEqual([])
    clock.advance(250)
    expect(wire.sent).toEqual([{ type: 'response.create' }])
  })

  test('that was asked for is asked for in the same words', () => {
    const { clock, wire, session } = paperSession({ dialect })
    session.respond('Say hello.')
    wire.say(responseCreated('r1'), failed('r1', 'server_error'))
    clock.advance(250)
    expect(wire.sent).toHaveLength(2)
    expect(wire.sent[1]).toEqual(wire.sent[0])
    expect(wire.sent[0]).toMatchObject({ response: { instructions: 'Be brief.\n\nSay hello.' } })
  })

  test('for a limit waits a second before it is asked for again', () => {
    const { clock, wire, session } = paperSession({ dialect })
    session.respond()
    wire.say(responseCreated('r1'), failed('r1', 'rate_limit_exceeded', 'Rate limit reached. Please try again in 1s.'))
    clock.advance(999)
    expect(wire.sent).toHaveLength(1)
    clock.advance(1)
    expect(wire.sent).toHaveLength(2)
  })

  test.each([
    ['server_error', 'provider-lost'],
    ['rate_limit_exceeded', 'provider-busy'],
  ])('twice in a row by %s ends the session, and so does not one that failed before a good one', (code, expected) => {
    const { wire, events, types } = paperSession({ dialect })
    wire.say(responseCreated('r1'), failed('r1', code), responseCreated('r2'), responseDone('r2'))
    wire.say(responseCreated('r3'), failed('r3', code))
    expect(types()).not.toContain('closed')
    wire.say(responseCreated('r4'), failed('r4', code))
    expect(events.slice(-2)).toMatchObject([
      { type: 'response-ended', status: 'failed' },
      { type: 'closed', error: { code: expected } },
    ])
    expect(wire.closed).toBe(true)
  })

  test.each([
    ['insufficient_quota', 'You exceeded your current quota, please check your plan and billing details.'],
    ['model_not_found', 'The model does not exist or you do not have access to it.'],
  ])('for %s ends the session at once: trying again will not help', (code, message) => {
    const { wire, events } = paperSession({ dialect })
    wire.say(responseCreated('r1'), failed('r1', code, message))
    expect(events.at(-1)).toMatchObject({ type: 'closed', error: { code: 'provider-refused' } })
  })

  test('before it was said to have begun is asked for again too', () => {
    const { clock, wire, types } = paperSession({ dialect })
    wire.say(speechStarted, speechStopped, failed('r1', 'server_error'))
    clock.advance(250)
    expect(wire.of('response.create')).toHaveLength(1)
    expect(types()).toEqual(['speech-started', 'speech-stopped'])
  })

  test('after it was cancelled is asked for no more', () => {
    const { clock, wire, session } = paperSession({ dialect })
    wire.say(responseCreated('r1'))
    session.cancel()
    wire.say(failed('r1', 'server_error'))
    clock.advance(5000)
    expect(wire.of('response.create')).toEqual([])
  })
})

describe('sound of one byte a sample', () => {
  test('is told to the byte, and sent to the byte', () => {
    const { wire, session, events } = paperSession({ dialect, format: mulaw8k })
    wire.say(responseCreated('r1'), audioDelta('r1', Uint8Array.of(1, 2, 3)), audioDelta('r1', Uint8Array.of(4)))
    const sound = events.flatMap((event) => (event.type === 'audio' ? [[...event.audio]] : []))
    expect(sound).toEqual([[1, 2, 3], [4]])
    session.append(new Uint8Array(161))
    expect(wire.sent.map((frame) => Buffer.from(String(frame['audio']), 'base64').length)).toEqual([160])
  })

  test('of a turn ended by hand is sent to the last byte', () => {
    const { wire, session } = paperSession({ dialect, format: mulaw8k, turnsBy: 'caller' })
    session.beginTurn()
    session.append(new Uint8Array(161))
    session.endTurn()
    const sent = wire
      .of('input_audio_buffer.append')
      .map((frame) => Buffer.from(String(frame['audio']), 'base64').length)
    expect([sent, wire.sent.at(-1)]).toEqual([[160, 1], { type: 'input_audio_buffer.commit' }])
  })
})

describe('what was heard of a cut answer, told to a model that knows how to forget,', () => {
  const heard = { dialect, format: mulaw8k, heardTruth: 'truncate' } as const

  test('is never more than the sound that came of it', () => {
    const { wire, session } = paperSession(heard)
    wire.say(responseCreated('r1'), audioDelta('r1', new Uint8Array(1000)), audioDelta('r1', new Uint8Array(604)))
    session.truncate(agentItem, 150.7, 'Good')
    session.truncate(agentItem, 900, 'Good day')
    const ends = wire.of('conversation.item.truncate').map((frame) => frame['audio_end_ms'])
    expect(ends).toEqual([150, 200])
  })

  test('is nothing to tell of an item that never sounded', () => {
    const { wire, session } = paperSession(heard)
    session.truncate('item_of_a_tool', 0, '')
    expect(wire.sent).toEqual([])
  })

  test('goes on being told after one refusal, which concerns that item alone', () => {
    const { wire, session, types } = paperSession(heard)
    wire.say(responseCreated('r1'), audioDelta('r1', new Uint8Array(1600)), responseDone('r1'))
    session.truncate(agentItem, 100, '')
    const event_id = wire.sent[0]?.['event_id']
    wire.say({
      type: 'error',
      error: { type: 'invalid_request_error', code: 'invalid_value', message: 'No.', event_id },
    })
    session.truncate(agentItem, 50, '')
    expect(wire.of('conversation.item.truncate')).toHaveLength(2)
    expect(types()).not.toContain('closed')
  })
})

describe('what the caller says over an answer of a model that may pass over it', () => {
  test('is asked for after the answer, unless the model begins by itself', () => {
    const { clock, wire } = paperSession({ dialect })
    wire.say(responseCreated('r1'), speechStarted, speechStopped, responseDone('r1'))
    clock.advance(399)
    wire.say(responseCreated('r2'), responseDone('r2'))
    clock.advance(1000)
    expect(wire.sent).toEqual([])
    wire.say(responseCreated('r3'), speechStarted, speechStopped, responseDone('r3'))
    clock.advance(400)
    expect(wire.sent).toEqual([{ type: 'response.create' }])
  })

  test('is asked for at once after the answer when the model says that it could not, and nothing old is said again', () => {
    const { wire, session } = paperSession({ dialect })
    session.respond('Say hello.')
    wire.say(responseCreated('r1'), speechStarted, speechStopped)
    wire.say(errorFrame('Conversation already has an active response in progress: r1.'))
    expect(wire.sent).toHaveLength(1)
    wire.say(responseDone('r1'))
    expect(wire.sent.slice(1)).toEqual([{ type: 'response.create' }])
  })
})

test('a turn too short for the model does not take the answer from the one after it', () => {
  const { wire, session } = paperSession({ dialect, format: mulaw8k, turnsBy: 'caller' })
  for (const bytes of [320, 8000]) {
    session.beginTurn()
    session.append(new Uint8Array(bytes))
    session.endTurn()
  }
  wire.say(errorFrame('Error committing input audio buffer: buffer too small.'))
  expect(wire.of('response.create')).toEqual([])
  wire.say(committed('u2'), turnCreated('u2'))
  expect(wire.of('response.create')).toHaveLength(1)
})
