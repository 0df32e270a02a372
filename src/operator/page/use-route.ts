import { useEffect, useState } from 'preact/hooks'
import { hrefOf, type Route, routeOf } from './router.ts'

/** Where the page is, as long as it is shown. */
export function useRoute(): Route {
  const [route, setRoute] = useState<Route>(() => routeOf(location.hash) ?? { view: 'board' })
  useEffect(() => {
    const follow = () => {
      const next = routeOf(location.hash)
      if (next !== undefined) setRoute(next)
    }
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return route
}

/** Goes somewhere; `replace`: going back does not lead here again. */
export function navigate(route: Route, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') {
    location.hash = hrefOf(route)
    return
  }
  history.replaceState(null, '', hrefOf(route))
  // Replacing tells nobody by itself.
  dispatchEvent(new HashChangeEvent('hashchange'))
}
