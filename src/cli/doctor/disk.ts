import { mkdir, open, readFile, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AgentPlans } from '../../agents/plan.ts'
import { type Check, type Finding, fail, ok, warn } from './check.ts'

/** Two channels of 16 bits at 8 kHz. */
const RECORDED_BYTES_PER_HOUR = 115_200_000
const LEAST_BYTES = 100_000_000
const LITTLE_BYTES = 1_000_000_000
/** Fewer hours of recorded calls than this fit: less than a busy day. */
const LITTLE_HOURS = 24
const SLOW_MS = 200

const reasons: Readonly<Record<string, string>> = {
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'it is no directory',
}

/** Whether calls can be kept under DATA_DIR: written, made sure of, put in place, read; and whether there is room. */
export const diskCheck: Check = {
  name: 'disk',
  async run({ config, plans }) {
    const { dataDir } = config
    if (dataDir === undefined) return ok('nothing is kept on a disk: DATA_DIR is none')
    try {
      const tookMs = await write(dataDir)
      return [slowness(dataDir, tookMs), await room(dataDir, plans)]
    } catch (error) {
      const why = reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error))
      const todo = 'mount a volume there, give it to the user that runs this (1000 in the image), or correct DATA_DIR'
      return fail(`DATA_DIR ${dataDir} cannot be written: ${why}`, todo)
    }
  },
}

/** As a database and recordings are written; leaves nothing behind. Returns how long that took [ms]. */
async function write(folder: string): Promise<number> {
  await makeFolder(folder)
  const [first, last] = [`.doctor-${process.pid}`, `.doctor-${process.pid}-done`].map((name) => join(folder, name))
  if (first === undefined || last === undefined) throw new RangeError('two names were expected')
  const began = performance.now()
  try {
    const file = await open(first, 'wx')
    try {
      await file.write('ok')
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(first, last)
    if ((await readFile(last, 'utf8')) !== 'ok') throw new Error('what was written is not what is read')
    return performance.now() - began
  } finally {
    await rm(first, { force: true })
    await rm(last, { force: true })
  }
}

/** Node's own `recursive` never returns where a parent can be seen and nothing be made in it, such as /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function slowness(folder: string, tookMs: number): Finding {
  const what = `DATA_DIR ${folder} can be written; a file is safe after ${Math.round(tookMs)} ms`
  return tookMs > SLOW_MS
    ? warn(what, 'is it a disk of this machine? A network’s is slow, and SQLite needs real locks')
    : ok(what)
}

async function room(folder: string, { default: fallback, numbers }: AgentPlans): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const isRecording = [fallback, ...numbers.values()].some(
    ({ recording, flightRecorder }) => recording || flightRecorder,
  )
  const hours = Math.floor(free / RECORDED_BYTES_PER_HOUR)
  const what = `${(free / 1e9).toFixed(1)} GB free${isRecording ? `: room for ${hours} h of recorded calls` : ''}`
  const todo = 'make room, or set RETENTION_DAYS lower'
  if (free < LEAST_BYTES) return fail(what, todo)
  return free < LITTLE_BYTES || (isRecording && hours < LITTLE_HOURS) ? warn(what, todo) : ok(what)
}
