/*
 * Loud or not, in 20 ms windows of the sound itself: how fast it arrives plays no part.
 *
 *   window  ..|....|LOUD|LOUD|LOUD|LOUD|....|....|....|....|....|....|
 *              atMs ^         ^ speech-started       speech-stopped ^      (silenceMs = 100; its atMs is ^)
 *                                        ^ atMs
 */
import { levelDbfs } from '../../audio/level.ts'
import { samplesOf } from '../../audio/pcm.ts'

const WINDOW_MS = 20
/** Loud windows in a row that make speech: a click of 20 or 40 ms does not. */
const ONSET_WINDOWS = 3

/** Where speech began or ended [ms of sound since the first push]: heard a little later than it happened. */
interface VadEdge {
  readonly type: 'speech-started' | 'speech-stopped'
  readonly atMs: number
}

export interface EnergyVad {
  /** PCM16, any whole number of samples. The edges that this sound proves, in order. */
  push(audio: Uint8Array): VadEdge[]
  /** Forgets speech in progress; the clock of the sound goes on. */
  reset(): void
}

/**
 * A voice detector that knows only loudness; right for tests with clean sound, not for telephone lines.
 * @param threshold as in `turn_detection`: -1 (most sensitive) to 1; -70 to -30 dBFS, so -40 at the default 0.5.
 */
export function makeEnergyVad(sampleRate: number, threshold: number, silenceMs: number): EnergyVad {
  const windowBytes = Math.round((sampleRate * WINDOW_MS) / 1000) * 2
  const loudDbfs = -50 + 20 * threshold
  const silentWindows = Math.max(1, Math.round(silenceMs / WINDOW_MS))
  let rest = new Uint8Array(0)
  let windows = 0
  let loud = 0
  let quiet = 0
  let speaking = false

  const edgeOf = (window: Uint8Array): VadEdge | undefined => {
    windows++
    const isLoud = levelDbfs(samplesOf(window)) > loudDbfs
    loud = isLoud ? loud + 1 : 0
    quiet = isLoud ? 0 : quiet + 1
    if (!speaking && loud >= ONSET_WINDOWS) {
      speaking = true
      return { type: 'speech-started', atMs: (windows - loud) * WINDOW_MS }
    }
    if (speaking && quiet >= silentWindows) {
      speaking = false
      return { type: 'speech-stopped', atMs: (windows - quiet) * WINDOW_MS }
    }
    return undefined
  }

  return {
    push(audio) {
      const all = rest.length === 0 ? audio : Buffer.concat([rest, audio])
      const edges: VadEdge[] = []
      let start = 0
      for (; start + windowBytes <= all.length; start += windowBytes) {
        const edge = edgeOf(all.subarray(start, start + windowBytes))
        if (edge !== undefined) edges.push(edge)
      }
      rest = all.slice(start)
      return edges
    },
    reset() {
      loud = 0
      quiet = 0
      speaking = false
    },
  }
}
