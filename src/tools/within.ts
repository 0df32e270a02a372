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
  // Listens before the task does: a task that fails of the abort has words of its own for it, and comes second.
  const stopped = new Promise<never>((_, reject) => {
    ended.addEventListener('abort', () => reject(ended.reason), { signal: over.signal })
  })
  try {
    return await Promise.race([task(ended), stopped])
  } finally {
    over.abort()
  }
}
