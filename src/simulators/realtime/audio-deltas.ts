export interface DeltaShape {
  /** Most bytes of one delta; even. */
  readonly bytesPerDelta: number
  /** Every delta but the last is a byte short, so a sample is cut in two. */
  readonly odd: boolean
  /** What fills no delta is kept for the next part, instead of being sent as a short one. */
  readonly keepShort: boolean
}

/**
 * Cuts one part of an answer into deltas. A part is sent whole, its last delta short: a mind that thinks between two
 * sentences leaves no gap inside the first. `rest` belongs before the next part: the half of a sample, if any.
 */
export function splitAudio(audio: Uint8Array, shape: DeltaShape): { deltas: Uint8Array[]; rest: Uint8Array } {
  const step = shape.odd ? shape.bytesPerDelta - 1 : shape.bytesPerDelta
  const whole = audio.length - (audio.length % 2)
  const deltas: Uint8Array[] = []
  let start = 0
  for (; start + step <= whole; start += step) deltas.push(audio.subarray(start, start + step))
  if (!shape.keepShort && start < whole) {
    deltas.push(audio.subarray(start, whole))
    start = whole
  }
  return { deltas, rest: audio.slice(start) }
}
