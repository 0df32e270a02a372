import { useEffect, useState } from 'preact/hooks'
import { serverNow } from './api-client.ts'

/** The server's time [ms since 1970], anew each second while `ticking`. */
export function useNow(ticking = true): number {
  const [now, setNow] = useState(serverNow)
  useEffect(() => {
    if (!ticking) return
    setNow(serverNow())
    const timer = setInterval(() => setNow(serverNow()), 1000)
    return () => clearInterval(timer)
  }, [ticking])
  return now
}
