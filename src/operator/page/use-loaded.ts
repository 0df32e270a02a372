import { useCallback, useEffect, useState } from 'preact/hooks'
import { ApiError, api } from './api-client.ts'

/** What was asked of the server. The last answer stays while the next one is waited for. */
export interface Loaded<T> {
  readonly value?: T
  readonly problem?: ApiError
  readonly loading: boolean
  /** Asks again. */
  reload(): void
}

/** Asks the server for `path` now, and whenever it changes; `undefined`: not yet. */
export function useLoaded<T>(path: string | undefined): Loaded<T> {
  const [asked, setAsked] = useState(0)
  const [answer, setAnswer] = useState<{ path?: string; value?: T; problem?: ApiError; loading: boolean }>({
    loading: path !== undefined,
  })
  useEffect(() => {
    if (path === undefined) return
    const gone = new AbortController()
    setAnswer((before) => ({ ...before, loading: true }))
    api.get<T>(path, gone.signal).then(
      (value) => setAnswer({ path, value, loading: false }),
      (error: unknown) => {
        if (gone.signal.aborted) return
        const problem = error instanceof ApiError ? error : new ApiError(0, String(error))
        // Another call's answer is not shown for this one's.
        setAnswer((before) => ({ ...(before.path === path ? before : {}), problem, loading: false }))
      },
    )
    return () => gone.abort()
  }, [path, asked])
  const reload = useCallback(() => setAsked((n) => n + 1), [])
  return { ...answer, reload }
}
