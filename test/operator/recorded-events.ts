import { readdirSync, readFileSync } from 'node:fs'
import type { KeptEvent } from '../../src/call/archive.ts'
import type { CallEvent } from '../../src/call/events.ts'

const calls = new URL('../../fixtures/audio/calls/', import.meta.url).pathname

/** When the first stream of every recorded call was answered [ms since 1970]. */
export const ANSWERED_AT = 1_760_000_000_000

/** The names of all recorded calls. */
export const recordedCalls = readdirSync(calls, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** What happened in a recorded call, stream after stream, as it would be kept; a stream begins a minute after the one before. */
export function recordedEvents(name: string): readonly KeptEvent[] {
  const { streams } = JSON.parse(readFileSync(`${calls}${name}/expected.json`, 'utf8')) as {
    readonly streams: readonly { readonly events: readonly CallEvent[] }[]
  }
  return streams.flatMap(({ events }, i) => {
    const stream = ANSWERED_AT + i * 60_000
    return events.map((event) => ({ stream, at: stream + event.atMs, event }))
  })
}
