import { describe, expect, it } from 'vitest'
import { exactWords, sentencesOf } from '../../../src/providers/local/said.ts'

describe('what the agent is told to say', () => {
  it.each([
    ['Say exactly: Hello, this is Luigi.', 'Hello, this is Luigi.'],
    ['say exactly:  "Hello there."  ', 'Hello there.'],
    ['Speak German.\nSay exactly: One.\nTwo.', 'One.\nTwo.'],
    ['Ask the caller \u201cAre you still there?\u201d', 'Are you still there?'],
    ['Tell them "please hold" and wait', 'please hold'],
  ])('%j is %j', (instructions, words) => {
    expect(exactWords(instructions)).toBe(words)
  })

  it.each(['', 'Greet the caller.', "Don't say what's on the menu.", 'Say exactly:', 'Say "" now'])(
    '%j names no words',
    (instructions) => {
      expect(exactWords(instructions)).toBeUndefined()
    },
  )

  it('is cut into sentences, and nothing of it is lost', () => {
    expect(sentencesOf('Hello. How are you?  Fine!\nBye')).toEqual(['Hello.', 'How are you?', 'Fine!', 'Bye'])
    expect(sentencesOf('It is 7.30 p.m. now')).toEqual(['It is 7.30 p.m.', 'now'])
    expect(sentencesOf(' \n ')).toEqual([])
  })
})
