import { useEffect, useState } from 'preact/hooks'
import { type Peaks, WavPeaks } from './peaks.ts'

/** Finds what is drawn of a recording, while it comes; it is drawn when all of it is there. */
export function usePeaks(source: string | undefined): { readonly peaks?: Peaks; readonly problem: boolean } {
  const [found, setFound] = useState<{ source?: string; peaks?: Peaks; problem: boolean }>({ problem: false })
  useEffect(() => {
    if (source === undefined) return
    const gone = new AbortController()
    peaksOf(source, gone.signal).then(
      (peaks) => setFound({ source, peaks, problem: false }),
      () => {
        if (!gone.signal.aborted) setFound({ source, problem: true })
      },
    )
    return () => gone.abort()
  }, [source])
  return found.source === source ? found : { problem: false }
}

async function peaksOf(source: string, signal: AbortSignal): Promise<Peaks> {
  const response = await fetch(source, { signal, credentials: 'same-origin' })
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${response.statusText}`)
  const finder = new WavPeaks()
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return finder.peaks()
    finder.push(value)
  }
}
