import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type SupervisorEvent, type SupervisorOptions, supervise } from '../../../src/providers/local/supervisor.ts'

const FINE = `const { parentPort } = require('node:worker_threads')
parentPort.postMessage('ready')
parentPort.on('message', (what) => { if (what === 'crash') throw new Error('as asked'); if (what === 'end') parentPort.close() })`
const STUBBORN = `${FINE}\nsetInterval(() => {}, 1000)\nparentPort.on('message', () => { for (;;); })`

/** A supervised thread that runs `code`, and what happened to it. */
async function start(code: string, changes: Partial<SupervisorOptions> = {}) {
  const workers: Worker[] = []
  const events: SupervisorEvent[] = []
  const waiting: (() => void)[] = []
  let readies = 0
  const supervisor = await supervise({
    spawn: () => {
      const worker = new Worker(code, { eval: true, stderr: true })
      workers.push(worker)
      return worker
    },
    heard: (message) => {
      if (message === 'ready') readies++
      return message === 'ready'
    },
    readyMs: 10_000,
    clock: systemClock,
    onEvent: (event) => {
      events.push(event)
      waiting.shift()?.()
    },
    ...changes,
  })
  const nextEvent = () => new Promise<void>((resolve) => waiting.push(resolve))
  return { supervisor, workers, events, nextEvent, readies: () => readies }
}

describe('the supervisor of a thread', () => {
  it('starts it again when it crashes, and tells', async () => {
    const { supervisor, workers, events, nextEvent, readies } = await start(FINE)
    await using _ = supervisor
    const crashed = nextEvent()
    workers[0]?.postMessage('crash')
    await crashed
    await nextEvent()
    expect(events).toMatchObject([
      { type: 'crashed', error: { message: 'as asked' }, restarts: true },
      { type: 'restarted' },
    ])
    expect(readies()).toBe(2)
  })

  it('gives up at the third crash within a minute', async () => {
    const { supervisor, workers, events, nextEvent } = await start(FINE)
    await using _ = supervisor
    for (let crash = 0; crash < 3; crash++) {
      const crashed = nextEvent()
      workers.at(-1)?.postMessage('crash')
      await crashed
      if (crash < 2) await nextEvent()
    }
    expect(events.at(-1)).toMatchObject({ type: 'crashed', restarts: false })
    expect(workers).toHaveLength(3)
  })

  it('fails with the thread\u2019s own reason when it does not even start', async () => {
    await expect(start(`throw new Error('no model')`)).rejects.toThrow('no model')
  })

  it('fails when the thread is not ready in time', async () => {
    const clock = new ManualClock()
    const starting = start('setInterval(() => {}, 1000)', { clock, readyMs: 500 })
    const failed = expect(starting).rejects.toThrow('not ready in 500 ms')
    clock.advance(500)
    await failed
  })

  it('ends the thread when it is disposed, and tells of no crash', async () => {
    const { supervisor, workers, events } = await start(FINE)
    const gone = workers.map((worker) => once(worker, 'exit'))
    await supervisor[Symbol.asyncDispose]()
    await Promise.all(gone)
    await supervisor[Symbol.asyncDispose]()
    expect(events).toEqual([])
  })

  it('ends a thread that does not listen any more', async () => {
    const clock = new ManualClock()
    const { supervisor, workers } = await start(STUBBORN, { clock })
    const gone = workers.map((worker) => once(worker, 'exit'))
    const disposed = supervisor[Symbol.asyncDispose]()
    clock.advance(2000)
    await disposed
    await Promise.all(gone)
  })

  it('does not start again what was disposed while it was down', async () => {
    const clock = new ManualClock()
    const { supervisor, workers, nextEvent } = await start(FINE, { clock })
    const crashed = nextEvent()
    workers[0]?.postMessage('crash')
    await crashed
    await supervisor[Symbol.asyncDispose]()
    clock.advance(60_000)
    expect(workers).toHaveLength(1)
  })
})
