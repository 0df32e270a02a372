import { expect, it, vi } from 'vitest'
import {
  clockOf,
  meanOf,
  momentOf,
  moneyOf,
  sizeOf,
  spanOf,
  stepLabelOf,
  tookOf,
} from '../../../src/operator/page/format.ts'

it('shows lengths as a clock would', () => {
  expect([-5, 0, 59_999, 60_000, 3_599_000, 3_661_000].map(clockOf)).toEqual([
    '0:00',
    '0:00',
    '0:59',
    '1:00',
    '59:59',
    '1:01:01',
  ])
  expect([0, 61_250, 61_999].map(momentOf)).toEqual(['0:00.0', '1:01.2', '1:01.9'])
})

it('says how long something took in the unit that suits it', () => {
  expect([0, 640.4, 1000, 2449, 12_600].map((ms) => tookOf(ms, 'en'))).toEqual([
    '0 ms',
    '640 ms',
    '1.0 s',
    '2.4 s',
    '13 s',
  ])
  expect(spanOf(25_900, 'en')).toBe('25 secs')
  expect(spanOf(45 * 60_000, 'en')).toBe('45 mins')
  expect(spanOf(26 * 3_600_000, 'en')).toBe('1 day 2 hrs')
  expect(spanOf(26 * 3_600_000, 'zh')).toBe('1天 2小时')
})

it('shows means below ten to the hundredth, and does not call the rare nothing', () => {
  expect([0, 1 / 1360, 1 / 136, 0.35, 9.994, 12.46].map((n) => meanOf(n, 'en'))).toEqual([
    '0',
    '< 0.01',
    '0.01',
    '0.35',
    '9.99',
    '12.5',
  ])
})

it('shows the small sums that calls cost, and a currency that only its operator knows', () => {
  expect(moneyOf(0.0123, 'EUR', 'en')).toBe('€0.0123')
  expect(moneyOf(38.206, 'EUR', 'en')).toBe('€38.21')
  expect(moneyOf(12, 'CNY', 'zh')).toBe('¥12.00')
  expect(moneyOf(1.5, '', 'en')).toBe('1.50 ')
})

it('names days as they were counted, in UTC, wherever the browser is', () => {
  vi.stubEnv('TZ', 'America/New_York')
  expect(stepLabelOf(Date.UTC(2026, 2, 5), 'day', 'en')).toBe('5 Mar')
  vi.unstubAllEnvs()
})

it('says sizes in bytes', () => {
  expect([12, 88_123, 1_664_044].map((bytes) => sizeOf(bytes, 'en'))).toEqual(['12 byte', '88.1 kB', '1.7 MB'])
})
