import type { Worker } from 'node:worker_threads'
import type { Clock } from './clock.ts'

/** Asks a thread to end, with a message that it understands so, and ends it when it has not after `graceMs`. */
export async function endThread(thread: Worker, farewell: unknown, graceMs: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const gone = new AbortController()
  thread.once('exit', () => resolve())
  clock.after(graceMs, resolve, gone.signal)
  thread.postMessage(farewell)
  await promise
  gone.abort()
  await thread.terminate()
}
