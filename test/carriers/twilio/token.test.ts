import { expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { StreamTokens } from '../../../src/carriers/twilio/token.ts'

it('a token is good once, for its call, within a minute', () => {
  const clock = new ManualClock()
  const tokens = new StreamTokens(clock)
  const token = tokens.issue('CA1')
  expect(tokens.redeem(token, 'CA2')).toBe('forged')
  clock.advance(59_000)
  expect(tokens.redeem(token, 'CA1')).toBeUndefined()
  expect(tokens.redeem(token, 'CA1')).toBe('used')
  clock.advance(120_000)
  expect(tokens.redeem(token, 'CA1')).toBe('expired')
})

it('a token that nobody used is no good after a minute', () => {
  const clock = new ManualClock()
  const tokens = new StreamTokens(clock)
  const token = tokens.issue('CA1')
  clock.advance(60_000)
  expect(tokens.redeem(token, 'CA1')).toBe('expired')
})

it('a token that was made up, changed or made by another process is refused', () => {
  const clock = new ManualClock()
  const tokens = new StreamTokens(clock)
  const token = tokens.issue('CA1')
  const [expiry, nonce, mac] = token.split('.')
  expect(tokens.redeem(undefined, 'CA1')).toBe('missing')
  expect(tokens.redeem('', 'CA1')).toBe('missing')
  const made = ['x', '..', `999999999.${nonce}.${mac}`, `${expiry}.AAAAAAAAAAAAAAAA.${mac}`, `${expiry}.${nonce}.`]
  for (const forged of [...made, `${token}x`, `${token} `, token.toLowerCase(), new StreamTokens(clock).issue('CA1')]) {
    expect(tokens.redeem(forged, 'CA1'), forged).toBe('forged')
  }
  expect(tokens.redeem(token, 'CA1')).toBeUndefined()
})

it('tokens fit into a parameter and never repeat', () => {
  const tokens = new StreamTokens(new ManualClock())
  const made = Array.from({ length: 1000 }, () => tokens.issue('CA1'))
  expect(new Set(made).size).toBe(1000)
  expect(Math.max(...made.map((token) => `token${token}`.length))).toBeLessThan(500)
})

it('when more starts came than can be remembered, none is taken until the oldest expire', () => {
  const clock = new ManualClock()
  const tokens = new StreamTokens(clock, 2)
  const [first, second, third] = [tokens.issue('CA1'), tokens.issue('CA2'), tokens.issue('CA3')]
  expect(tokens.redeem(first, 'CA1')).toBeUndefined()
  expect(tokens.redeem(second, 'CA2')).toBeUndefined()
  expect(tokens.redeem(third, 'CA3')).toBe('too-many')
  expect(tokens.redeem(first, 'CA1')).toBe('used')
  clock.advance(60_000)
  expect(tokens.redeem(tokens.issue('CA4'), 'CA4')).toBeUndefined()
})
