import type { JSX } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { SessionInfo } from '../api.ts'
import { api, onSignedOut } from './api-client.ts'
import { BoardView } from './board/board-view.tsx'
import { Header } from './header.tsx'
import { HistoryView } from './history/history-view.tsx'
import { onLanguage, t } from './i18n.ts'
import { leave } from './leaving.ts'
import { lazy } from './parts/lazy.tsx'
import { ProblemNotice } from './parts/notice.tsx'
import type { Route } from './router.ts'
import { SignIn } from './sign-in/sign-in.tsx'
import { onTheme } from './theme.ts'
import { useRoute } from './use-route.ts'

const CallView = lazy(async () => (await import('./call/call-view.tsx')).CallView)
const PhoneView = lazy(async () => (await import('./phone/phone-view.tsx')).PhoneView)

/** The whole page: who is signed in, and then the view that the URL names. */
export function App(): JSX.Element {
  const [, render] = useState(0)
  const [session, setSession] = useState<SessionInfo>()
  const [problem, setProblem] = useState<Error>()
  const route = useRoute()
  const main = useFocusOnArrival(route, session?.operator !== undefined)

  useEffect(() => {
    const again = () => render((n) => n + 1)
    const offs = [onLanguage(again), onTheme(again)]
    return () => {
      for (const off of offs) off()
    }
  }, [])
  const askSession = useCallback(() => {
    setProblem(undefined)
    api.session().then(setSession, setProblem)
  }, [])
  useEffect(askSession, [])
  useEffect(() => {
    const onGone = () => {
      void leave()
      askSession()
    }
    addEventListener('pagehide', leave)
    const off = onSignedOut(onGone)
    return () => {
      removeEventListener('pagehide', leave)
      off()
    }
  }, [])

  const signOut = async () => {
    // Before the session is over: a call is handed back by who has one.
    await leave()
    await api.signOut().catch(() => undefined)
    askSession()
  }
  const isIn = session?.operator !== undefined
  document.title = `${t(`title.${isIn ? route.view : 'signIn'}`)} · Offhook`
  return (
    <>
      {/* No link: the part behind the `#` is where the page is, and jumping must not change that. */}
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {t('page.skip')}
      </button>
      <Header route={route} session={session} onSignOut={signOut} />
      <main id="main" ref={main} tabIndex={-1}>
        {problem !== undefined && <ProblemNotice problem={problem} retry={askSession} />}
        {session === undefined && problem === undefined && <p class="quiet">{t('page.loading')}</p>}
        {session !== undefined && (isIn ? <View route={route} /> : <SignIn session={session} onSession={setSession} />)}
      </main>
    </>
  )
}

function View({ route }: { route: Route }): JSX.Element {
  switch (route.view) {
    case 'board':
      return <BoardView />
    case 'call':
      // A call's view keeps much state; another call begins anew.
      return <CallView key={route.callId} callId={route.callId} />
    case 'history':
      return <HistoryView filter={route.filter} />
    case 'phone':
      return <PhoneView />
  }
}

/** A new view begins at its top, for eyes and for screen readers; the first one is left alone. */
function useFocusOnArrival(route: Route, isIn: boolean): { current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null)
  const arrived = useRef<string | undefined>(undefined)
  const place = route.view === 'call' ? `call ${route.callId}` : route.view
  useEffect(() => {
    if (!isIn) return
    if (arrived.current !== undefined && arrived.current !== place) {
      scrollTo(0, 0)
      main.current?.focus({ preventScroll: true })
    }
    arrived.current = place
  }, [place, isIn])
  return main
}
