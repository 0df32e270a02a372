import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { lastWords, recollect } from '../../src/call/recollect.ts'
import { Transcript, type Utterance, wordsOf } from '../../src/call/transcript.ts'
import { answered, ended, heardAt, saidBy } from '../store/told.ts'

describe('a conversation that is told by its events', () => {
  it('has the words in the order in which they were said, whenever they became known', () => {
    const said = recollect([
      answered,
      saidBy('agent', 1, 'At nine.'),
      heardAt(1, 800, 'At nine.', true),
      saidBy('caller', 2, 'Thanks.'),
      saidBy('caller', 0, 'When do you open?'),
    ])
    expect(said.map(wordsOf)).toEqual(['When do you open?', 'At nine.', 'Thanks.'])
  })

  it('tells heard words from unheard ones', () => {
    const said = recollect([answered, saidBy('agent', 0, 'At nine. On Sunday at ten.'), heardAt(0, 700, 'At nine. ')])
    expect(said).toEqual([{ speaker: 'agent', heard: 'At nine. ', unheard: 'On Sunday at ten.' }])
  })

  it('takes words for heard that were being said when their process died', () => {
    const said = recollect([answered, saidBy('agent', 0, 'At nine. On Sunday')])
    expect(said).toEqual([{ speaker: 'agent', heard: 'At nine. On Sunday', unheard: '' }])
  })

  it('takes words for unheard of which no sound had come when they were cut off, or the stream had its end', () => {
    const unheard = [{ speaker: 'agent', heard: '', unheard: 'At nine.' }]
    expect(recollect([answered, saidBy('agent', 0, 'At nine.'), ended])).toEqual(unheard)
    const cut: CallEvent = { atMs: 5, type: 'barge-in', by: 'local', heardMs: 0, unheardMs: 0 }
    expect(recollect([answered, saidBy('agent', 0, 'At nine.'), cut])).toEqual(unheard)
  })

  it('begins its places anew with each stream', () => {
    const said = recollect([
      answered,
      saidBy('caller', 5, 'Hello?'),
      {
        atMs: 0,
        type: 'answered',
        callId: 'CA1',
        provider: 'scripted',
        agent: 'default',
        from: '+15550001',
        to: '+15550002',
        resumed: true,
      },
      saidBy('agent', 0, 'Sorry for that.'),
      heardAt(0, 900, 'Sorry for that.', true),
    ])
    expect(said.map(wordsOf)).toEqual(['Hello?', 'Sorry for that.'])
  })

  it('splits words that came after their sound at an ordinary pace', () => {
    const said = recollect([
      answered,
      heardAt(0, 1300, ''),
      saidBy('agent', 0, 'So, a table for two, on Friday, right?'),
    ])
    const [item] = said
    if (item?.speaker !== 'agent') throw new Error('expected the agent')
    expect(item.heard + item.unheard).toBe('So, a table for two, on Friday, right?')
    expect(item.heard).toMatch(/^So, a /)
    expect(item.unheard).toMatch(/right\?$/)
  })

  it('takes all words for heard that came after their sound when all of that was heard', () => {
    expect(recollect([answered, heardAt(0, 300, '', true), saidBy('agent', 0, 'A table for two, on Friday.')])).toEqual(
      [{ speaker: 'agent', heard: 'A table for two, on Friday.', unheard: '' }],
    )
  })

  it('is what the transcript tells from the inside, through any number of streams', () => {
    fc.assert(
      fc.property(streams, (all) => {
        const { inside, events } = live(all)
        expect(recollect(events)).toEqual(inside)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the last words of a conversation', () => {
  const line = (text: string): Utterance => ({ speaker: 'caller', text })

  it('are 200 utterances', () => {
    const said = Array.from({ length: 250 }, (_, i) => line(`turn ${i}`))
    expect(lastWords(said)).toEqual(said.slice(50))
  })

  it('are 64 K characters', () => {
    const said = Array.from({ length: 20 }, (_, i) => line(`${i} `.repeat(5000)))
    const kept = lastWords(said)
    expect(kept.at(-1)).toBe(said.at(-1))
    expect(kept.map(wordsOf).join('').length).toBeLessThanOrEqual(65_536)
    expect(kept.length).toBeGreaterThan(3)
  })

  it('are what a conversation of hours is recollected by', () => {
    const events = Array.from({ length: 3000 }, (_, i) => saidBy('caller', i, `turn ${i}`))
    expect(recollect([answered, ...events]).map(wordsOf)).toEqual(
      Array.from({ length: 200 }, (_, i) => `turn ${2800 + i}`),
    )
  })
})

type Step =
  | { readonly do: 'caller-began'; readonly item: number | undefined }
  | { readonly do: 'caller-said'; readonly item: number; readonly text: string }
  | { readonly do: 'agent-said'; readonly item: number; readonly text: string }
  | { readonly do: 'agent-heard'; readonly item: number; readonly madeMs: number; readonly share: number }
  | { readonly do: 'tool'; readonly output: string }

const item = fc.nat(6)
const text = fc.lorem({ maxCount: 8 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('caller-began' as const), item: fc.option(item, { nil: undefined }) }),
  fc.record({ do: fc.constant('caller-said' as const), item, text: fc.oneof(text, fc.constant('')) }),
  fc.record({ do: fc.constant('agent-said' as const), item, text }),
  fc.record({
    do: fc.constant('agent-heard' as const),
    item,
    madeMs: fc.nat(4000),
    share: fc.double({ min: 0, max: 1 }),
  }),
  fc.record({ do: fc.constant('tool' as const), output: fc.oneof(text, fc.constant('')) }),
)
const streams = fc.array(fc.array(step, { maxLength: 30 }), { maxLength: 4 })

/** A call as it is lived through: the transcript that is kept, and the events that are told. */
function live(all: readonly (readonly Step[])[]): { inside: readonly Utterance[]; events: CallEvent[] } {
  const events: CallEvent[] = []
  let inside: readonly Utterance[] = []
  for (const steps of all) {
    const transcript = new Transcript(inside)
    events.push(answered)
    const worded = new Set<number>()
    for (const one of steps) events.push(...follow(transcript, one, worded))
    // Whatever the agent has said is told to have been heard or not, at the latest at the end.
    for (const one of worded)
      events.push(...follow(transcript, { do: 'agent-heard', item: one, madeMs: 0, share: 0 }, worded))
    inside = lastWords(transcript.said)
  }
  return { inside, events }
}

function follow(transcript: Transcript, one: Step, worded: Set<number>): CallEvent[] {
  switch (one.do) {
    case 'caller-began':
      transcript.callerBegan(one.item === undefined ? undefined : `caller${one.item}`)
      return []
    case 'caller-said': {
      const words = { speaker: 'caller', itemId: `caller${one.item}`, text: one.text } as const
      const place = transcript.take({ type: 'transcript', ...words, final: true })
      return place === undefined ? [] : [saidBy('caller', place, one.text)]
    }
    case 'agent-said': {
      if (one.text === '') return []
      worded.add(one.item)
      return [saidBy('agent', transcript.agentSaid(`agent${one.item}`, one.text), one.text)]
    }
    case 'agent-heard': {
      // Words of which the end is told come first, as those of models do that are faster than speech.
      if (!worded.has(one.item)) return []
      const itemId = `agent${one.item}`
      transcript.agentMade(itemId, one.madeMs)
      const heardMs = one.madeMs * one.share
      const wholly = one.share === 1
      const { heardText, place } = transcript.agentHeard(itemId, heardMs, wholly)
      return [heardAt(place, heardMs, heardText, wholly)]
    }
    case 'tool': {
      const note = transcript.toolAnswered('look_up', one.output)
      return [{ atMs: 0, type: 'tool-answered', toolCallId: 't', name: 'look_up', ok: true, ...note }]
    }
  }
}
