import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dialogue, Reply } from '../../../../src/providers/local/domain/domain.ts'
import { restaurant } from '../../../../src/providers/local/domain/restaurant.ts'

const nothing = { text: '', rejected: true }

/** The reply to the last of these. */
function talk(...texts: string[]): Reply {
  const dialogue = restaurant.start()
  return texts.map((text) => say(dialogue, text)).at(-1) ?? { sentences: [] }
}

function say(dialogue: Dialogue, text: string): Reply {
  return dialogue.hear({ text, rejected: text === '' })
}

const spoken = (reply: Reply) => reply.sentences.join(' ')

describe('a caller who books a table', () => {
  it('is asked for what is missing, one after another, and then whether it is right', () => {
    const dialogue = restaurant.start()
    expect(spoken(say(dialogue, "i'd like to book a table"))).toBe('For how many people?')
    expect(spoken(say(dialogue, 'four'))).toBe('For which day?')
    expect(spoken(say(dialogue, 'friday'))).toBe('At what time?')
    expect(spoken(say(dialogue, 'seven'))).toBe(
      'So, a table for four, on Friday, at seven in the evening. Is that right?',
    )
    const booked = say(dialogue, 'yes please')
    expect(booked.toolCall).toEqual({ name: 'book_table', args: { people: 4, day: 'friday', time: '19:00' } })
    expect(spoken(booked)).toMatch(/demo.*anything else\?$/)
    expect(say(dialogue, 'no thank you')).toMatchObject({ ends: true })
  })

  it('may say everything at once', () => {
    expect(spoken(talk('a party for four tomorrow at seven p m'))).toMatch(/four, tomorrow, at seven in the evening/)
    expect(spoken(talk('for two friday at eight thirty'))).toMatch(/two, on Friday, at eight thirty in the evening/)
  })

  it.each([
    ['no make it five people', /for five, on Friday, at seven in/],
    ['no thursday', /for four, on Thursday, at seven in/],
    ['change the time to eight thirty', /for four, on Friday, at eight thirty/],
    ['actually saturday at noon', /for four, on Saturday, at noon/],
    ['no', /What should I change/],
    ['', /did not understand.*for four, on Friday/],
  ])('answers the question whether it is right with "%s"', (text, answer) => {
    expect(spoken(talk('for four on friday at seven', text))).toMatch(answer)
  })

  it.each([
    ['for twelve people', /too many.*how many people\?$/],
    ['on monday', /closed on Mondays.*Which other day\?$/],
    ['at nine a m', /not open then.*At what time\?$/],
    ['at ten', /not open then/],
  ])('is told why it cannot be when asking for a table %s', (text, answer) => {
    expect(spoken(talk('a table', text))).toMatch(answer)
  })

  it('may ask something in between, and is asked again', () => {
    expect(spoken(talk('a table', 'what are your prices'))).toMatch(/fifteen dollars.*For how many people\?$/)
    expect(spoken(talk('a table', 'for four', ''))).toMatch(/did not understand.*For which day\?$/)
  })

  it('may drop it', () => {
    expect(spoken(talk('a table', 'for four', 'never mind'))).toMatch(/cancelled.*anything else/)
    expect(spoken(talk('cancel my booking'))).toMatch(/no booking/)
  })

  it('hears what the tool said', () => {
    const dialogue = restaurant.start()
    for (const text of ['for four on friday at seven', 'yes']) say(dialogue, text)
    expect(dialogue.toolResult?.('book_table', '{"ok":true}').sentences.join(' ')).toMatch(/booked/)
    expect(dialogue.toolResult?.('book_table', '{"error":"full"}').sentences.join(' ')).toMatch(/did not work/)
    expect(spoken(say(dialogue, 'repeat that'))).toMatch(/did not work/)
  })
})

describe('a caller who asks', () => {
  it.each([
    ['hello hours', /noon to ten/],
    ['are you open on monday', /closed on Mondays/],
    ['are you open tomorrow', /open tomorrow/],
    ['are you open on sunday', /open on Sunday/],
    ['where are you located', /Harbour Street/],
    ["what's on the menu", /fish/],
    ['do you have any vegan options', /vegetable curry/],
    ['how much is dinner', /dollars/],
    ['are you a robot', /offline demo agent/],
    ['who am i talking to', /computer program/],
    ['help', /You can ask/],
    ['hello', /How can I help/],
    ['thank you very much', /welcome/],
  ])('"%s" is answered', (text, answer) => {
    expect(spoken(talk(text))).toMatch(answer)
  })

  it('for a person is connected where the session can', () => {
    expect(talk('an operator').toolCall?.name).toBe('transfer_call')
    expect(spoken(talk('can i speak to a human'))).toMatch(/no person/)
  })

  it('to repeat hears the last answer again', () => {
    expect(talk('menu', 'please try again')).toEqual(talk('menu'))
  })

  it('nothing more is said goodbye to', () => {
    expect(talk('thank you goodbye')).toMatchObject({ ends: true })
    expect(talk("no that's all")).toMatchObject({ ends: true })
  })
})

describe('a caller who is not understood', () => {
  it('hears so, then an example, then is offered a person', () => {
    expect(spoken(talk(''))).toMatch(/^Sorry, I did not understand\. You can ask about/)
    expect(spoken(talk('', ''))).toMatch(/For example/)
    expect(spoken(talk('', '', ''))).toMatch(/person\?$/)
    expect(talk('', '', '', 'yes').toolCall?.name).toBe('transfer_call')
  })

  it('begins afresh after something that was understood', () => {
    expect(talk('', '', 'menu', '')).toEqual(talk(''))
  })

  it('is not counted against when speaking over an answer', () => {
    const dialogue = restaurant.start()
    say(dialogue, 'menu')
    dialogue.interrupted()
    dialogue.hear(nothing)
    expect(dialogue.hear(nothing)).toEqual(talk(''))
  })

  it('is not, when saying a bare number that nobody asked for', () => {
    expect(spoken(talk('seven'))).toMatch(/did not understand/)
  })
})

it('the greeting says what it is', () => {
  expect(restaurant.greeting).toMatch(/offline demo agent/)
})

it('every reply begins with a short sentence, whatever was said before', () => {
  const words = [...new Set(restaurant.grammar.match(/\b[a-z']+\b/g))]
  const utterance = fc.array(fc.constantFrom('', 'yes', 'no', 'repeat', 'at seven', 'for four', 'friday', ...words), {
    minLength: 1,
    maxLength: 3,
  })
  fc.assert(
    fc.property(fc.array(utterance, { minLength: 1, maxLength: 8 }), (utterances) => {
      const dialogue = restaurant.start()
      for (const said of utterances) {
        const { sentences } = say(dialogue, said.join(' ').trim())
        expect(sentences.length).toBeGreaterThan(0)
        expect(sentences[0]?.length).toBeLessThan(90)
      }
    }),
  )
})
