import type { AudioFormat } from '../audio/format.ts'

/** Hears the caller's voice in the caller's sound, by itself; see `audio/ear.ts`. */
export interface CallerEar {
  /**
   * @param sound the caller's next, in the leg's format.
   * @param played what the caller was hearing meanwhile: as much; `undefined`: silence.
   * @param careful whether it must be sure: the agent speaks, or turns depend on it.
   */
  hear(sound: Uint8Array, played: Uint8Array | undefined, careful: boolean): 'onset' | 'sustained' | 'ended' | undefined
  readonly speaking: boolean
  /** How long the caller has been speaking [ms]. */
  readonly speechMs: number
  /** Sound since the caller's voice was last in it [ms]; infinite before it ever was. */
  readonly silentMs: number
}

/** An ear for one caller. */
export type MakeEar = (format: AudioFormat) => CallerEar
