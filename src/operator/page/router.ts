import { type Filter, filterOf, queryOf } from './history/filter.ts'

/** Where the page is. All of it stands behind the `#` of the URL, so the server has one page to give. */
export type Route =
  | { readonly view: 'board' }
  | { readonly view: 'call'; readonly callId: string }
  | { readonly view: 'history'; readonly filter: Filter }
  | { readonly view: 'phone' }

/** Reads `#/calls/CA12`; what leads nowhere leads to the board, what is no route at all (`#main`) is `undefined`. */
export function routeOf(hash: string): Route | undefined {
  if (hash !== '' && !hash.startsWith('#/')) return undefined
  const [path = '', query = ''] = hash.slice(1).split('?', 2)
  const [first, second] = path.split('/').filter((part) => part !== '')
  if (first === 'calls' && second !== undefined) return { view: 'call', callId: decoded(second) }
  if (first === 'history') return { view: 'history', filter: filterOf(query) }
  if (first === 'phone') return { view: 'phone' }
  return { view: 'board' }
}

/** What a link to there says. */
export function hrefOf(route: Route): string {
  switch (route.view) {
    case 'board':
      return '#/'
    case 'call':
      return `#/calls/${encodeURIComponent(route.callId)}`
    case 'history': {
      const query = queryOf(route.filter)
      return query === '' ? '#/history' : `#/history?${query}`
    }
    case 'phone':
      return '#/phone'
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
