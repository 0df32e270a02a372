import { expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Keypad } from '../../src/call/keypad.ts'

function open() {
  const clock = new ManualClock()
  const over = new AbortController()
  const told: string[] = []
  const keypad = new Keypad(clock, over.signal, (digits) => told.push(digits))
  const press = (digits: string, everyMs = 300) => {
    for (const digit of digits) {
      keypad.press(digit)
      clock.advance(everyMs)
    }
  }
  return { clock, over, told, press }
}

it('takes what the caller keys in for one number until a pause', () => {
  const { clock, told, press } = open()
  press('42', 1400)
  expect(told).toEqual([])
  clock.advance(100)
  expect(told).toEqual(['42'])
  clock.advance(10_000)
  press('7')
  clock.advance(1500)
  expect(told).toEqual(['42', '7'])
})

it('takes a # for the end of the number, at once', () => {
  const { clock, told, press } = open()
  press('123#')
  expect(told).toEqual(['123#'])
  clock.advance(10_000)
  expect(told).toEqual(['123#'])
  press('#*0#')
  expect(told).toEqual(['123#', '#', '*0#'])
})

it('begins a new number with a caller who leans on the keys', () => {
  const { told, press } = open()
  press('1'.repeat(70), 10)
  expect(told).toEqual(['1'.repeat(32), '1'.repeat(32)])
})

it('forgets what was not complete when the call ended', () => {
  const { clock, over, told, press } = open()
  press('12')
  over.abort()
  press('3#')
  clock.advance(5000)
  expect(told).toEqual([])
})
