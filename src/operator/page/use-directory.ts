import { useEffect, useState } from 'preact/hooks'
import type { Directory } from '../api.ts'
import { api } from './api-client.ts'

let known: Directory | undefined

/** Agents, reasons, targets and the currency: asked once, for they change with the server's configuration only. */
export function useDirectory(): Directory | undefined {
  const [directory, setDirectory] = useState(known)
  useEffect(() => {
    const gone = new AbortController()
    api.get<Directory>('/api/agents', gone.signal).then(
      (answer) => {
        known = answer
        setDirectory(answer)
      },
      // What needs it does without.
      () => undefined,
    )
    return () => gone.abort()
  }, [])
  return directory
}
