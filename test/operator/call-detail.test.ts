import { describe, expect, it } from 'vitest'
import type { KeptEvent } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { recollect } from '../../src/call/recollect.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import { type FoldedCall, foldCall } from '../../src/operator/call-detail.ts'
import { jsonPieces, linesPieces, PieceWork, type Steps } from '../../src/operator/pieces.ts'
import { longCall } from './long-call.ts'
import { ANSWERED_AT, recordedCalls, recordedEvents } from './recorded-events.ts'

/** Done at once, without a pause. */
function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const detailOf = (events: readonly KeptEvent[]): FoldedCall => atOnce(foldCall(events))
const kept = (events: readonly CallEvent[]): readonly KeptEvent[] =>
  events.map((event) => ({ stream: ANSWERED_AT, at: ANSWERED_AT + event.atMs, event }))

describe("a call's transcript", () => {
  it('tells heard words from unheard ones, each line at the time at which it was begun', () => {
    const { transcript } = detailOf(recordedEvents('barge-in-on-buffered-tail'))
    expect(transcript.map(({ at: _, stream: __, ...line }) => line)).toEqual([
      { atMs: 180, speaker: 'agent', heard: 'Good evening.', unheard: '' },
      { atMs: 2020, speaker: 'caller', text: 'Hello. Hours?' },
      {
        ...{ atMs: 3950, speaker: 'agent', heard: 'We are open from noon to ten, ' },
        unheard: 'Tuesday to Sunday, and on Thursday until eight.',
      },
      { atMs: 6410, speaker: 'caller', text: 'No, Thursday.' },
      { atMs: 8480, speaker: 'agent', heard: 'On Thursday we close at eight.', unheard: '' },
    ])
    expect(transcript[1]).toMatchObject({ stream: ANSWERED_AT, at: ANSWERED_AT + 2020 })
  })

  it('says the same of every recorded call as the memory that a model is given', () => {
    for (const name of recordedCalls) {
      const events = recordedEvents(name)
      const { transcript } = detailOf(events)
      const said = transcript
        .flatMap((line) => (line.speaker === 'operator' ? [] : [line]))
        .map(({ at: _, atMs: __, stream: ___, ...line }) => ('ok' in line ? { ...line, ok: undefined } : line))
      expect(
        said.filter((line) => line.speaker !== 'tool' || line.output !== ''),
        name,
      ).toEqual(recollect(events.map(({ event }) => event)).filter((line) => wordsOf(line) !== ''))
    }
  })

  it('takes words of which no sound was heard before the caller cut in for unheard', () => {
    const said: CallEvent = { atMs: 100, type: 'said', speaker: 'agent', itemId: 'a', text: 'We are open.', place: 0 }
    const cut: CallEvent = { atMs: 200, type: 'barge-in', by: 'local', heardMs: 0, unheardMs: 900 }
    expect(detailOf(kept([said, cut])).transcript).toMatchObject([{ heard: '', unheard: 'We are open.' }])
    // Nobody was left to say what was heard.
    expect(detailOf(kept([said])).transcript).toMatchObject([{ heard: 'We are open.', unheard: '' }])
  })

  it('puts streams one after another, and tools and whispers between the words', () => {
    const streams = detailOf(recordedEvents('time-up-in-a-second-stream')).transcript
    expect(streams.map(({ stream }) => stream - ANSWERED_AT)).toEqual([0, 0, 0, 0, 60_000, 60_000])
    const { transcript } = detailOf(
      kept([
        { atMs: 100, type: 'said', speaker: 'caller', itemId: 'c', text: 'One?', place: 0 },
        { atMs: 200, type: 'operator', did: 'whispered', text: 'Offer two.' },
        { atMs: 300, type: 'tool-answered', toolCallId: 't', name: 'look', ok: false, output: 'no', place: 1 },
        { atMs: 400, type: 'said', speaker: 'agent', itemId: 'a', text: 'Or two?', place: 2 },
      ]),
    )
    expect(transcript.map(({ speaker }) => speaker)).toEqual(['caller', 'operator', 'tool', 'agent'])
    expect(transcript[2]).toMatchObject({ name: 'look', ok: false, output: 'no' })
  })
})

describe("a call's waveform", () => {
  const marked = (name: string) =>
    detailOf(recordedEvents(name)).markers.map(({ kind, label, atMs, untilMs }) => [kind, label, atMs, untilMs])

  it('is marked with turns, holds and barge-ins as long as they were', () => {
    expect(marked('barge-in-on-buffered-tail')).toEqual([
      ['turn', 'agent', 180, 1080],
      ['turn', 'caller', 2020, 3540],
      ['turn', 'agent', 3950, 6300],
      ['hold', 'local', 6140, 6300],
      ['barge-in', 'local', 6300, undefined],
      ['turn', 'caller', 6410, 8070],
      ['turn', 'agent', 8480, 10_080],
    ])
    expect(marked('false-barge-in-resumed')).toContainEqual(['hold', 'model', 6010, 6310])
  })

  it('is marked with tools from call to answer, reconnects from loss to restoration, and keys', () => {
    expect(marked('tool-during-speech')).toEqual(
      expect.arrayContaining([
        ['tool', 'find_table', 4555, 5060],
        ['tool', 'find_menu', 4555, 5460],
        // Two answers that overlap for a moment.
        ['turn', 'agent', 3950, 6360],
        ['turn', 'agent', 5770, 7550],
      ]),
    )
    expect(marked('model-lost')).toContainEqual(['reconnect', 'provider-lost', 4690, 4700])
    expect(marked('digits-over-an-answer')).toContainEqual(['key', '4', 5390, undefined])
  })

  it('is marked with an answer of two items until the second was heard, also while the next has begun', () => {
    const two = (responseId: string, atMs: number): readonly CallEvent[] => [
      { atMs, type: 'response-started', responseId },
      { atMs: atMs + 100, type: 'agent-audible', responseId },
      { atMs: atMs + 200, type: 'said', speaker: 'agent', itemId: `${responseId} 1`, text: 'One.', place: atMs },
      { atMs: atMs + 300, type: 'said', speaker: 'agent', itemId: `${responseId} 2`, text: 'Two.', place: atMs + 1 },
    ]
    const heard = (itemId: string, atMs: number): CallEvent => ({
      ...{ atMs, type: 'heard', itemId, heardMs: 500, wholly: true, heardText: 'One.', place: 0 },
    })
    const [first, next] = [two('a', 0), two('b', 1500)]
    const turns = (...events: readonly CallEvent[]) =>
      detailOf(kept([...first, heard('a 1', 600), ...next, ...events])).markers.map(({ atMs, untilMs }) => [
        atMs,
        untilMs,
      ])
    const all = [heard('a 2', 2000), heard('b 1', 2600), heard('b 2', 3000)]
    expect(turns(...all)).toEqual([
      [100, 2000],
      [1600, 3000],
    ])
    // What was never heard ends with what was.
    expect(turns(heard('b 1', 2600), heard('b 2', 3000))).toEqual([
      [100, 600],
      [1600, 3000],
    ])
    const cutIn: CallEvent = { atMs: 9000, type: 'barge-in', by: 'local', heardMs: 0, unheardMs: 1 }
    expect(turns(heard('b 1', 2600), heard('b 2', 3000), cutIn).slice(0, 2)).toEqual([
      [100, 600],
      [1600, 3000],
    ])
    expect(turns({ atMs: 1700, type: 'barge-in', by: 'local', heardMs: 0, unheardMs: 1 })).toEqual([
      [100, 1700],
      [1600, 1700],
      [1700, undefined],
    ])
  })

  it('is marked to its end with what was still going on, and with moments when nobody knows the end', () => {
    const events: readonly CallEvent[] = [
      { atMs: 10, type: 'operator', did: 'took-over' },
      { atMs: 20, type: 'operator', did: 'whispered', text: 'secret' },
      { atMs: 30, type: 'provider-lost', code: 'provider-lost' },
    ]
    const [ended] = recordedEvents('goodbye').filter(({ event }) => event.type === 'ended')
    const over = detailOf([...kept(events), ...kept(ended === undefined ? [] : [{ ...ended.event, atMs: 50 }])])
    expect(over.markers.map(({ label, untilMs }) => [label, untilMs])).toEqual([
      ['took-over', 50],
      ['whispered', undefined],
      ['provider-lost', 50],
    ])
    expect(detailOf(kept(events)).markers.map(({ untilMs }) => untilMs)).toEqual([undefined, undefined, undefined])
  })
})

it('a call has the latency of each answer, and its analysis', () => {
  const analysed: CallEvent = { atMs: 99, type: 'analysed', analysis: { by: 'counts', result: { summary: 'Short.' } } }
  const detail = detailOf([...recordedEvents('barge-in-on-buffered-tail'), ...kept([analysed])])
  expect(detail.latencies).toEqual([
    { stream: ANSWERED_AT, atMs: 3950, latencyMs: 920 },
    { stream: ANSWERED_AT, atMs: 8480, latencyMs: 890 },
  ])
  expect(detail.analysis).toEqual({ by: 'counts', result: { summary: 'Short.' } })
})

describe('what a call of 20,000 events is folded to', () => {
  const events = longCall()

  it('is the same in pieces as at once, and there is a turn of the event loop after each thousand events', async () => {
    const work = new PieceWork(() => 0)
    let turns = 0
    let isDone = false
    const counted = (async () => {
      for (; !isDone; turns++) await new Promise((resolve) => setImmediate(resolve))
    })()
    const folded = await work.run(foldCall(events))
    const turnsOfFold = turns
    const json = Buffer.concat(await work.run(jsonPieces(folded))).toString()
    const turnsOfJson = turns - turnsOfFold
    isDone = true
    await counted
    expect(folded).toEqual(detailOf(events))
    expect(folded.transcript).toHaveLength(5000)
    expect(json).toBe(JSON.stringify(folded))
    // The events are gone through four times; of words, marks and latencies there are 12,500.
    expect(turnsOfFold).toBeGreaterThan(60)
    expect(turnsOfJson).toBeGreaterThan(10)
  })

  it('is folded one piece a turn, however many ask', async () => {
    const work = new PieceWork(() => 0)
    let pieces = 0
    let most = 0
    let ofTurn = 0
    const stepping = function* (): Steps<void> {
      for (let i = 0; i < 50; i++) {
        pieces++
        ofTurn++
        most = Math.max(most, ofTurn)
        setImmediate(() => {
          ofTurn = 0
        })
        yield
      }
    }
    await Promise.all(Array.from({ length: 10 }, () => work.run(stepping())))
    expect([pieces, most]).toEqual([500, 5])
  })

  it('is broken off by what goes wrong in it, and nothing else is', async () => {
    const work = new PieceWork()
    const broken = function* (): Steps<void> {
      yield
      throw new Error('broken')
    }
    const [one, other] = await Promise.allSettled([work.run(broken()), work.run(linesPieces([{ a: 1 }, { b: 2 }]))])
    expect(one.status).toBe('rejected')
    expect(other.status === 'fulfilled' && Buffer.concat(other.value).toString()).toBe('{"a":1}\n{"b":2}\n')
  })
})
