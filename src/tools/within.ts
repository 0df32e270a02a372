import type { Clock } from '../base/clock.ts'
import { ToolError } from '../call/tool.ts'

/**
 * Waits for `task`, but not longer than `limitMs` or than `signal` allows; the signal that the task is given aborts
 * then. A task that does not heed it is left behind.
 * @throws ToolError when the time is up; the reason of `signal` when that aborts first.
 */
export async function within<T>(
  { clock, limitMs, signal }: { clock: Clock; limitMs: number; signal: AbortSignal },
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const late = new AbortController()
  const over = new AbortController()
  clock.after(limitMs, () => late.abort(new ToolError('the service did not answer in time')), over.signal)
  const ended = AbortSignal.any([signal, late.signal])
  const stopped = Promise.withResolvers<never>()
  const stop = () => stopped.reject(ended.reason)
  // Listens before the task does: a task that fails of the abort has words of its own for it, and comes second.
  ended.addEventListener('abort', stop)
  try {
    return await Promise.race([task(ended), stopped.promise])
  } finally {
    over.abort()
    // A signal of `any` that is listened to is kept alive until it aborts, and this one may never.
    ended.removeEventListener('abort', stop)
  }
}
