import { describe, expect, it } from 'vitest'
import { filterOf, queryOf, serverQueryOf, stepOf } from '../../../../src/operator/page/history/filter.ts'

const DAY_MS = 86_400_000

describe('the filter of history', () => {
  it('drops what is empty, unknown or not what it should be', () => {
    expect(
      filterOf('number=&agent=%20&reason=bored&from=yesterday&until=2026-1-1&words=%20taxi%20&colour=red'),
    ).toEqual({
      words: 'taxi',
    })
  })

  it('writes nothing for nothing', () => {
    expect(queryOf({})).toBe('')
    expect(queryOf({ words: '' })).toBe('')
  })

  it('asks the server for whole days of the browser, the last one included', () => {
    const query = serverQueryOf({ from: '2026-03-01', until: '2026-03-01', agent: 'Billing' })
    expect(Number(query.get('fromAt'))).toBe(new Date(2026, 2, 1).getTime())
    expect(Number(query.get('untilAt'))).toBe(new Date(2026, 2, 2).getTime())
    expect(query.get('agent')).toBe('Billing')
    expect(query.has('from') || query.has('until')).toBe(false)
  })

  it('draws hours for up to three days, and days for more or without a beginning', () => {
    const now = new Date(2026, 2, 10, 12).getTime()
    expect(stepOf({ from: '2026-03-10', until: '2026-03-10' }, now)).toBe('hour')
    expect(stepOf({ from: '2026-03-08' }, now)).toBe('hour')
    expect(stepOf({ from: '2026-03-05' }, now)).toBe('day')
    expect(stepOf({ until: '2026-03-10' }, now)).toBe('day')
    expect(stepOf({ from: '2026-03-07' }, now - 7 * DAY_MS)).toBe('hour')
  })
})
