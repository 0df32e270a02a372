import { describe, expect, it } from 'vitest'
import { hrefOf, type Route, routeOf } from '../../../src/operator/page/router.ts'

describe('the way through the page', () => {
  it('reads back every link that it writes', () => {
    const places: Route[] = [
      { view: 'board' },
      { view: 'call', callId: 'CA0123' },
      { view: 'call', callId: 'a/b?c#d e' },
      { view: 'history', filter: {} },
      {
        view: 'history',
        filter: { number: '+44 20', agent: 'Front & back', reason: 'handed-over', from: '2026-03-01' },
      },
      { view: 'history', filter: { words: '改预约', next: 'a=b&c' } },
      { view: 'phone' },
    ]
    for (const place of places) expect(routeOf(hrefOf(place))).toEqual(place)
  })

  it('leads to the board from nowhere, and from where there is nothing', () => {
    for (const hash of ['', '#/', '#/elsewhere', '#/calls', '#/calls/'])
      expect(routeOf(hash)).toEqual({ view: 'board' })
  })

  it('stays where it is when the hash is no route', () => {
    expect(routeOf('#main')).toBeUndefined()
  })

  it('takes a call id that is badly encoded as it stands', () => {
    expect(routeOf('#/calls/%E0%A4%A')).toEqual({ view: 'call', callId: '%E0%A4%A' })
  })
})
