/** Time as a parameter: a five-minute call replays in milliseconds, and no test sleeps for luck. */
export interface Clock {
  /** Monotonic time [ms] from an arbitrary start. */
  now(): number
  /** Runs `task` once, `delayMs` from now, unless `signal` aborts first. */
  after(delayMs: number, task: () => void, signal: AbortSignal): void
}

/** The machine's monotonic clock. Its timers do not keep the process alive: sockets do. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, task, signal) {
    if (signal.aborted) return
    const cancel = () => clearTimeout(timer)
    const ring = () => {
      signal.removeEventListener('abort', cancel)
      task()
    }
    // What is due already is due in the past by a hair, and Node warns of that.
    const timer = setTimeout(ring, Math.max(0, delayMs))
    timer.unref()
    signal.addEventListener('abort', cancel, { once: true })
  },
}
