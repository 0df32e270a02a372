import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../base/log.ts'
import type { CallShelf, ShelvedFile } from '../call/shelf.ts'

/** Nothing else names a folder: no dot, no slash, nothing that leads anywhere. */
const CALL_ID = /^[A-Za-z0-9_-]{1,64}$/
/** From 1970 to the year 5138. */
const FILE_NAME = /^(\d{1,14})\.(wav|flight)$/

const KINDS = { wav: 'recording', flight: 'flight' } as const

export interface ShelfOptions {
  /** The data directory; calls are in `calls` below it. */
  readonly directory: string
  readonly log: Logger
}

/** A shelf that stops forgetting, after the call at which it is, when `signal` aborts. */
interface Shelf extends CallShelf {
  forget(beforeAt: number, signal?: AbortSignal): Promise<number>
}

/**
 * Recordings and flight records as they lie on the disk. Whatever is asked for, nothing outside is ever named, read or
 * deleted: a link is no file of a call, and a folder that is one is no call.
 *
 * ```
 *   <directory>/calls/<callId>/<answeredAt>.wav       0600 in folders of 0700
 *                             /<answeredAt>.flight
 * ```
 */
export function openShelf({ directory, log }: ShelfOptions): Shelf {
  const shelf = join(directory, 'calls')
  return {
    list: (callId) => listCall(shelf, callId),
    async pathOf(callId, name) {
      if (!CALL_ID.test(callId) || !FILE_NAME.test(name)) return undefined
      if (!(await isFolder(join(shelf, callId)))) return undefined
      const path = join(shelf, callId, name)
      return (await sizeOf(path)) === undefined ? undefined : path
    },
    async forget(beforeAt, signal) {
      let forgotten = 0
      for (const callId of await namesIn(shelf)) {
        if (signal?.aborted) break
        if (!CALL_ID.test(callId) || !(await isFolder(join(shelf, callId)))) continue
        if ((await lastAt(shelf, callId)) >= beforeAt) continue
        const gone = await remove(join(shelf, callId), log)
        if (gone) forgotten++
      }
      return forgotten
    },
  }
}

/**
 * Where a file of a call is to be written; its folder is made.
 * @throws RangeError for a call id that names no folder; the system's error when the folder cannot be made.
 */
export async function placeOf(directory: string, callId: string, name: string): Promise<string> {
  if (!CALL_ID.test(callId)) throw new RangeError('the call id is no name of a folder')
  const folder = join(directory, 'calls', callId)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!(await isFolder(folder))) throw new RangeError('the folder of the call is none')
  return join(folder, name)
}

async function listCall(shelf: string, callId: string): Promise<readonly ShelvedFile[]> {
  if (!CALL_ID.test(callId) || !(await isFolder(join(shelf, callId)))) return []
  const files: ShelvedFile[] = []
  for (const name of await namesIn(join(shelf, callId))) {
    const [, answeredAt, kind] = FILE_NAME.exec(name) ?? []
    const bytes = await sizeOf(join(shelf, callId, name))
    if (bytes === undefined || (kind !== 'wav' && kind !== 'flight')) continue
    files.push({ name, kind: KINDS[kind], answeredAt: Number(answeredAt), bytes })
  }
  return files.sort((a, b) => a.answeredAt - b.answeredAt || a.name.localeCompare(b.name))
}

/** When the last stream of a call was answered; of a folder without any, when it was made. */
async function lastAt(shelf: string, callId: string): Promise<number> {
  const files = await listCall(shelf, callId)
  const last = files.at(-1)
  if (last !== undefined) return last.answeredAt
  return (await lstat(join(shelf, callId)).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY
}

async function remove(folder: string, log: Logger): Promise<boolean> {
  try {
    await rm(folder, { recursive: true, force: true })
    return true
  } catch (error) {
    log.error({ reason: codeOf(error) }, 'recordings of an old call cannot be deleted')
    return false
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => [])
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() === true
}

/** `undefined`: it is no file. */
async function sizeOf(path: string): Promise<number | undefined> {
  const found = await lstat(path).catch(() => undefined)
  return found?.isFile() === true ? found.size : undefined
}

/** Of a system's error its code: the message has the path in it, and with that the call's id. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
