import { describe, expect, it } from 'vitest'
import { numberIn, peopleIn, sayNumber, sayTime, timeIn } from '../../../../src/providers/local/domain/spoken.ts'

describe('a number of people', () => {
  it.each([
    ['a table for four', 4],
    ['a party of six on friday', 6],
    ['two people tomorrow at seven', 2],
    ['four friday at seven', 4],
    ['for eight at eight', 8],
    ['a table for seven thirty', undefined],
    ["for seven o'clock", undefined],
    ['at seven', undefined],
    ['seven', undefined],
  ])('in "%s" is %s', (text, people) => {
    expect(peopleIn(text)).toBe(people)
  })

  it('alone is only a number', () => {
    expect(numberIn('seven')).toBe(7)
    expect(numberIn('seven thirty')).toBeUndefined()
    expect(sayNumber(7)).toBe('seven')
    expect(sayNumber(13)).toBe('13')
  })
})

describe('a time of day', () => {
  it.each([
    ['at seven', '19:00'],
    ['seven thirty', '19:30'],
    ['seven thirty p m', '19:30'],
    ['eleven a m', '11:00'],
    ["twelve o'clock", '12:00'],
    ['at noon', '12:00'],
    ['half past seven', '19:30'],
    ['quarter to eight', '19:45'],
    ['quarter past eight in the evening', '20:15'],
    ['seven forty five', '19:45'],
    ['for two friday at eight thirty', '20:30'],
    ['for two', undefined],
    ['four people', undefined],
  ])('in "%s" is %s', (text, time) => {
    expect(timeIn(text)).toBe(time)
  })

  it('is a bare hour only where a time was asked for', () => {
    expect(timeIn('seven')).toBeUndefined()
    expect(timeIn('seven', true)).toBe('19:00')
    expect(timeIn('for seven', true)).toBeUndefined()
  })

  it.each([
    ['19:30', 'seven thirty in the evening'],
    ['12:00', 'noon'],
    ['12:30', 'twelve thirty in the afternoon'],
    ['14:00', 'two in the afternoon'],
    ['11:15', 'eleven fifteen in the morning'],
  ])('%s is said as "%s"', (time, words) => {
    expect(sayTime(time)).toBe(words)
  })
})
