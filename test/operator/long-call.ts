import type { KeptEvent } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { ANSWERED_AT } from './recorded-events.ts'

/** A call of hours, with as many events as a store gives back of one. */
export function longCall(count = 20_000): readonly KeptEvent[] {
  const events: CallEvent[] = []
  for (let turn = 0; events.length < count; turn++) {
    const ms = turn * 10_000
    const place = 2 * turn
    const [callerItem, agentItem, responseId] = [`item_c${turn}`, `item_a${turn}`, `resp_${turn}`]
    const [asked, told] = ['And on the other day, is there a table?', 'There is one for two at eight, by the window.']
    events.push(
      { atMs: ms, type: 'caller-speech-started' },
      { atMs: ms + 1500, type: 'caller-speech-stopped' },
      { atMs: ms + 1600, type: 'response-started', responseId },
      { atMs: ms + 2000, type: 'agent-audible', responseId, latencyMs: 500 },
      { atMs: ms + 2100, type: 'said', speaker: 'caller', itemId: callerItem, text: asked, place },
      { atMs: ms + 2500, type: 'said', speaker: 'agent', itemId: agentItem, text: told, place: place + 1 },
      { atMs: ms + 2600, type: 'response-ended', responseId, status: 'completed' },
      {
        atMs: ms + 5000,
        type: 'heard',
        itemId: agentItem,
        heardMs: 3000,
        wholly: true,
        heardText: told,
        place: place + 1,
      },
    )
  }
  return events.slice(0, count).map((event) => ({ stream: ANSWERED_AT, at: ANSWERED_AT + event.atMs, event }))
}
