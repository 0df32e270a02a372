import type { Clock } from '../../base/clock.ts'
import type { CallHandle } from '../../call/answer.ts'
import type { CallCommand } from '../../call/supervision.ts'
import type { Flight } from '../../store/flights/read.ts'

/** What an operator did to a stream [ms of the stream]: a command, or a piece of their voice in the line's code. */
export type OperatorAct = { readonly atMs: number } & (
  | { readonly command: CallCommand }
  | { readonly audio: Uint8Array }
)

type Command = Extract<OperatorAct, { command: unknown }>
type Piece = Extract<OperatorAct, { audio: unknown }>

/** What an operator did while a stream was recorded, in order. */
export function actsOfFlight(lines: Flight['lines']): readonly OperatorAct[] {
  return lines.flatMap((line): OperatorAct[] => {
    if (line.type === 'operator-command') return [{ atMs: line.atMs, command: line.command }]
    if (line.type !== 'operator-voice') return []
    return [{ atMs: line.atMs, audio: new Uint8Array(Buffer.from(line.audio, 'base64')) }]
  })
}

/**
 * Commands, and a voice of which it is known when its pieces came, [ms, bytes] each, in order of time; of the same moment
 * the commands are first: nobody is heard before they have taken over.
 */
export function actsOf(
  commands: readonly Command[],
  voice: Uint8Array,
  arrivals: readonly (readonly [number, number])[],
): readonly OperatorAct[] {
  let from = 0
  const pieces = arrivals.map(([atMs, bytes]): Piece => {
    from += bytes
    return { atMs, audio: voice.subarray(from - bytes, from) }
  })
  return [...commands, ...pieces].sort((a, b) => a.atMs - b.atMs)
}

/** Only the commands. */
export function commandsOf(acts: readonly OperatorAct[]): readonly Command[] {
  return acts.filter((act): act is Command => 'command' in act)
}

/** Only the voice. */
export function voiceOf(acts: readonly OperatorAct[]): readonly Piece[] {
  return acts.filter((act): act is Piece => 'audio' in act)
}

/**
 * Does to a stream what was done to it, at the same times.
 *
 * ```
 *   whisper ──── take-over ─ voice voice voice … ─ hand-back ──── hang-up
 * ```
 * Who is not heard for long enough is taken to be gone by today's heart, as then: that is no act.
 * @param signal what has not been done when it aborts is not done.
 */
export function act(handle: CallHandle, acts: readonly OperatorAct[], clock: Clock, signal: AbortSignal): void {
  for (const one of acts) {
    clock.after(
      one.atMs,
      () => {
        if ('command' in one) handle.command(one.command)
        else handle.speak(one.audio)
      },
      signal,
    )
  }
}
