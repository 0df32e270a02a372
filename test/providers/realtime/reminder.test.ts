import { describe, expect, test } from 'vitest'
import { argumentsDone, errorFrame, responseCreated, responseDone, speechStarted, speechStopped } from './frames.ts'
import { paperSession } from './paper-wire.ts'

const busy = 'Conversation already has an active response'
const rejected = 'Input speech was not accepted by semantic turn detection'

describe('reminding a model that has not answered', () => {
  const silentModel = () => {
    const paper = paperSession()
    paper.wire.say(speechStarted, speechStopped)
    paper.clock.advance(6000)
    return paper
  }

  test('is done at once when no answer is due', () => {
    const { wire, session } = silentModel()
    session.respond('Answer.', 'answered')
    expect(wire.of('response.create')).toMatchObject([{ response: { instructions: 'Answer.' } }])
  })

  test('is not done again when it crossed the answer that the model began by itself', () => {
    const { clock, wire, session } = silentModel()
    session.respond('Answer.', 'answered')
    wire.say(responseCreated('r1'), errorFrame(busy), responseDone('r1'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is not done again when an answer was in its way that is announced only afterwards, or never', () => {
    const { clock, wire, session } = silentModel()
    session.respond('Answer.', 'answered')
    wire.say(errorFrame(busy), responseCreated('r1'), responseDone('r1'))
    clock.advance(60_000)
    session.respond('Answer.', 'answered')
    wire.say(errorFrame(busy))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(2)
  })

  test('is not done while an answer is being given, nor after it', () => {
    const { clock, wire, session } = paperSession()
    wire.say(responseCreated('r1'))
    session.respond('Answer.', 'answered')
    wire.say(responseDone('r1'))
    clock.advance(60_000)
    expect(wire.sent).toEqual([])
  })

  test('waits for an answer that is due, and is forgotten when that begins', () => {
    const { clock, wire, session } = paperSession()
    wire.say(speechStarted, speechStopped)
    session.respond('Answer.', 'answered')
    expect(wire.sent).toEqual([])
    wire.say(responseCreated('r1'), responseDone('r1'))
    clock.advance(60_000)
    expect(wire.sent).toEqual([])
  })

  test('is done when an answer that was due does not come', () => {
    const { clock, wire, session } = paperSession()
    wire.say(speechStarted, speechStopped)
    session.respond('Answer.', 'answered')
    clock.advance(3000)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is forgotten when the answer to a tool begins, which was asked for before', () => {
    const { clock, wire, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'lookup', '{}'), responseDone('r1'))
    session.answerTool('c1', 'found')
    session.respond('Answer.', 'answered')
    wire.say(responseCreated('r2'), responseDone('r2'))
    clock.advance(60_000)
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('takes no place of a wish that waits, and gives way to a newer one', () => {
    const { wire, session } = paperSession()
    wire.say(speechStarted)
    session.respond('Answer.', 'answered')
    session.respond('Goodbye.')
    session.respond('Answer.', 'answered')
    wire.say(errorFrame(rejected))
    wire.say(responseCreated('r1'), responseDone('r1'))
    expect(wire.of('response.create')).toMatchObject([{ response: { instructions: 'Goodbye.' } }])
  })

  test('gives way to a wish that a rate limit refused', () => {
    const { clock, wire, session } = paperSession()
    session.respond('Goodbye.')
    session.respond('Answer.', 'answered')
    wire.say(errorFrame('Requests rate limit exceeded, please try again later.'))
    clock.advance(1000)
    expect(wire.of('response.create').map(({ response }) => response)).toMatchObject([
      { instructions: 'Goodbye.' },
      { instructions: 'Goodbye.' },
    ])
  })

  test('is done once more after a rate limit refused it, unless an answer begins meanwhile', () => {
    const limit = errorFrame('Requests rate limit exceeded, please try again later.')
    const alone = silentModel()
    alone.session.respond('Answer.', 'answered')
    alone.wire.say(limit)
    alone.clock.advance(1000)
    expect(alone.wire.of('response.create')).toHaveLength(2)
    const overtaken = silentModel()
    overtaken.session.respond('Answer.', 'answered')
    overtaken.wire.say(limit, responseCreated('r1'), responseDone('r1'))
    overtaken.clock.advance(60_000)
    expect(overtaken.wire.of('response.create')).toHaveLength(1)
  })

  test('has no part in an answer of its own that the model fails at: that one is asked for as it was', () => {
    const { clock, wire, session } = silentModel()
    session.respond('Answer.', 'answered')
    const status_details = { error: { code: 'server_error', message: 'once' } }
    wire.say(responseCreated('r1'), errorFrame(busy), responseDone('r1', 'failed', { status_details }))
    clock.advance(250)
    expect(wire.sent).toEqual([
      { type: 'response.create', response: { modalities: ['text', 'audio'], instructions: 'Answer.' } },
      { type: 'response.create', response: { modalities: ['text', 'audio'] } },
    ])
  })
})

describe('speech that the model takes for no turn', () => {
  test('is told to be none, and that it is over where the model has not said so', () => {
    for (const frames of [[speechStarted], [speechStarted, speechStopped]]) {
      const { wire, types } = paperSession()
      wire.say(...frames, errorFrame(rejected))
      expect(types()).toEqual(['speech-started', 'speech-stopped', 'turn-refused'])
      expect(wire.sent).toEqual([])
    }
  })

  test('over an answer that goes on is told so too', () => {
    const { wire, types } = paperSession()
    wire.say(responseCreated('r1'), speechStarted, speechStopped, errorFrame(rejected), responseDone('r1'))
    expect(types().slice(1)).toEqual(['speech-started', 'speech-stopped', 'turn-refused', 'response-ended'])
  })

  test('is not told to be none while an answer is due that was owed before it', () => {
    const { wire, types, session } = paperSession()
    wire.say(responseCreated('r1'), argumentsDone('r1', 'c1', 'lookup', '{}'), responseDone('r1'), speechStarted)
    session.answerTool('c1', 'found')
    wire.say(speechStopped, errorFrame(rejected))
    expect(types()).not.toContain('turn-refused')
    expect(wire.of('response.create')).toHaveLength(1)
  })

  test('is not told of speech that the model only does not answer', () => {
    const { clock, wire, types } = paperSession()
    wire.say(speechStarted, speechStopped)
    clock.advance(60_000)
    expect(types()).toEqual(['speech-started', 'speech-stopped'])
  })
})
