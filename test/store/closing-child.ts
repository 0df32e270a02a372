import { Worker } from 'node:worker_threads'
import { openSqliteStore } from '../../src/store/sql/sqlite.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { answered } from './told.ts'

/** Closes a store whose thread has just died, in a process that has nothing else open. */
const [, , directory = '.'] = process.argv
const threads: Worker[] = []
const store = await openSqliteStore({
  directory,
  log: makeLogRecorder().log,
  spawn: (workerData) => {
    const url = new URL('../../src/store/sql/store-worker.ts', import.meta.url)
    const thread = new Worker(url, { workerData, execArgv: [], env: {} })
    threads.push(thread)
    return thread
  },
})
await threads[0]?.terminate()
store.append('CA1', answered)
await store[Symbol.asyncDispose]()
process.stdout.write('closed')
