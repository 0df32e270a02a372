/** A rate conversion of 16 bit samples that goes on from push to push. */
interface Resampling {
  /** What it gives may be overwritten by the next push. */
  push(samples: Int16Array): Int16Array
  /** Starts from silence again. */
  reset(): void
}

/** One way to convert rates, ours or another's, behind one interface. */
export interface Contender {
  readonly name: string
  /** `frames`: is given 20 ms at a time, as a call has it. `whole`: is given all at once, which no call can. */
  readonly pieces: 'frames' | 'whole'
  /** Too slow to be timed in pieces: a process of its own. */
  readonly untimed?: boolean
  open(fromHz: number, toHz: number): Promise<Resampling>
}

/** Rounds to 16 bits, with clipping: what floating point libraries need to be compared. */
export function toInt16(samples: ArrayLike<number>, scale: number): Int16Array {
  const output = new Int16Array(samples.length)
  for (let i = 0; i < output.length; i++) {
    output[i] = Math.max(-32_768, Math.min(32_767, Math.round((samples[i] ?? 0) * scale)))
  }
  return output
}
