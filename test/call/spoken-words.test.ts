import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { heardLength } from '../../src/call/spoken-words.ts'

const heard = (text: string, heardMs: number, totalMs: number, complete = true) =>
  text.slice(0, heardLength(text, heardMs, totalMs, complete))

describe('the words that a caller has heard', () => {
  it('are none before the first of them, and all at the end', () => {
    expect(heard('Good day', 0, 1000)).toBe('')
    expect(heard('Good day', -20, 1000)).toBe('')
    expect(heard('Good day', 1000, 1000)).toBe('Good day')
    expect(heard('Good day', 9000, 1000)).toBe('Good day')
    expect(heard('', 1000, 1000)).toBe('')
  })

  it('are whole words, counted when more than half of one was heard', () => {
    const text = 'aaaa bbbb cccc dddd'
    expect(heard(text, 100, 1900)).toBe('')
    expect(heard(text, 300, 1900)).toBe('aaaa ')
    expect(heard(text, 700, 1900)).toBe('aaaa ')
    expect(heard(text, 800, 1900)).toBe('aaaa bbbb ')
    expect(heard(text, 1750, 1900)).toBe(text)
  })

  it('take the pause after a sentence into account', () => {
    expect(heard('Yess Tomorrow it is', 550, 1000)).toBe('Yess Tomorrow ')
    expect(heard('Yes. Tomorrow it is', 550, 1000)).toBe('Yes. ')
    expect(heard('Yes, yes, yes, tomorrow', 500, 1900)).toBe('Yes, ')
  })

  it('are characters, with the mark behind them, in a script without spaces', () => {
    expect(heard('你好，世界。', 0, 2600)).toBe('')
    expect(heard('你好，世界。', 700, 2600)).toBe('你')
    expect(heard('你好，世界。', 1300, 2600)).toBe('你好，')
    expect(heard('你好，世界。', 2600, 2600)).toBe('你好，世界。')
    expect(heard('สวัสดีครับ', 2000, 2000)).toBe('สวัสดีครับ')
    expect(heard('我叫 Anna，很高兴', 4000, 4000)).toBe('我叫 Anna，很高兴')
  })

  it('are counted finely also where letters and digits stand between such characters', () => {
    const text = 'OK，您的房间是203，明天下午三点见。'
    expect(heard(text, 1000, 5000)).toBe('OK，您的')
    expect(heard(text, 3000, 5000)).toBe('OK，您的房间是203，明天')
    expect(heard(text, 5000, 5000)).toBe(text)
  })

  it('are few when the words of an answer run ahead of its sound', () => {
    const text = 'We are open from nine in the morning until six in the evening, and on Saturdays until noon.'
    expect(heard(text, 400, 400, false).length).toBeLessThan(15)
    expect(heard(text, 400, 400, true)).toBe(text)
    expect(heard('Hi', 400, 400, false)).toBe('Hi')
  })

  it('never split a character, and never are more or less than a beginning of the text, growing with what was heard', () => {
    const words = fc.array(
      fc.constantFrom(
        'so',
        'a',
        'table',
        'two,',
        'Friday.',
        ' ',
        '\n\n',
        '  ',
        '你好',
        '世界。',
        'カタカナ',
        'ไทย',
        '👋🏽',
        '—',
        '😀 ',
      ),
      { maxLength: 40 },
    )
    const texts = fc.oneof(
      words.map((all) => all.join(' ')),
      words.map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(
        texts,
        fc.nat(20_000),
        fc.nat(20_000),
        fc.nat(20_000),
        fc.boolean(),
        (text, a, b, totalMs, complete) => {
          const [less, more] = [Math.min(a, b), Math.max(a, b)]
          const [first, second] = [
            heardLength(text, less, totalMs, complete),
            heardLength(text, more, totalMs, complete),
          ]
          expect(first).toBeLessThanOrEqual(second)
          expect(second).toBeLessThanOrEqual(text.length)
          // Half of a pair would be a character that nobody said.
          expect(text.isWellFormed()).toBe(text.slice(0, first).isWellFormed() && text.slice(first).isWellFormed())
          if (complete && more >= totalMs && totalMs > 0) expect(second).toBe(text.length)
        },
      ),
    )
  })

  it('are found in a text of any length without delay', () => {
    const text = 'word '.repeat(20_000)
    expect(heard(text, 500_000, 1_000_000).length).toBe(text.length / 2)
    expect(heard('x'.repeat(100_000), 1, 1_000_000)).toBe('')
    expect(heard(' '.repeat(50_000), 1_000_000, 1_000_000).length).toBe(50_000)
  })
})
