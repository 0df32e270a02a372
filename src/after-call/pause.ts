import type { Clock } from '../base/clock.ts'

/** Resolves `ms` from now; false: `signal` aborted first. Never rejects. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const stop = () => resolve(false)
    signal.addEventListener('abort', stop, { once: true })
    clock.after(
      ms,
      () => {
        signal.removeEventListener('abort', stop)
        resolve(true)
      },
      signal,
    )
  })
}

/** A signal that aborts after `limitMs`, or when `signal` does. Disposing lets go of both. */
export function deadline(
  clock: Clock,
  limitMs: number,
  signal: AbortSignal,
): { readonly signal: AbortSignal } & Disposable {
  const late = new AbortController()
  const over = new AbortController()
  const stop = () => late.abort()
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  clock.after(limitMs, stop, over.signal)
  return {
    signal: late.signal,
    [Symbol.dispose]() {
      over.abort()
      signal.removeEventListener('abort', stop)
    },
  }
}
