import type { TranscriptLine } from '../../api.ts'

/** Where playback is; `stream` is named by when it was answered. */
export interface Playing {
  readonly stream: number | undefined
  readonly atMs: number
  readonly playing: boolean
}

/** Goes to a moment of a stream; absent: there is nothing to be played. */
export type Seek = (stream: number, atMs: number) => void

/** Which line is being said at a moment: the last that had begun. -1: none yet. */
export function lineAt(lines: readonly TranscriptLine[], { stream, atMs }: Playing): number {
  let found = -1
  lines.forEach((line, index) => {
    if (line.stream !== stream || line.atMs > atMs) return
    if (found === -1 || line.atMs >= (lines[found]?.atMs ?? 0)) found = index
  })
  return found
}
