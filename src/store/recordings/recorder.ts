import type { Logger } from '../../base/log.ts'
import type { CallTap, OpenTap, Tapped } from '../../call/tap.ts'
import { type FileClosed, OpenFiles, ShelfFile, type ShelfFileOptions } from '../shelf-file.ts'
import { StereoLine } from './stereo-line.ts'
import { stereoHeader } from './wav-header.ts'

/**
 * So often there is something to write, and that is what had come the time before: what was heard then is known by now, a
 * tick later, or as late as the event loop is. So a process that dies takes less than a second with it [ms].
 */
const PIECE_MS = 450

export interface RecorderOptions {
  /** The data directory. */
  readonly directory: string
  readonly log: Logger
  readonly onClosed?: FileClosed
  /** For tests of a disk that fails. */
  readonly open?: ShelfFileOptions['open']
}

/**
 * Records the calls of agents that want it: stereo WAV, PCM16 at 8 kHz, left the caller, right what the caller heard.
 *
 * ```
 *   tap: caller, heard ─▶ stereo line ── what has settled, twice a second ─▶ file ─▶ disk, beside the call
 *        ended ─────────▶ the rest ─▶ closed
 * ```
 * The file can be played at any moment. Disposing closes what is open and waits for the disk, 5 s at most.
 */
export function makeRecorder({ directory, log, onClosed, open }: RecorderOptions): OpenTap & AsyncDisposable {
  const files = new OpenFiles()
  const openTap: OpenTap = ({ info, agent, format, answeredAt }) => {
    if (!agent.recording || format.encoding === 'pcm16') return undefined
    const { callId } = info
    const place = { directory, callId, name: `${answeredAt}.wav` }
    const file = new ShelfFile({
      ...place,
      log,
      onClosed,
      header: stereoHeader,
      ...(open === undefined ? {} : { open }),
    })
    files.add(file)
    return record(new StereoLine(format.encoding), file, () => files.close(file))
  }
  return Object.assign(openTap, { [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]() })
}

function record(line: StereoLine, file: ShelfFile, close: () => void): CallTap {
  let writtenMs = 0
  let settled = 0
  return (what: Tapped) => {
    if (!file.writable) {
      if (what.type === 'happened' && what.event.type === 'ended') close()
      return
    }
    switch (what.type) {
      case 'leg-event':
        if (what.event.type !== 'audio') return
        line.caller(what.event.audio, what.event.atMs, what.atMs)
        if (what.atMs - writtenMs < PIECE_MS) return
        file.append(line.take(settled))
        settled = line.end
        writtenMs = what.atMs
        return
      case 'heard':
        line.heard(what.audio, what.atMs)
        return
      case 'happened':
        if (what.event.type !== 'ended') return
        file.append(line.rest())
        close()
    }
  }
}
