import { setPriority } from 'node:os'

/** A third of the share of a thread that does not yield, when there are too few cores for both. */
const NICE = 5

/**
 * Lets the other threads go first when cores are short: the bridge's frames are due each 20 ms, this thread's work is
 * not. On Linux a priority belongs to the calling thread; elsewhere it would be the whole process's, so it stays.
 */
export function yieldToOthers(): void {
  if (process.platform === 'linux') setPriority(0, NICE)
}
