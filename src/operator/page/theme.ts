/** How the page is lit; `auto`: as the machine is. */
export type Theme = 'auto' | 'light' | 'dark'

const KEPT_AS = 'offhook.theme'
const listeners = new Set<() => void>()
let current: Theme = 'auto'
try {
  const kept = localStorage.getItem(KEPT_AS)
  if (kept === 'light' || kept === 'dark') current = kept
} catch {
  // A browser that keeps nothing.
}
apply()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell)

/** How the page is lit now. */
export function theme(): Theme {
  return current
}

/** Lights the page, in this browser and from now on. */
export function light(next: Theme): void {
  current = next
  try {
    localStorage.setItem(KEPT_AS, next)
  } catch {
    // Until the page is closed, then.
  }
  apply()
  tell()
}

/** Calls `listener` whenever colours change; returns what ends that. For what is painted and not styled. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function apply(): void {
  document.documentElement.dataset['theme'] = current
}

function tell(): void {
  for (const listener of listeners) listener()
}
