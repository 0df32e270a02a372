import { FRAME_MS } from './frame-clock.ts'

/**
 * What may go wrong on the way between the carrier and the server, on purpose. `atMs` is [ms] since the stream's start.
 *
 * ```
 *   sent     1 2 3 4 5 6 7 8        gap     1 2 3 . . . 7 8     timestamps jump, counters do not: the line was silent
 *                                   lose    1 2 3 x x x 7 8     timestamps and counters jump: frames went missing
 *                                   burst   1 2 3 - - -4567 8   nothing for a while, then all at once
 * ```
 */
export type Fault = {
  /** Which of the call's streams it strikes, from 0 (default); a stream that was opened again is the next. */
  readonly stream?: number | 'every'
} & (
  | { readonly type: 'gap'; readonly atMs: number; readonly ms: number }
  | { readonly type: 'lose'; readonly atMs: number; readonly ms: number }
  | { readonly type: 'burst'; readonly atMs: number; readonly ms: number }
  /** All through the stream frames come late, by up to `maxMs`, in order. */
  | { readonly type: 'jitter'; readonly maxMs: number }
  /** Marks are sent back this much later than they should be. */
  | { readonly type: 'late-marks'; readonly ms: number }
  /** The connection breaks: no `stop`, no close frame. */
  | { readonly type: 'drop'; readonly atMs: number }
  /** The connection is closed, politely (1000), but without `stop`; the call goes on. */
  | { readonly type: 'close'; readonly atMs: number }
  /**
   * The stream is dead and the TCP connection stays open for `holdMs` (default 45 s). The call goes on at once, as it does
   * when the carrier has given the stream up (default; `giveUpMs` later, when that is set), or only when the connection has
   * ended.
   */
  | {
      readonly type: 'half-open'
      readonly atMs: number
      readonly holdMs?: number
      readonly giveUpMs?: number
      readonly goesOn?: 'at-once' | 'when-closed'
    }
  /** `start` never comes, nor anything after it. */
  | { readonly type: 'no-start' }
  /** `start` comes a second time. */
  | { readonly type: 'duplicate-start'; readonly atMs: number }
  /** Hanging up closes the socket without `stop`. */
  | { readonly type: 'no-stop' }
  /** The server's messages are not read for a while. */
  | { readonly type: 'slow-reader'; readonly atMs: number; readonly ms: number }
  /** Sends these bytes as a message of their own: text for a string, binary else. */
  | { readonly type: 'send'; readonly atMs: number; readonly data: string | Uint8Array }
)

type Now<T> = T extends { readonly atMs: number } ? Omit<T, 'atMs' | 'stream'> : never

/** A fault that has a moment, for when that moment is now. */
export type FaultNow = Now<Fault>

/** The faults of one stream, out of those of the whole call. */
export function faultsOfStream(faults: readonly Fault[], stream: number): readonly Fault[] {
  return faults.filter((fault) => fault.stream === 'every' || (fault.stream ?? 0) === stream)
}

/** What becomes of the frame of one tick. */
export type FrameFate = 'send' | 'hold' | 'gap' | 'lose'

/** Pseudo-random numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Decides the fate of each frame of one stream; to be asked once a tick, in order. */
export function makeFrameFate(faults: readonly Fault[], random: () => number): (atMs: number) => FrameFate {
  const jitterMs = Math.max(0, ...faults.map((fault) => (fault.type === 'jitter' ? fault.maxMs : 0)))
  let heldUntilMs = Number.NEGATIVE_INFINITY
  return (atMs) => {
    const during = (type: Fault['type']) =>
      faults.some((fault) => fault.type === type && 'ms' in fault && 'atMs' in fault && inside(fault, atMs))
    if (during('gap')) return 'gap'
    if (during('lose')) return 'lose'
    if (during('burst')) return 'hold'
    if (atMs < heldUntilMs) return 'hold'
    // What was held goes out first: no frame is later than `maxMs`.
    if (heldUntilMs > atMs - FRAME_MS || jitterMs === 0) return 'send'
    // One frame in five is late; those behind it wait for it, as on any ordered connection.
    if (random() < 0.2) heldUntilMs = atMs + random() * jitterMs
    return atMs < heldUntilMs ? 'hold' : 'send'
  }
}

function inside(span: { readonly atMs: number; readonly ms: number }, atMs: number): boolean {
  return atMs >= span.atMs && atMs < span.atMs + span.ms
}
