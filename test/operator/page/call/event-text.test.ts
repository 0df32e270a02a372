import { expect, it } from 'vitest'
import type { KeptEvent } from '../../../../src/call/archive.ts'
import type { CallEvent } from '../../../../src/call/events.ts'
import { eventsWith, eventText, typesOf } from '../../../../src/operator/page/call/event-text.ts'
import { wordsOfKey } from '../../../../src/operator/page/call/key-words.ts'

const kept = (event: CallEvent): KeptEvent => ({ stream: 1, at: 1, event })
const events = [
  kept({ type: 'connected', provider: 'qwen', atMs: 10 }),
  kept({ type: 'said', speaker: 'caller', itemId: 'i1', text: 'A Taxi, please', place: 3, atMs: 20 }),
  kept({ type: 'said', speaker: 'agent', itemId: 'i2', text: '', place: 4, atMs: 30 }),
  kept({
    type: 'response-ended',
    responseId: 'r',
    status: 'completed',
    usage: { inputTokens: 1, outputTokens: 2, inputAudioTokens: 0, outputAudioTokens: 0 },
    atMs: 40,
  }),
]

it('says an event in one line, without what stands beside it already', () => {
  expect(events.map(eventText)).toEqual([
    'provider qwen',
    'speaker caller · itemId i1 · text A Taxi, please',
    'speaker agent · itemId i2',
    'responseId r · status completed · usage {"inputTokens":1,"outputTokens":2,"inputAudioTokens":0,"outputAudioTokens":0}',
  ])
})

it('finds events by their type, by any text in them in any case, and by both', () => {
  const found = (type: string, text: string) => eventsWith(events, type, text).map((one) => events.indexOf(one))
  expect(found('', '')).toEqual([0, 1, 2, 3])
  expect(found('said', '')).toEqual([1, 2])
  expect(found('', ' tAXI ')).toEqual([1])
  expect(found('', 'response')).toEqual([3])
  expect(found('connected', 'taxi')).toEqual([])
})

it('counts the types that there are', () => {
  expect(typesOf(events)).toEqual([
    ['connected', 1],
    ['response-ended', 1],
    ['said', 2],
  ])
})

it('makes words of the keys of somebody else’s JSON', () => {
  expect(['followUps', 'follow_ups', 'next-step', 'NPS', '结果', '_'].map(wordsOfKey)).toEqual([
    'Follow ups',
    'Follow ups',
    'Next step',
    'Nps',
    '结果',
    '_',
  ])
})
