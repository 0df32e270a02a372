import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip } from 'node:zlib'
import { z } from 'zod'
import { type FlightHeader, type FlightLine, flightHeader, flightLine } from './flight.ts'

/** One stream of a call, as it was recorded. */
export interface Flight {
  readonly header: FlightHeader
  /** In the order in which they happened. */
  readonly lines: readonly FlightLine[]
  /** It goes to the end of the call: nothing was cut off by a crash or by the bound of its length. */
  readonly whole: boolean
}

/** Longer than any that is written: what is no flight record must not fill the memory. */
const MAX_LINE_CHARS = 1 << 26

/**
 * Reads a flight record; of one whose end is missing, or damaged, all that is before.
 * @throws RangeError saying which line is wrong and how; the system's error when there is no such file.
 */
export async function readFlight(path: string): Promise<Flight> {
  const lines: FlightLine[] = []
  let header: FlightHeader | undefined
  let number = 0
  const take = (text: string) => {
    number++
    const json = parsed(text, path, number)
    if (header === undefined) header = checked(flightHeader, json, path, number)
    else lines.push(checked(flightLine, json, path, number))
  }
  try {
    await pipeline(createReadStream(path), createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }), async (chunks) => {
      await eachLine(chunks, take)
    })
  } catch (error) {
    // The last piece of a process that died, or of a disk that was full.
    if (!isDamage(error) || header === undefined)
      throw isDamage(error) ? new RangeError(`${path}: no flight record`) : error
  }
  if (header === undefined) throw new RangeError(`${path}: no flight record, it is empty`)
  const whole = lines.some(({ type, ...line }) => type === 'happened' && 'event' in line && line.event.type === 'ended')
  return { header, lines, whole }
}

/** What stands behind the last line's end is a line that was cut off. */
async function eachLine(chunks: AsyncIterable<Buffer>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const texts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = texts.pop() ?? ''
    if (rest.length > MAX_LINE_CHARS) throw new RangeError('a line of it is too long for a flight record')
    for (const text of texts) take(text)
  }
}

function parsed(text: string, path: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RangeError(`${path}, line ${number}: not JSON`)
  }
}

function checked<T>(schema: z.ZodType<T>, json: unknown, path: string, number: number): T {
  const read = schema.safeParse(json)
  if (read.success) return read.data
  throw new RangeError(`${path}, line ${number}: ${z.prettifyError(read.error)}`)
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}
