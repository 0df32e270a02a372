import { describe, expect, test } from 'vitest'
import {
  argumentsDone,
  audioDelta,
  errorFrame,
  responseCreated,
  responseDone,
  speechStarted,
  speechStopped,
} from './frames.ts'
import { paperSession } from './paper-wire.ts'

const busy = 'Conversation already has an active response'
const rejected = 'Input speech was not accepted by semantic turn detection'

describe('asking the agent to speak', () => {
  const created = (instructions?: string) => ({
    type: 'response.create',
    response: { modalities: ['text', 'audio'], ...(instructions === undefined ? {} : { instructions }) },
  })

  test('is done at once when nobody speaks, always with sound', () => {
    const { wire, session } = paperSession()
    session.respond('Say exactly: hello')
    expect(wire.sent).toEqual([created('Say exactly: hello')])
    wire.say(responseCreated('r1'), responseDone('r1'))
    session.respond()
    expect(wire.sent).toEqual([created('Say exactly: hello'), created()])
  })

  test('waits for the answer that is being given, and of several wishes the last one counts', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'))
    session.respond('one')
    session.respond('two')
    expect(wire.sent).toEqual([])
    wire.say(responseDone('r1'))
    expect(wire.sent).toEqual([created('two')])
  })

  test('waits while the caller speaks, and is forgotten when the model answers by itself', () => {
    const { wire, session } = paperSession()
    wire.say(speechStarted)
    session.respond('Are you there?')
    wire.say(speechStopped, responseCreated('r1'), responseDone('r1'))
    expect(wire.sent).toEqual([])
  })

  test('happens after the caller spoke when the model takes the speech for noise', () => {
    const { wire, session, types } = paperSession()
    wire.say(speechStarted)
    session.respond('Are you there?')
    wire.say(errorFrame(rejected))
    // The agent is about to speak: an answer is due all the same.
    expect(types()).toEqual(['speech-started', 'speech-stopped'])
    expect(wire.sent).toEqual([created('Are you there?')])
  })

  test('happens when the model does not answer the caller in three seconds', () => {
    const { clock, wire, session } = paperSession()
    wire.say(speechStarted, speechStopped)
    session.respond('Are you there?')
    clock.advance(2999)
    expect(wire.sent).toEqual([])
    clock.advance(1)
    expect(wire.sent).toEqual([created('Are you there?')])
  })

  test('is done once more, and only once, when it crossed an answer of the model', () => {
    const { wire, session } = paperSession()
    session.respond('hello')
    wire.say(responseCreated('r1'), errorFrame(busy))
    expect(wire.sent).toHaveLength(1)
    wire.say(responseDone('r1'))
    expect(wire.sent).toHaveLength(2)
    wire.say(responseCreated('r2'), errorFrame(busy), responseDone('r2'))
    expect(wire.sent).toHaveLength(2)
  })

  test('is done once more when it collided with an answer that was never announced', () => {
    const { clock, wire, session } = paperSession()
    session.respond('hello')
    wire.say(errorFrame(busy))
    clock.advance(1999)
    expect(wire.sent).toHaveLength(1)
    clock.advance(1)
    expect(wire.sent).toHaveLength(2)
  })

  test('does not try its luck again while an answer that was never announced is in the way', () => {
    const { clock, wire, session } = paperSession()
    session.respond('hello')
    wire.say(errorFrame(busy))
    session.respond('hello again')
    expect(wire.sent).toHaveLength(1)
    clock.advance(2000)
    expect(wire.sent.slice(1)).toEqual([created('hello again')])
  })

  test('is done once more when the end of that answer is seen', () => {
    const { wire, session } = paperSession()
    session.respond('hello')
    wire.say(errorFrame(busy), responseDone('r0'))
    expect(wire.sent).toHaveLength(2)
  })

  test('is done once more a second after a rate limit refused it, and then no more', () => {
    const { clock, wire, session } = paperSession()
    session.respond('hello')
    wire.say(errorFrame('Requests rate limit exceeded, please try again later.'))
    clock.advance(999)
    expect(wire.sent).toHaveLength(1)
    clock.advance(1)
    expect(wire.sent).toHaveLength(2)
    wire.say(errorFrame('Requests rate limit exceeded, please try again later.'))
    clock.advance(60_000)
    expect(wire.sent).toHaveLength(2)
  })

  test("is done for the caller when a rate limit refused the model's own answer", () => {
    const { clock, wire } = paperSession()
    wire.say(speechStarted, speechStopped, errorFrame('Request rate increased too quickly'))
    clock.advance(1000)
    expect(wire.sent).toEqual([created()])
  })

  test('is not stuck when the model drops the wish without a word', () => {
    const { clock, wire, session } = paperSession()
    session.respond('hello')
    session.respond('still there?')
    clock.advance(5000)
    expect(wire.sent).toEqual([created('hello'), created('still there?')])
  })
})

describe('a caller who goes on speaking', () => {
  test('before the answer to the first half has begun does not hear that answer', () => {
    const { wire, events, types } = paperSession()
    wire.say(speechStarted, speechStopped, speechStarted, responseCreated('r1'), audioDelta('r1', Uint8Array.of(1, 2)))
    expect(wire.of('response.cancel')).toHaveLength(1)
    expect(types()).toEqual(['speech-started', 'speech-stopped', 'speech-started', 'response-started'])
    wire.say(responseDone('r1', 'cancelled'), speechStopped, responseCreated('r2'))
    wire.say(audioDelta('r2', Uint8Array.of(3, 4)), responseDone('r2'))
    expect(events.flatMap((event) => (event.type === 'audio' ? [event.responseId] : []))).toEqual(['r2'])
    expect([wire.of('response.cancel').length, wire.of('response.create').length]).toEqual([1, 0])
  })

  test('and is done before that answer begins hears it', () => {
    const { wire } = paperSession()
    wire.say(speechStarted, speechStopped, speechStarted, speechStopped, responseCreated('r1'))
    expect(wire.of('response.cancel')).toEqual([])
  })

  test('whose turn was never told to have ended hears the answer to it', () => {
    const { wire, types } = paperSession()
    wire.say(speechStarted, responseCreated('r1'))
    expect(wire.of('response.cancel')).toEqual([])
    expect(types()).toEqual(['speech-started', 'speech-stopped', 'response-started'])
    wire.say(responseDone('r1'), speechStarted, speechStopped, speechStarted, responseCreated('r2'))
    wire.say(responseDone('r2', 'cancelled'), responseCreated('r3'))
    expect(wire.of('response.cancel')).toHaveLength(1)
    expect(types().slice(-2)).toEqual(['speech-stopped', 'response-started'])
  })

  test('with a noise only is answered after all, once', () => {
    const { clock, wire, types } = paperSession()
    wire.say(speechStarted, speechStopped, speechStarted, responseCreated('r1'), responseDone('r1', 'cancelled'))
    wire.say(errorFrame(rejected))
    expect(wire.of('response.create')).toHaveLength(1)
    expect(types()).not.toContain('turn-refused')
    wire.say(responseCreated('r2'), responseDone('r2'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('over an answer that the model goes on giving is not spoken to by a prompt in between', () => {
    const { clock, wire, session } = paperSession()
    wire.say(speechStarted, speechStopped, responseCreated('r1'), speechStarted, speechStopped)
    session.respond('Are you there?')
    clock.advance(10_000)
    wire.say(responseDone('r1'))
    clock.advance(2999)
    expect(wire.of('response.create')).toEqual([])
    wire.say(responseCreated('r2'), responseDone('r2'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toEqual([])
  })
})

test('an answer is not stopped for a silence that was wanted of an earlier one, which never came', () => {
  const { clock, wire, session } = paperSession()
  session.respond('one')
  session.cancel()
  clock.advance(5000)
  session.respond('two')
  wire.say(responseCreated('r1'))
  expect(wire.of('response.cancel')).toEqual([])
})

test('the answer to a tool is asked for once more when the model passes the first wish over', () => {
  const { clock, wire, session } = paperSession()
  wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'lookup', '{}'), responseDone('r1'))
  session.answerTool('c1', 'found')
  clock.advance(60_000)
  expect(wire.of('response.create')).toHaveLength(2)
})
