import { describe, expect, test } from 'vitest'
import { CallError } from '../../../src/base/errors.ts'
import type { SessionEvent } from '../../../src/call/provider.ts'
import { errorFrame, responseCreated, responseDone, speechStarted, speechStopped, transcriptDelta } from './frames.ts'
import { paperSession, unheardSession } from './paper-wire.ts'

function last(events: readonly SessionEvent[]): SessionEvent | undefined {
  return events.at(-1)
}

describe('the end of a session', () => {
  test('by a lost line ends the answer, then is told once, and nothing after it', () => {
    const { wire, session, events } = paperSession()
    wire.say(responseCreated('r1'), transcriptDelta('r1', 'Good d'))
    wire.break(new CallError('provider-lost', 'gone'))
    expect(events.slice(-3)).toMatchObject([
      { type: 'transcript', text: 'Good d', final: true },
      { type: 'response-ended', status: 'failed' },
      { type: 'closed', error: { code: 'provider-lost' } },
    ])
    const told = events.length
    session.respond('hello')
    session.cancel()
    session.append(new Uint8Array(6400))
    session.answerTool('c1', 'x')
    expect([events.length, wire.sent]).toEqual([told, []])
  })

  test.each([
    ['<50002> InternalError.Algo.ModelServingError: backend', 'provider-lost'],
    ['Your session was closed because no response was generated for 180 seconds.', 'provider-lost'],
    ['Access denied, please make sure your account is in good standing.', 'provider-refused'],
    ["Voice 'Cherry' is not supported", 'provider-config'],
    ['<400> InternalError.Algo.InvalidParameter: top_k', 'provider-config'],
    ['Response timeout', 'provider-lost'],
  ])('follows the error "%s"', (message, code) => {
    const { wire, events, types } = paperSession()
    wire.say(responseCreated('r1'), errorFrame(message))
    expect(last(events)).toMatchObject({ type: 'closed', error: { code } })
    wire.say(errorFrame(message))
    wire.break(new CallError('provider-lost', 'again'))
    expect(types().filter((type) => type === 'closed')).toHaveLength(1)
    expect(wire.closed).toBe(true)
  })

  test.each([
    [errorFrame('Internal service error: null')],
    [errorFrame('Unknown function call id: call_1')],
    [errorFrame('Error append image before append audio.')],
    [errorFrame("Invalid modalities: ['audio'].", 'invalid_request_error', 'invalid_value')],
    [errorFrame('something new')],
    [{ type: 'error' }],
  ])('does not follow harmless error %#', (frame) => {
    const { wire, events } = paperSession()
    wire.say(frame, responseCreated('r1'))
    expect(events).toEqual([{ type: 'response-started', responseId: 'r1' }])
  })

  test('too many frames make the next ones bigger', () => {
    const { wire, session } = paperSession()
    session.append(new Uint8Array(640))
    wire.say(errorFrame("'NoneType' object does not support item deletion", '', 'COMMON_ERROR'))
    session.append(new Uint8Array(6400))
    expect(wire.sent.map((frame) => Buffer.from(String(frame['audio']), 'base64').length)).toEqual([640, 3200, 3200])
  })

  test('by us is silent, leaves no timer, and may be repeated', async () => {
    const { clock, wire, session, events } = paperSession()
    session.respond('hello')
    wire.say(responseCreated('r1'))
    session.cancel()
    const told = events.length
    await session[Symbol.asyncDispose]()
    await session[Symbol.asyncDispose]()
    wire.say(responseDone('r1'))
    expect(clock.pending).toBe(0)
    expect(events).toHaveLength(told)
  })

  test('may be decided by the one who is told of an answer', () => {
    const { clock, wire, session } = paperSession()
    session.listen(() => void session[Symbol.asyncDispose]())
    wire.say(responseCreated('r1'), responseCreated('r2'))
    expect([clock.pending, wire.sent]).toEqual([0, []])
  })

  test('may be decided by the one who is told that a noise is over, and leaves no timer', () => {
    const { clock, wire, session } = paperSession()
    wire.say(speechStarted, speechStopped, speechStarted, responseCreated('r1'), responseDone('r1', 'cancelled'))
    session.listen(({ type }) => {
      if (type === 'speech-stopped') void session[Symbol.asyncDispose]()
    })
    wire.say(errorFrame('Input speech was not accepted by semantic turn detection'))
    expect([clock.pending, wire.of('response.create')]).toEqual([0, []])
  })
})

test('what came before anybody listened is delivered first, in order, and closed last', () => {
  const { wire, session } = unheardSession()
  wire.say(speechStarted, speechStopped, responseCreated('r1'))
  wire.break(new CallError('provider-lost', 'gone'))
  const seen: string[] = []
  session.listen(({ type }) => seen.push(type))
  expect(seen).toEqual(['speech-started', 'speech-stopped', 'response-started', 'response-ended', 'closed'])
})

test('what nobody listened to is gone when the call has let go', async () => {
  const { wire, session } = unheardSession()
  wire.say(speechStarted)
  await session[Symbol.asyncDispose]()
  const seen: string[] = []
  session.listen(({ type }) => seen.push(type))
  expect(seen).toEqual([])
})
