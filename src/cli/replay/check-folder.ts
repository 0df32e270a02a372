import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { compare, type Difference } from './compare.ts'
import { replay, type StreamReplay } from './engine.ts'
import { momentsOf, type Seen } from './moments.ts'
import { readRecordedCall } from './recorded-call.ts'
import type { Verdict } from './run.ts'

/**
 * Replays a folder of a recorded call and compares it with what is expected there: to the millisecond.
 * @param nowMs a clock of the real time, for how long it takes.
 * @throws RangeError saying what in the folder is wrong.
 */
export async function checkFolder(folder: string, nowMs: () => number): Promise<Verdict> {
  const call = readRecordedCall(folder)
  const expected: { streams: StreamReplay[] } = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'))
  const startedMs = nowMs()
  const { streams } = await replay(call)
  const tookMs = nowMs() - startedMs
  const differences = expected.streams.flatMap((was, i) => {
    const is = streams[i]
    return is === undefined ? [{ atMs: 0, text: `stream ${i + 1}: is not there any more` }] : differencesOf(was, is)
  })
  if (streams.length > expected.streams.length) {
    differences.push({ atMs: 0, text: `stream ${streams.length}: was not there when it was recorded` })
  }
  const recordedMs = streams.reduce((sum, { events }) => sum + (events.at(-1)?.atMs ?? 0), 0)
  const moments = streams.flatMap((stream) => momentsOf(seenOf(stream)))
  return { call, moments, differences, recordedMs, tookMs, limits: [] }
}

function differencesOf(was: StreamReplay, is: StreamReplay): readonly Difference[] {
  if (isDeepStrictEqual(was, is)) return []
  const differences = compare(momentsOf(seenOf(was)), momentsOf(seenOf(is)), undefined, { timeMs: 0, heardMs: 0 })
  if (differences.length > 0) return differences
  const fields = Object.keys({ ...was, ...is }).filter(
    (field) => !isDeepStrictEqual(fieldOf(was, field), fieldOf(is, field)),
  )
  return fields.map((field) => ({
    atMs: 0,
    text: `${field}: was ${JSON.stringify(fieldOf(was, field))}, is ${JSON.stringify(fieldOf(is, field))}`.slice(
      0,
      400,
    ),
  }))
}

function fieldOf(stream: StreamReplay, field: string): unknown {
  return Object.entries(stream).find(([name]) => name === field)?.[1]
}

function seenOf({ events, carrier, told, toldAnew = [] }: StreamReplay): Seen[] {
  return [
    ...events.map((event): Seen => ({ atMs: event.atMs, type: 'happened', event })),
    ...carrier.map(
      ({ atMs, type }): Seen => ({ atMs, type: 'leg-deed', deed: { type: type === 'clear' ? type : 'hang-up' } }),
    ),
    ...[told, ...toldAnew.map((anew) => anew.told)].flatMap((deeds, session) =>
      deeds.map((deed): Seen => ({ atMs: deed.atMs, type: 'session-deed', session, deed })),
    ),
  ]
}
