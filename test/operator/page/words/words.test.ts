import { describe, expect, it } from 'vitest'
import { languageOf } from '../../../../src/operator/page/language.ts'
import { en } from '../../../../src/operator/page/words/en.ts'
import { fillIn } from '../../../../src/operator/page/words/fill-in.ts'
import { zh } from '../../../../src/operator/page/words/zh.ts'

const placeholders = (sentence: string) => [...new Set(sentence.match(/\{\w+\}/g) ?? [])].toSorted()

describe('the words of the page', () => {
  it('has the same placeholders in Chinese as in English', () => {
    for (const [key, sentence] of Object.entries(en)) {
      expect([key, placeholders(zh[key as keyof typeof en])]).toEqual([key, placeholders(sentence)])
    }
  })

  it('speaks Chinese to any Chinese browser, and English to all others', () => {
    expect(['zh', 'zh-Hans-CN', 'ZH-tw', 'en-US', 'de', ''].map(languageOf)).toEqual([
      'zh',
      'zh',
      'zh',
      'en',
      'en',
      'en',
    ])
  })

  it('fills values in, and leaves what has none to be seen', () => {
    expect(fillIn('{live} of {max} in {place}', 'en', { live: 3, max: 1200 })).toBe('3 of 1,200 in {place}')
  })

  it('says one of a thing as one', () => {
    const calls = (n: number) => fillIn('one call|{n} calls', 'en', { n })
    expect([0, 1, 2, 1001].map(calls)).toEqual(['0 calls', 'one call', '2 calls', '1,001 calls'])
  })

  it('puts no value into a value', () => {
    expect(fillIn('{a} {b}', 'en', { a: '{b}', b: '$&' })).toBe('{b} $&')
  })
})
