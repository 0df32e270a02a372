/** A file that was written of one stream of a call. */
export interface ShelvedFile {
  /** `<answeredAt>.wav` or `<answeredAt>.flight`. */
  readonly name: string
  readonly kind: 'recording' | 'flight'
  /** When the stream was answered [ms since 1970]. */
  readonly answeredAt: number
  readonly bytes: number
}

/** Where recordings and flight records of calls stand, a folder a call. */
export interface CallShelf {
  /** Oldest first; none: nothing was recorded. */
  list(callId: string): Promise<readonly ShelvedFile[]>
  /** Where it is on this machine; `undefined`: there is no such file. Never a path outside of the shelf. */
  pathOf(callId: string, name: string): Promise<string | undefined>
  /** Deletes the files of calls that were answered before [ms since 1970]; returns of how many calls. */
  forget(beforeAt: number): Promise<number>
}
