import { describe, expect, it } from 'vitest'
import { wordsOf } from '../../src/call/transcript.ts'
import { type MemoryStoreOptions, openMemoryStore } from '../../src/store/memory/store.ts'
import { testArchive } from '../contract/archive.ts'
import { testStore } from '../contract/store.ts'
import { NOON, recordOf, saidBy } from './told.ts'

function stageOf(options: Partial<MemoryStoreOptions> = {}) {
  let now = NOON
  const store = openMemoryStore({ now: () => now, ...options })
  return {
    store,
    setNow: (at: number) => {
      now = at
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

testStore('the memory of one process', async () => stageOf())
testArchive('the memory of one process', async () => ({
  ...stageOf({ maxAgeMs: Number.POSITIVE_INFINITY }),
  settled: async () => {},
}))

describe('the bounds of a memory', () => {
  it('make the oldest calls give way to new ones, those first that are over', async () => {
    await using stage = stageOf({ maxCalls: 3 })
    const { store } = stage
    store.keep(recordOf('CA1'))
    store.keep(recordOf('CA2', { over: true }))
    store.keep(recordOf('CA3'))
    store.keep(recordOf('CA4'))
    expect(await store.recall('CA2')).toBeUndefined()
    store.keep(recordOf('CA5'))
    expect(await store.recall('CA1')).toBeUndefined()
    expect(await store.recall('CA3')).toBeDefined()
  })

  it('make the oldest words of a call give way to new ones', async () => {
    await using stage = stageOf({ maxEvents: 4 })
    stage.store.keep(recordOf('CA1'))
    for (let place = 0; place < 30; place++) stage.store.append('CA1', saidBy('caller', place, `${place}`))
    expect((await stage.store.recall('CA1'))?.said.map(wordsOf)).toEqual(['26', '27', '28', '29'])
  })

  it('make calls of yesterday give way before any of today', async () => {
    await using stage = stageOf({ maxCalls: 2, maxAgeMs: 1000 })
    const { store } = stage
    store.keep(recordOf('CA1', { over: true }))
    store.keep(recordOf('CA2', { openedAt: NOON - 1001 }))
    store.keep(recordOf('CA3'))
    expect(await store.recall('CA1')).toBeDefined()
    expect(await store.recall('CA2')).toBeUndefined()
  })

  it('make the events of the oldest calls give way to new ones, those calls first that are over', async () => {
    await using stage = stageOf({ maxAllEvents: 100 })
    const { store } = stage
    for (const callId of ['CA1', 'CA2', 'CA3']) {
      store.keep(recordOf(callId, callId === 'CA2' ? { over: true } : {}))
      for (let place = 0; place < 30; place++) store.append(callId, saidBy('caller', place, `${place}`))
    }
    for (let place = 0; place < 30; place++) store.append('CA4', saidBy('caller', place, `${place}`))
    expect(await store.summary('CA2')).toBeUndefined()
    expect(await store.events('CA1')).toHaveLength(30)
    for (let place = 30; place < 60; place++) store.append('CA4', saidBy('caller', place, `${place}`))
    expect(await store.events('CA1')).toEqual([])
    // Its line in history stays, and so does what is needed when its caller comes back.
    expect(await store.summary('CA1')).toMatchObject({ streams: 1 })
    expect((await store.recall('CA1'))?.said).toHaveLength(30)
    expect(await store.events('CA3')).toHaveLength(30)
    expect(await store.events('CA4')).toHaveLength(60)
  })

  it('refuse a ticket that could not be remembered, until others are past', async () => {
    await using stage = stageOf({ maxTickets: 2 })
    const { store } = stage
    expect(await store.claim('1', NOON + 1000)).toBe(true)
    expect(await store.claim('2', NOON + 2000)).toBe(true)
    await expect(store.claim('3', NOON + 3000)).rejects.toThrow(/tickets/)
    stage.setNow(NOON + 1001)
    expect(await store.claim('3', NOON + 3000)).toBe(true)
  })

  it('let calls go on while all that was said is searched', async () => {
    await using stage = stageOf()
    const { store } = stage
    for (let call = 0; call < 50; call++) {
      for (let place = 0; place < 1000; place++) store.append(`CA${call}`, saidBy('caller', place, `turn ${place}`))
    }
    const turns = async (asked: Promise<unknown>) => {
      let count = 0
      let over = false
      const turn = () => {
        count++
        if (!over) setImmediate(turn)
      }
      setImmediate(turn)
      await asked
      over = true
      return count
    }
    expect(await turns(store.search({ words: 'nobody said' }, 10))).toBeGreaterThanOrEqual(10)
    expect((await store.search({ words: 'turn 999' }, 500)).calls).toHaveLength(50)
    expect(await turns(store.search({}, 10))).toBeLessThanOrEqual(1)
  })
})
