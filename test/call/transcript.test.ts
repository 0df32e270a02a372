import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Transcript, type Utterance, wordsOf } from '../../src/call/transcript.ts'

const text = 'So, a table for two, on Friday. Is that right?'

/** An item that was made whole and heard so far [ms]. */
function agentItem(transcript: Transcript, itemId: string, words: string, madeMs: number, heardMs: number) {
  transcript.agentSaid(itemId, words)
  transcript.agentMade(itemId, madeMs)
  transcript.agentFinished(itemId)
  return transcript.agentHeard(itemId, heardMs, heardMs === madeMs)
}

describe('the order of a conversation', () => {
  it('is that of speaking, when the words of the caller come after the reply to them', () => {
    const transcript = new Transcript([])
    transcript.callerBegan('c1')
    const reply = agentItem(transcript, 'a1', 'At nine.', 800, 800)
    transcript.callerBegan('c2')
    expect(transcript.callerSaid('c1', 'When do you open?')).toBeLessThan(reply.place)
    expect(transcript.callerSaid('c2', 'Thanks.')).toBeGreaterThan(reply.place)
    expect(transcript.said).toEqual([
      { speaker: 'caller', text: 'When do you open?' },
      { speaker: 'agent', heard: 'At nine.', unheard: '' },
      { speaker: 'caller', text: 'Thanks.' },
    ])
  })

  it('is kept when the model does not say which turn begins: places are filled in the order they were taken', () => {
    const transcript = new Transcript([])
    transcript.callerBegan(undefined)
    agentItem(transcript, 'a1', 'At nine.', 800, 800)
    transcript.callerBegan(undefined)
    transcript.callerSaid('c1', 'When do you open?')
    transcript.callerSaid('c2', 'Thanks.')
    expect(transcript.said.map(wordsOf)).toEqual(['When do you open?', 'At nine.', 'Thanks.'])
  })

  it('is kept when a sound without words was taken for a turn, where the model names the turn that it took', () => {
    const transcript = new Transcript([])
    transcript.callerBegan(undefined)
    agentItem(transcript, 'a1', 'Hello?', 800, 800)
    transcript.callerBegan(undefined)
    transcript.callerNamed('c2')
    agentItem(transcript, 'a2', 'At nine.', 800, 800)
    transcript.callerSaid('c2', 'When do you open?')
    expect(transcript.said.map(wordsOf)).toEqual(['Hello?', 'When do you open?', 'At nine.'])
  })

  it('has one place for a turn, however often the model says that it began or what was said in it', () => {
    const transcript = new Transcript([])
    transcript.callerBegan(undefined)
    transcript.callerBegan('c1')
    transcript.callerBegan('c1')
    const place = transcript.callerSaid('c1', 'When do')
    transcript.callerBegan('c1')
    expect(transcript.callerSaid('c1', 'When do you open?')).toBe(place)
    expect(transcript.said).toEqual([{ speaker: 'caller', text: 'When do you open?' }])
  })

  it('takes words of a turn that nobody said had begun', () => {
    const transcript = new Transcript([])
    transcript.callerSaid('c1', 'Hello?')
    expect(transcript.said).toEqual([{ speaker: 'caller', text: 'Hello?' }])
  })

  it('leaves out a turn without words: a cough', () => {
    const transcript = new Transcript([])
    transcript.callerBegan('c1')
    agentItem(transcript, 'a1', 'Yes?', 300, 300)
    transcript.callerBegan('c2')
    transcript.callerSaid('c2', 'Hello.')
    transcript.callerBegan('c3')
    expect(transcript.said).toEqual([
      { speaker: 'agent', heard: 'Yes?', unheard: '' },
      { speaker: 'caller', text: 'Hello.' },
    ])
  })

  it('goes on from what was said before the caller came back', () => {
    const before: readonly Utterance[] = [{ speaker: 'caller', text: 'A human, please.' }]
    const transcript = new Transcript(before)
    agentItem(transcript, 'a1', 'Nobody took the call.', 1500, 1500)
    expect(transcript.said).toEqual([...before, { speaker: 'agent', heard: 'Nobody took the call.', unheard: '' }])
  })

  it('keeps the latest of a call of hours, whose places still grow', () => {
    const transcript = new Transcript([])
    let last = -1
    for (let i = 0; i < 1500; i++) {
      transcript.callerBegan(`c${i}`)
      const place = transcript.callerSaid(`c${i}`, `turn ${i}`)
      expect(place).toBeGreaterThan(last)
      last = place
    }
    expect(transcript.said).toHaveLength(1000)
    expect(transcript.said.at(-1)).toEqual({ speaker: 'caller', text: 'turn 1499' })
  })
})

describe('what was heard of the agent', () => {
  it('is the beginning of an item that was cut off, in words', () => {
    const transcript = new Transcript([])
    const { heardText } = agentItem(transcript, 'a1', text, 3000, 1300)
    expect(heardText).toBe('So, a table for two, ')
    expect(transcript.said).toEqual([{ speaker: 'agent', heard: heardText, unheard: 'on Friday. Is that right?' }])
  })

  it('is told of each item by itself when an answer has several', () => {
    const transcript = new Transcript([])
    const first = agentItem(transcript, 'a1', 'At nine.', 800, 800)
    const second = agentItem(transcript, 'a2', 'And on Sunday we are closed.', 2000, 0)
    expect(first.place).toBeLessThan(second.place)
    expect(transcript.said).toEqual([
      { speaker: 'agent', heard: 'At nine.', unheard: '' },
      { speaker: 'agent', heard: '', unheard: 'And on Sunday we are closed.' },
    ])
  })

  it('is right also when the words come after the cut', () => {
    const transcript = new Transcript([])
    transcript.agentMade('a1', 3000)
    expect(transcript.agentHeard('a1', 1300, false).heardText).toBe('')
    transcript.agentFinished('a1')
    transcript.agentSaid('a1', text)
    expect(transcript.said).toEqual([
      { speaker: 'agent', heard: 'So, a table for two, ', unheard: 'on Friday. Is that right?' },
    ])
  })

  it('adds up when an item is heard in several stretches', () => {
    const transcript = new Transcript([])
    transcript.agentSaid('a1', text)
    transcript.agentMade('a1', 3000)
    transcript.agentFinished('a1')
    transcript.agentHeard('a1', 700, false)
    expect(transcript.agentHeard('a1', 600, false).heardText).toBe('So, a table for two, ')
  })

  it('is never more than the text, and with what was not heard is always the whole of it', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('said' as const), text: fc.lorem({ maxCount: 12 }) }),
      fc.record({ do: fc.constant('made' as const), ms: fc.nat(3000) }),
      fc.record({ do: fc.constant('heard' as const), ms: fc.nat(2000), wholly: fc.boolean() }),
      fc.record({ do: fc.constant('finished' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (all) => {
        const transcript = new Transcript([])
        let words = ''
        for (const one of all) {
          if (one.do === 'made') transcript.agentMade('a1', one.ms)
          if (one.do === 'finished') transcript.agentFinished('a1')
          if (one.do === 'said') {
            words = one.text
            transcript.agentSaid('a1', words)
          }
          if (one.do === 'heard') {
            const { heardText } = transcript.agentHeard('a1', one.ms, one.wholly)
            expect(words.startsWith(heardText)).toBe(true)
          }
          const [item] = transcript.said
          if (item?.speaker === 'agent') expect(item.heard + item.unheard).toBe(words)
          else expect(words).toBe('')
        }
      }),
    )
  })
})
