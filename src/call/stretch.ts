import { type AudioFormat, durationMs } from '../audio/format.ts'

/** A stretch of sound of one item, on the playout's line [bytes]. An item that another one interrupts has several. */
export interface Stretch {
  readonly itemId: string
  readonly start: number
  end: number
  /** No more of it comes. */
  complete: boolean
}

/** How much of an item's sound the caller has heard [ms], of what has been made so far. */
export interface Heard {
  readonly itemId: string
  readonly heardMs: number
  readonly wholly: boolean
}

/** What of a stretch was heard when the caller has heard the line up to `position`. */
export function heardOf({ itemId, start, end, complete }: Stretch, position: number, format: AudioFormat): Heard {
  const heardTo = Math.min(position, end)
  return {
    itemId,
    heardMs: durationMs(format, Math.max(0, heardTo - start)),
    wholly: complete && heardTo === end,
  }
}
