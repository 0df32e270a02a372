import { constants } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../../base/log.ts'
import { openShelf } from '../shelf.ts'
import { HEADER_BYTES, stereoHeader } from './wav-header.ts'

/** A sample of both channels. */
const FRAME_BYTES = 4
/** A file that was written so lately is being written: by a process that shares the directory [ms]. */
export const QUIET_MS = 3000

/**
 * Makes the recordings that a crash left say how long they are: what was written behind the last header counts too. Returns
 * how many were repaired; what cannot be is left as it is.
 * @param directory the data directory.
 * @param now [ms since 1970]; files that were written in the last `QUIET_MS` are left alone.
 * @param before those of streams that were answered then or later are left alone: they may be being written [ms since 1970].
 */
export async function repairRecordings({
  directory,
  before,
  now,
  log,
}: {
  readonly directory: string
  readonly before: number
  readonly now: number
  readonly log: Logger
}): Promise<number> {
  const shelf = openShelf({ directory, log })
  let repaired = 0
  for (const callId of await readdir(join(directory, 'calls')).catch(() => [])) {
    for (const { kind, name, answeredAt } of await shelf.list(callId)) {
      const path = kind === 'recording' && answeredAt < before ? await shelf.pathOf(callId, name) : undefined
      if (path !== undefined && (await repair(path, now).catch(() => false))) repaired++
    }
  }
  if (repaired > 0) log.info({ repaired }, 'recordings that were cut off can be played to their end')
  return repaired
}

async function repair(path: string, now: number): Promise<boolean> {
  await using file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW)
  const { size, mtimeMs } = await file.stat()
  if (Math.abs(now - mtimeMs) < QUIET_MS) return false
  const right = stereoHeader(Math.max(0, Math.floor((size - HEADER_BYTES) / FRAME_BYTES) * FRAME_BYTES))
  const header = Buffer.alloc(HEADER_BYTES)
  const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0)
  // Another kind of file, or one that is right.
  if (bytesRead === HEADER_BYTES && (header.equals(right) || !isOurs(header))) return false
  await file.write(right, 0, HEADER_BYTES, 0)
  return true
}

/** It differs from ours by its two sizes alone. */
function isOurs(header: Buffer): boolean {
  const plain = stereoHeader(0)
  return header.every((byte, i) => byte === plain[i] || (i >= 4 && i < 8) || i >= HEADER_BYTES - 4)
}
