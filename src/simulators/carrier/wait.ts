import type { Clock } from '../../base/clock.ts'

/** Resolves `ms` from now, or when `signal` aborts; `Infinity`: only then. */
export function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = new AbortController()
  const stop = () => {
    timer.abort()
    resolve()
  }
  signal.addEventListener('abort', stop, { once: true })
  const done = () => {
    signal.removeEventListener('abort', stop)
    resolve()
  }
  if (Number.isFinite(ms)) clock.after(ms, done, timer.signal)
  return promise
}
