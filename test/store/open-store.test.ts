import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { openStore } from '../../src/open-store.ts'
import { stereoHeader } from '../../src/store/recordings/wav-header.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { makePlace, until } from './database-stage.ts'
import { NOON, recordOf } from './told.ts'

const DAY_MS = 86_400_000

function house() {
  const clock = new ManualClock()
  const { log } = makeLogRecorder()
  return { clock, log, now: () => NOON + clock.now() }
}

describe('what the house keeps', () => {
  it('is forgotten by age also where it is in memory alone', async () => {
    const surroundings = house()
    await using scope = new AsyncDisposableStack()
    const { store } = await openStore(
      { dataDir: undefined, databaseUrl: undefined, retentionDays: 2 },
      surroundings,
      scope,
    )
    store.keep(recordOf('CA1'))
    for (let hour = 0; hour < 47; hour++) {
      surroundings.clock.advance(DAY_MS / 24)
      await new Promise(setImmediate)
    }
    expect(await store.recall('CA1')).toBeDefined()
    for (let hour = 0; hour < 2; hour++) {
      surroundings.clock.advance(DAY_MS / 24)
      await new Promise(setImmediate)
    }
    expect(await store.recall('CA1')).toBeUndefined()
  })

  it('has the recording that a crash has just cut off repaired, a moment later', async () => {
    using place = makePlace()
    const surroundings = house()
    const folder = join(place.directory, 'calls', 'CA1')
    const path = join(folder, '1000.wav')
    await mkdir(folder, { recursive: true })
    await writeFile(path, Buffer.concat([stereoHeader(0), Buffer.alloc(400)]))
    await utimes(path, NOON / 1000 - 1, NOON / 1000 - 1)
    await using scope = new AsyncDisposableStack()
    await openStore(
      { dataDir: place.directory, databaseUrl: undefined, retentionDays: 20_000_000 },
      surroundings,
      scope,
    )
    const isWhole = async () => (await readFile(path)).subarray(0, 44).equals(stereoHeader(400))
    expect(await isWhole()).toBe(false)
    surroundings.clock.advance(6000)
    let whole = false
    await until(() => {
      void isWhole().then((is) => {
        whole = is
      })
      return whole
    })
  })
})
