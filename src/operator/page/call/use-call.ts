import { useEffect } from 'preact/hooks'
import type { CallDetail } from '../../api.ts'
import { serverNow } from '../api-client.ts'
import { type Loaded, useLoaded } from '../use-loaded.ts'
import { useVisible } from '../use-visible.ts'

/** How long after an answer a live call is asked for again [ms]. */
const LIVE_MS = 2000
/** How often one is that has just ended, and how long: its analysis is still to come [ms]. */
const AFTER_MS = 5000
const ANALYSED_WITHIN_MS = 120_000

/** A call, kept up to date as long as there is something to come, and somebody sees it. */
export function useCall(callId: string): Loaded<CallDetail> {
  const loaded = useLoaded<CallDetail>(`/api/calls/${encodeURIComponent(callId)}`)
  const { value, loading, reload } = loaded
  const visible = useVisible()
  const wait = value === undefined ? undefined : waitFor(value)
  useEffect(() => {
    if (wait === undefined || loading || !visible) return
    const timer = setTimeout(reload, wait)
    return () => clearTimeout(timer)
  }, [wait, loading, reload, visible])
  return loaded
}

function waitFor({ live, analysis, summary }: CallDetail): number | undefined {
  if (live !== undefined) return LIVE_MS
  if (analysis !== undefined || summary.endedAt === undefined) return undefined
  return serverNow() - summary.endedAt < ANALYSED_WITHIN_MS ? AFTER_MS : undefined
}
