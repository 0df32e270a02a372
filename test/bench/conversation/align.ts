import type { PlayedFrame } from './phone.ts'

/** A frame of the phone's that is a part of the answer: which one. */
export interface AlignedFrame {
  /** When it began to play [ms of the line's time]. */
  readonly atMs: number
  /** Its first sample's place in the answer [samples]. */
  readonly place: number
}

/** Samples of a frame. */
const FRAME = 160
const FRAME_MS = 20
/** More alike than this is the same sound: mu-law again and again is 1, another word below 0.8. */
const ALIKE = 0.97
/** So many frames are not found elsewhere by chance. */
const SURE_FRAMES = 3
/** A stretch whose first frames are nowhere is another answer. */
const FIRST_FRAMES = 6
/** Quieter than this a frame is anything and nothing; it is where it is expected [RMS of 16 bits]. */
const QUIET = 40

/**
 * Finds what was played of the answer, to the sample.
 *
 * ```
 *   answer   ▁▂▃▅▂▁▃▅▆▃▁▂▃▅▂▁▃▅▆▃
 *   played   ▁▂▃▅▂▁  (held)  ▂▁▃▅▆ …    20 ms said again: the place steps back by 160
 * ```
 * A frame is looked for where it follows from the one before; when it is not there, everywhere. A vowel is like many
 * others, so a stretch without a pause counts only when most of it is found: else it belongs to another answer.
 */
export function align(played: readonly PlayedFrame[], answer: Int16Array): AlignedFrame[] {
  const aligned: AlignedFrame[] = []
  for (const stretch of stretchesOf(played)) {
    const last = aligned.at(-1)
    aligned.push(...alignStretch(stretch, answer, last === undefined ? 0 : last.place + FRAME))
  }
  return aligned
}

/** Frames that follow each other without a pause. */
function stretchesOf(played: readonly PlayedFrame[]): PlayedFrame[][] {
  const stretches: PlayedFrame[][] = []
  let endMs = Number.NEGATIVE_INFINITY
  for (const frame of played) {
    if (frame.atMs > endMs) stretches.push([])
    stretches.at(-1)?.push(frame)
    endMs = frame.atMs + FRAME_MS
  }
  return stretches
}

function alignStretch(stretch: readonly PlayedFrame[], answer: Int16Array, from: number): AlignedFrame[] {
  const aligned: AlignedFrame[] = []
  /** Quiet frames whose place is known when a loud one is found. */
  let quiet: PlayedFrame[] = []
  let expected = from
  let [loud, found] = [0, 0]
  for (const frame of stretch) {
    if (isQuiet(frame.samples)) {
      quiet.push(frame)
      expected += FRAME
      continue
    }
    loud++
    const place = placeOf(frame.samples, answer, expected)
    if (place === undefined) {
      // To look everywhere for each frame of another answer would take seconds.
      if (found === 0 && loud === FIRST_FRAMES) return []
      expected += FRAME
      continue
    }
    found++
    aligned.push(...quiet.map(({ atMs }, i) => ({ atMs, place: place - (quiet.length - i) * FRAME })))
    quiet = []
    aligned.push({ atMs: frame.atMs, place })
    expected = place + FRAME
  }
  const follows = aligned[0]?.place === from
  if (found * 2 <= loud || (found < SURE_FRAMES && !follows)) return []
  aligned.push(...quiet.map(({ atMs }, i) => ({ atMs, place: expected - (quiet.length - i) * FRAME })))
  const sure = runsOf(aligned).filter((run) => run.length >= SURE_FRAMES || run[0]?.place === from)
  return sure.flat().filter(({ place }) => place >= 0 && place < answer.length)
}

/** Frames whose places follow each other. */
function runsOf(aligned: readonly AlignedFrame[]): AlignedFrame[][] {
  const runs: AlignedFrame[][] = []
  for (const frame of aligned) {
    const last = runs.at(-1)
    if (last?.at(-1)?.place === frame.place - FRAME) last.push(frame)
    else runs.push([frame])
  }
  return runs
}

function placeOf(samples: Int16Array, answer: Int16Array, expected: number): number | undefined {
  if (likeness(samples, answer, expected) >= ALIKE) return expected
  let best: number | undefined
  let most = ALIKE
  for (let place = 0; place + FRAME <= answer.length; place++) {
    // A quarter of the frame says almost always that it is not here.
    if (likeness(samples, answer, place, FRAME / 4) < ALIKE - 0.1) continue
    const found = likeness(samples, answer, place)
    const nearer = best === undefined || Math.abs(place - expected) < Math.abs(best - expected)
    if (found > most + 1e-6 || (found >= most - 1e-6 && nearer)) {
      best = place
      most = Math.max(most, found)
    }
  }
  return best
}

/** Of 1 when they are the same, also at another level; 0 or less when they have nothing in common. */
function likeness(samples: Int16Array, answer: Int16Array, place: number, count = FRAME): number {
  let both = 0
  let one = 0
  let other = 0
  for (let i = 0; i < count; i++) {
    const a = samples[i] ?? 0
    const b = answer[place + i] ?? 0
    both += a * b
    one += a * a
    other += b * b
  }
  return one === 0 || other === 0 ? 0 : both / Math.sqrt(one * other)
}

function isQuiet(samples: Int16Array): boolean {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return sum < QUIET * QUIET * samples.length
}
