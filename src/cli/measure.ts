import { decodeMulaw } from '../audio/g711.ts'
import { levelDbfs } from '../audio/level.ts'

/** Mu-law bytes and length [ms] of a frame: everything here is exact to one frame. */
const FRAME_BYTES = 160
const FRAME_MS = 20
/** What is quieter [dBFS] is not speech: hiss of a line and of recordings. */
const FLOOR_DBFS = -50
/** Speech reaches down to this far below its loudest 20 ms [dB]; what is quieter is breath and room. */
const SPEECH_RANGE_DB = 35

/** Level of each 20 ms of a mu-law 8 kHz recording [dBFS]; a rest shorter than a frame is left out. */
export function frameLevels(mulaw: Uint8Array): number[] {
  return Array.from({ length: Math.floor(mulaw.length / FRAME_BYTES) }, (_, frame) =>
    levelDbfs(decodeMulaw(mulaw.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES))),
  )
}

/** Whether a frame of this level can be heard as sound of its own. */
export function isAudible(levelOfFrame: number): boolean {
  return levelOfFrame > FLOOR_DBFS
}

/** Where speech begins and ends [ms], both in the time of the recording. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Where someone speaks between `fromMs` and `toMs`, by energy: the first to the last frame that is loud enough and not
 * alone (a click is one frame). `undefined`: nobody speaks there.
 */
export function speechSpan(levels: readonly number[], fromMs: number, toMs: number): Span | undefined {
  const first = Math.floor(fromMs / FRAME_MS)
  const window = levels.slice(first, Math.ceil(toMs / FRAME_MS))
  const loudest = window.reduce((most, level) => Math.max(most, level), Number.NEGATIVE_INFINITY)
  const threshold = Math.max(FLOOR_DBFS, loudest - SPEECH_RANGE_DB)
  const loud = window.map((level) => level > threshold)
  const speech = loud.map((is, i) => is && (loud[i - 1] === true || loud[i + 1] === true))
  const begin = speech.indexOf(true)
  if (begin < 0) return undefined
  return { fromMs: (first + begin) * FRAME_MS, toMs: (first + speech.lastIndexOf(true) + 1) * FRAME_MS }
}

/** The first audible frame at or after `fromMs` and before `toMs` [ms]. */
export function firstAudibleMs(
  levels: readonly number[],
  fromMs: number,
  toMs = Number.POSITIVE_INFINITY,
): number | undefined {
  const at = levels.findIndex(
    (level, frame) => frame * FRAME_MS >= fromMs && frame * FRAME_MS < toMs && isAudible(level),
  )
  return at < 0 ? undefined : at * FRAME_MS
}

/**
 * When, at or after `fromMs`, silence of at least `lastingMs` begins [ms]: `fromMs` itself when it is silent already;
 * `undefined` when it never is before the recording's end.
 */
export function silentFromMs(levels: readonly number[], fromMs: number, lastingMs = 200): number | undefined {
  const needed = Math.ceil(lastingMs / FRAME_MS)
  let silent = 0
  for (let frame = Math.ceil(fromMs / FRAME_MS); frame < levels.length; frame++) {
    silent = isAudible(levels[frame] ?? Number.NEGATIVE_INFINITY) ? 0 : silent + 1
    if (silent === needed) return Math.max(fromMs, (frame - needed + 1) * FRAME_MS)
  }
  return undefined
}

/** What the recording shows of one turn of the caller, and of the agent's answer. */
export interface TurnMeasure {
  /** From the end of the caller's speech to the first sound of an answer [ms]. */
  readonly latencyMs?: number
  /** The caller spoke while the agent did: from the caller's first sound to the agent's silence [ms]. */
  readonly yieldedMs?: number
}

/**
 * Measures a turn whose words were sent between `said.fromMs` and `said.toMs`, with the answer before `untilMs`.
 * When the agent is speaking as the caller begins, what counts as an answer comes after it has fallen silent.
 */
export function measureTurn(
  caller: readonly number[],
  heard: readonly number[],
  said: Span,
  untilMs: number,
): TurnMeasure {
  const speech = speechSpan(caller, said.fromMs, said.toMs)
  if (speech === undefined) return {}
  const over = firstAudibleMs(heard, Math.max(0, speech.fromMs - 200), speech.fromMs + FRAME_MS) !== undefined
  const silentMs = over ? silentFromMs(heard, speech.fromMs) : speech.toMs
  if (silentMs === undefined) return {}
  const answerMs = firstAudibleMs(heard, Math.max(speech.toMs, silentMs), untilMs)
  return {
    ...(answerMs !== undefined && { latencyMs: answerMs - speech.toMs }),
    ...(over && { yieldedMs: silentMs - speech.fromMs }),
  }
}
