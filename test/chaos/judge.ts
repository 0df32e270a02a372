import { decodeMulaw } from '../../src/audio/g711.ts'
import { levelDbfs } from '../../src/audio/level.ts'
import { toneDbfs } from '../../src/audio/tone.ts'

/** Length of what is judged at a time [ms]: the carrier's frame. */
export const FRAME_MS = 20

const TONES = 22
/** Below this a caller hears nothing [dBFS]. */
const AUDIBLE_DBFS = -50
/** A tone is this much of all there is in a frame, or it is something else [dB]. */
const PURE_DB = 3
/** Of an answer so much may be missing at its ends, where frames are half full [ms]. */
const SLACK_MS = 80

/**
 * The tone that the `reply`-th answer of a call is [Hz]: whole periods in a frame, away from the house's own sounds (440
 * and 660 Hz), so that one is told from another by sound alone.
 */
export function hertzOf(reply: number): number {
  return 800 + 100 * (reply % TONES)
}

/** What a frame sounds like: an answer of the model by its number modulo 22, anything else, nothing. */
export type Sounding = number | 'other' | 'silence'

/** Listens to one frame of mu-law. */
export function soundingOf(frame: Uint8Array): Sounding {
  const samples = decodeMulaw(frame)
  const level = levelDbfs(samples)
  if (level < AUDIBLE_DBFS) return 'silence'
  for (let reply = 0; reply < TONES; reply++) {
    if (toneDbfs(samples, 8000, hertzOf(reply)) > level - PURE_DB) return reply
  }
  return 'other'
}

/** A stretch of a call [ms of its recording]. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** What the caller said; `again`: because nobody had answered, so that they wait as they did before. */
interface SaidWords extends Span {
  readonly again?: boolean
}

/**
 * What became of one call, as the telephone had it.
 *
 * ```
 *   heard   ....000000....11111111........22222222...      frames: silence, answer 0 (the greeting), answer 1 …
 *   words            ████            ████                  the caller's
 *           ├─ waiting ─┤    ├waiting┤   ├──── waiting
 * ```
 */
export interface Story {
  /** One each 20 ms, from the moment at which the line was answered. */
  readonly heard: readonly Sounding[]
  readonly words: readonly SaidWords[]
  /** How long each answer of the model is [ms], by its number. */
  readonly repliesMs: readonly number[]
  /** When the carrier was told to drop what it had not played yet [ms]: all frames from here on begin after that. */
  readonly clearsMs: readonly number[]
}

/** A caller who waits; what answers them may have begun while they spoke, at the earliest at `sinceMs`. */
interface Wait extends Span {
  readonly sinceMs: number
}

/** From the end of a turn of the caller's (or from the answer of the line) to the next turn, or the end. */
export function waitsOf({ words, heard }: Pick<Story, 'words' | 'heard'>): readonly Wait[] {
  const turns = words.filter(({ again }) => again !== true)
  const ends = [...turns.map(({ fromMs }) => fromMs), heard.length * FRAME_MS]
  return [{ fromMs: 0, toMs: 0 }, ...turns].map(({ fromMs: sinceMs, toMs: fromMs }, i) => {
    return { sinceMs, fromMs, toMs: Math.max(fromMs, ends[i] ?? fromMs) }
  })
}

/** When an answer to this had been heard to its end [ms]; `undefined`: none was. */
export function answeredMs(story: Story, { sinceMs, fromMs, toMs }: Wait): number | undefined {
  const heardMs = new Map<number, number>()
  const before = soundingAt(story.heard, sinceMs)
  for (let frame = Math.ceil(sinceMs / FRAME_MS); frame < toMs / FRAME_MS; frame++) {
    const sounding = story.heard[frame]
    // What the caller talks over is no answer to them.
    if (typeof sounding !== 'number' || sounding === before) continue
    const ms = (heardMs.get(sounding) ?? 0) + FRAME_MS
    heardMs.set(sounding, ms)
    const wholeMs = story.repliesMs.findLast((_, reply) => reply % TONES === sounding) ?? Number.POSITIVE_INFINITY
    if (ms >= wholeMs - SLACK_MS) return Math.max(fromMs, (frame + 1) * FRAME_MS)
  }
  return undefined
}

/** Which answer began last before this [ms]; `undefined`: none has. */
export function soundingAt(heard: readonly Sounding[], ms: number): number | undefined {
  return heard.slice(0, Math.ceil(ms / FRAME_MS)).findLast((sounding) => typeof sounding === 'number')
}

/**
 * The longest stretch [ms] in which a caller who waited for the agent heard nothing at all: after their words until the
 * agent's answer, and within an answer that was broken off by something else than the caller.
 */
export function deadAirMs(story: Story): number {
  return Math.max(
    0,
    ...waitsOf(story).map((wait) => {
      const toMs = answeredMs(story, wait) ?? wait.toMs
      return longestSilenceMs(story.heard, { fromMs: wait.fromMs, toMs })
    }),
  )
}

function longestSilenceMs(heard: readonly Sounding[], { fromMs, toMs }: Span): number {
  let longest = 0
  let run = 0
  for (let frame = Math.ceil(fromMs / FRAME_MS); frame < Math.floor(toMs / FRAME_MS); frame++) {
    run = (heard[frame] ?? 'silence') === 'silence' ? run + 1 : 0
    longest = Math.max(longest, run)
  }
  return longest * FRAME_MS
}

/**
 * Sound of an answer that was still heard after the carrier had been told to drop it [ms].
 * @param takenBack so many clears were a mere hold, as the server itself has it: the agent went on where it was.
 */
export function staleMs({ heard, clearsMs }: Pick<Story, 'heard' | 'clearsMs'>, takenBack = 0): number {
  const stale = clearsMs.map((clearMs) => {
    const at = Math.floor(clearMs / FRAME_MS)
    const cleared = soundingAt(heard, clearMs)
    if (cleared === undefined) return 0
    return heard.slice(at).filter((sounding) => sounding === cleared).length * FRAME_MS
  })
  const counted = stale.toSorted((a, b) => b - a).slice(takenBack)
  return Math.max(0, ...counted)
}

/** The call as a line of text, a sign each 100 ms: answers as letters, `:` something else, and the caller's words under it. */
export function pictureOf({ heard, words }: Pick<Story, 'heard' | 'words'>): readonly [string, string] {
  const steps = Array.from({ length: Math.ceil(heard.length / 5) }, (_, i) => i)
  const ear = steps.map((step) => {
    const sounding = heard.slice(step * 5, step * 5 + 5).find((each) => each !== 'silence') ?? 'silence'
    if (sounding === 'silence') return '.'
    return sounding === 'other' ? ':' : String.fromCharCode(97 + sounding)
  })
  const mouth = steps.map((step) => {
    const isSaid = words.some(({ fromMs, toMs }) => fromMs < step * 100 + 100 && toMs > step * 100)
    return isSaid ? '#' : ' '
  })
  return [ear.join(''), mouth.join('')]
}
