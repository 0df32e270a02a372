import { describe, expect, it } from 'vitest'
import { type Inheritance, Unfinished } from '../../src/call/unfinished.ts'

const goOn = { say: { instructions: expect.stringContaining('go on') } }

/** One line a case: what happened, and what the next session inherits. */
const table: readonly (readonly [string, (model: Unfinished) => void, Inheritance])[] = [
  ['nothing', () => {}, {}],
  ['the caller is speaking', (model) => model.callerBegan(100), { soundFrom: 100, turn: 'open' }],
  [
    'a turn is over, its words are not known',
    (model) => {
      model.callerBegan(100, 'c1')
      model.callerEnded()
    },
    { soundFrom: 100, turn: 'ended' },
  ],
  [
    'the words of another turn are known',
    (model) => {
      model.callerBegan(100, 'c2')
      model.callerEnded()
      model.worded('c1')
    },
    { soundFrom: 100, turn: 'ended' },
  ],
  [
    'its words are known',
    (model) => {
      model.callerBegan(100, 'c1')
      model.callerEnded()
      model.worded('c1')
    },
    goOn,
  ],
  [
    'the caller goes on speaking after a pause that nobody answered',
    (model) => {
      model.callerBegan(100, 'c1')
      model.callerEnded()
      model.callerBegan(300, 'c2')
    },
    { soundFrom: 100, turn: 'open' },
  ],
  ['it was asked to speak', (model) => model.asked('Say hello.'), { say: { instructions: 'Say hello.' } }],
  [
    'it was asked, and then the caller spoke',
    (model) => {
      model.asked('Say hello.')
      model.callerBegan(100)
    },
    { soundFrom: 100, turn: 'open' },
  ],
  [
    'it was in the middle of an answer',
    (model) => {
      model.asked('Say hello.')
      model.began()
    },
    goOn,
  ],
  [
    'its answer was cut off by the loss',
    (model) => {
      model.began()
      model.ended('failed')
    },
    goOn,
  ],
  [
    'it had answered',
    (model) => {
      model.callerBegan(100)
      model.callerEnded()
      model.began()
      model.ended('completed')
    },
    {},
  ],
  [
    'the caller spoke over its answer, and is still speaking',
    (model) => {
      model.callerBegan(100)
      model.callerEnded()
      model.began()
      model.callerBegan(900)
      model.ended('cancelled')
    },
    { soundFrom: 900, turn: 'open' },
  ],
  [
    'the caller has heard some of its answer to words that are not known',
    (model) => {
      model.callerBegan(100)
      model.callerEnded()
      model.began()
      model.sounded()
      model.ended('failed')
    },
    goOn,
  ],
  [
    'the caller has heard nothing of that yet',
    (model) => {
      model.callerBegan(100)
      model.callerEnded()
      model.began()
      model.ended('failed')
    },
    { soundFrom: 100, turn: 'ended' },
  ],
  [
    'an answer that nobody wanted any more was cut off',
    (model) => {
      model.began()
      model.sounded()
      model.hushed()
      model.ended('failed')
    },
    {},
  ],
  [
    'a noise came between what it was asked and its answer',
    (model) => {
      model.asked('Say hello.')
      model.hushed()
      model.callerBegan(100)
      model.turnDropped()
    },
    { say: { instructions: 'Say hello.' } },
  ],
  [
    'a turn was named later, and then its words were known',
    (model) => {
      model.callerBegan(100)
      model.callerEnded()
      model.worded('c1')
      model.named('c2')
      model.worded('c2')
    },
    goOn,
  ],
  [
    'nobody wants to hear it any more',
    (model) => {
      model.asked('Are you there?')
      model.hushed()
    },
    {},
  ],
  [
    'what was taken for a turn was a noise',
    (model) => {
      model.callerBegan(100)
      model.turnDropped()
    },
    {},
  ],
]

describe('what a lost session leaves to the next one', () => {
  it.each(table)('when %s', (_, happens, inheritance) => {
    const model = new Unfinished()
    happens(model)
    expect(model.inheritance).toEqual(inheritance)
  })
})
