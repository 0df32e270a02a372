/** Lets go of something; what it answers is waited for when the operator signs out. */
type LetGo = () => unknown

/** How long the goodbyes together may take [ms]: who wants out is let out. */
const GOODBYES_MS = 2000

const listeners = new Set<LetGo>()

/**
 * Calls `letGo` when the operator goes: signs out, is signed out by the server, or closes the page. A microphone does not
 * stay open behind a sign-in. Returns what ends that.
 */
export function onLeaving(letGo: LetGo): () => void {
  listeners.add(letGo)
  return () => listeners.delete(letGo)
}

/** The operator goes. Resolves when everything has been let go of, two seconds later at most; never rejects. */
export async function leave(): Promise<void> {
  const goodbyes = Promise.allSettled([...listeners].map(async (letGo) => letGo()))
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GOODBYES_MS)
  })
  await Promise.race([goodbyes, late])
  clearTimeout(timer)
}
