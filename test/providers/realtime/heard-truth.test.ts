import { describe, expect, test } from 'vitest'
import { agentItem, errorFrame, responseCreated, responseDone } from './frames.ts'
import { paperSession } from './paper-wire.ts'

const unknownType = 'invalid event type: conversation.item.truncate'

describe('what was heard of a cut answer', () => {
  test('is told by a typed message, in words or in seconds', () => {
    const { wire, session } = paperSession({ heardTruth: 'note' })
    session.truncate(agentItem, 400, 'Good "day"')
    session.truncate(agentItem, 1250, '')
    session.truncate(agentItem, 0, '')
    expect(wire.sent.map((frame) => JSON.stringify(frame['item']))).toEqual([
      expect.stringContaining(String.raw`only \"Good \\\"day\\\"\"`),
      expect.stringContaining('only its first 1.3 seconds'),
      expect.stringContaining('nothing of it'),
    ])
    expect(wire.sent[0]).toMatchObject({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text' }] },
    })
  })

  test('is told as soon as the cut answer is over: before the turn of the caller who cut it', () => {
    const { wire, session } = paperSession({ heardTruth: 'note' })
    wire.say(responseCreated('r1'))
    session.cancel()
    session.truncate(agentItem, 400, 'Good')
    expect(wire.sent).toEqual([{ type: 'response.cancel' }])
    session.respond('Go on.')
    wire.say(responseDone('r1', 'cancelled'))
    expect(wire.sent.map(({ type }) => type)).toEqual([
      'response.cancel',
      'conversation.item.create',
      'response.create',
    ])
  })

  test('is told by truncate where the server knows that, to the millisecond', () => {
    const { wire, session } = paperSession({ heardTruth: 'truncate' })
    session.truncate(agentItem, 1250.9, 'Good')
    session.truncate('', 10, '')
    expect(wire.sent).toEqual([
      {
        event_id: expect.any(String),
        type: 'conversation.item.truncate',
        item_id: agentItem,
        content_index: 0,
        audio_end_ms: 1250,
      },
    ])
  })

  test.each([
    ['by its words', (_: string) => errorFrame(unknownType)],
    ['by its time', (_: string) => errorFrame('What is this?')],
    [
      'by its id',
      (id: string) => ({ type: 'error', error: { type: 'server_error', message: 'Sorry.', event_id: id } }),
    ],
  ])('is not tried again once truncate is refused, known %s, and the call goes on', (_, refusal) => {
    const { wire, session, types } = paperSession({ heardTruth: 'truncate' })
    session.truncate(agentItem, 400, 'Good')
    wire.say(refusal(String(wire.sent[0]?.['event_id'])))
    session.truncate(agentItem, 500, 'Good day')
    expect(wire.of('conversation.item.truncate')).toHaveLength(1)
    expect(types()).toEqual([])
  })

  test('stays told by truncate when one was merely too long, and an error after its answer is not taken for its own', () => {
    const { wire, session, types } = paperSession({ heardTruth: 'truncate' })
    session.truncate(agentItem, 400, '')
    wire.say(errorFrame('Audio content of 300ms is already shorter than 400ms'))
    session.truncate(agentItem, 200, '')
    expect(wire.of('conversation.item.truncate')).toHaveLength(2)
    wire.say({ type: 'conversation.item.truncated', item_id: agentItem })
    wire.say({ type: 'error', error: { type: 'server_error', message: 'event type trouble' } })
    expect(types()).toEqual(['closed'])
  })

  test('does not hide an error that comes long after a truncate that nobody answered', () => {
    const { clock, wire, session } = paperSession({ heardTruth: 'truncate' })
    session.truncate(agentItem, 400, '')
    clock.advance(2001)
    wire.say(errorFrame('What is this?'))
    session.truncate(agentItem, 300, '')
    expect(wire.of('conversation.item.truncate')).toHaveLength(2)
  })

  test('is kept from a model that takes nothing of the kind', () => {
    for (const paper of [
      paperSession({ heardTruth: 'off' }),
      paperSession({ heardTruth: 'note', takesNotes: false }),
    ]) {
      paper.session.truncate(agentItem, 400, 'Good')
      expect(paper.wire.sent).toEqual([])
    }
  })
})

describe('a note', () => {
  const typed = (text: string) => ({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
  })

  test('is typed for the model, which does not answer it by itself', () => {
    const { wire, session } = paperSession()
    expect(session.takesNotes).toBe(true)
    session.note('The caller pressed 1 2 3.')
    session.note('  ')
    expect(wire.sent).toEqual([typed('The caller pressed 1 2 3.')])
  })

  test('waits for the end of an answer, so many as a call can need, and stands before the next one', () => {
    const { wire, session } = paperSession()
    wire.say(responseCreated('r1'))
    for (let i = 0; i < 20; i++) session.note(`${i}`)
    session.respond()
    expect(wire.sent).toEqual([])
    wire.say(responseDone('r1'))
    expect(wire.sent.slice(0, -1)).toEqual(Array.from({ length: 16 }, (_, i) => typed(`${i + 4}`)))
    expect(wire.sent.at(-1)).toMatchObject({ type: 'response.create' })
  })

  test('is not sent to a model that takes none', () => {
    const { wire, session } = paperSession({ takesNotes: false })
    expect(session.takesNotes).toBe(false)
    session.note('The caller pressed 1.')
    expect(wire.sent).toEqual([])
  })
})
