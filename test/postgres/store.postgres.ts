import { afterAll, beforeAll } from 'vitest'
import { openPostgresStore } from '../../src/store/sql/postgres.ts'
import { testArchive } from '../contract/archive.ts'
import { testStore } from '../contract/store.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { until } from '../store/database-stage.ts'
import { NOON } from '../store/told.ts'
import { type PostgresServer, startPostgres } from './server.ts'

let server: PostgresServer
let databases = 0

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server[Symbol.asyncDispose]())

async function openStage() {
  let now = NOON
  const url = await server.database(`contract${++databases}`)
  const store = await openPostgresStore({ url, log: makeLogRecorder().log, now: () => now })
  return {
    store,
    setNow: (at: number) => {
      now = at
    },
    settled: () => until(() => store.health.waiting === 0),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

testStore('PostgreSQL', openStage)
testArchive('PostgreSQL', openStage)
