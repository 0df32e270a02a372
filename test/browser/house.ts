import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { CallEvent } from '../../src/call/events.ts'
import { readConfig } from '../../src/config.ts'
import { startOffhook } from '../../src/offhook.ts'
import { type HouseOptions, openHouse } from '../e2e/house.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { keepPast, type PastCall } from './past.ts'

/** A house that keeps what it hears, and shows it: recordings, flight records, a page. */
const kept = { RECORDING: 'on', FLIGHT_RECORDER: 'on', MAX_LAG_MS: '10000', FILLER_AFTER_MS: '0' }

/** A folder for one house; disposing deletes it. */
function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'offhook-page-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export interface DeskOptions extends HouseOptions {
  /** Calls of days gone by. */
  readonly past?: readonly PastCall[]
}

/** The whole server before a simulated model; callers are simulated ones, as many as wanted. */
export async function openDesk({ env, past = [], ...options }: DeskOptions = {}) {
  await using opening = new AsyncDisposableStack()
  const folder = opening.use(makeFolder())
  if (past.length > 0) await keepPast(folder.path, past)
  const house = opening.use(await openHouse({ ...options, env: { ...kept, DATA_DIR: folder.path, ...env } }))
  const scope = opening.move()
  return { ...house, url: house.offhook.url, folder: folder.path, [Symbol.asyncDispose]: () => scope.disposeAsync() }
}

/** The whole server with the embedded agent, which understands recorded speech. */
export async function openEmbedded(env: Readonly<Record<string, string>> = {}) {
  await using opening = new AsyncDisposableStack()
  const folder = opening.use(makeFolder())
  const events: CallEvent[] = []
  const arrived = new EventEmitter()
  // As relative as the default is.
  const DATA_DIR = relative(process.cwd(), folder.path)
  const config = readConfig({ PORT: '0', REALTIME_PROVIDERS: 'local', ...kept, DATA_DIR, ...env })
  const offhook = opening.use(
    await startOffhook(config, {
      log: makeLogRecorder().log,
      onCallEvent(_, event) {
        events.push(event)
        arrived.emit('event')
      },
    }),
  )
  const scope = opening.move()
  return {
    offhook,
    events,
    url: offhook.url,
    folder: folder.path,
    /** Resolves with the events so far when there is one that fits. */
    async happened(fits: (event: CallEvent) => boolean): Promise<readonly CallEvent[]> {
      while (!events.some(fits)) await once(arrived, 'event', { signal: AbortSignal.timeout(60_000) })
      return events
    },
    [Symbol.asyncDispose]: () => scope.disposeAsync(),
  }
}
