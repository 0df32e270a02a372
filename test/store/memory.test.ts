import { describe, expect, it } from 'vitest'
import { wordsOf } from '../../src/call/transcript.ts'
import { type MemoryStoreOptions, openMemoryStore } from '../../src/store/memory/store.ts'
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

  it('refuse a ticket that could not be remembered, until others are past', async () => {
    await using stage = stageOf({ maxTickets: 2 })
    const { store } = stage
    expect(await store.claim('1', NOON + 1000)).toBe(true)
    expect(await store.claim('2', NOON + 2000)).toBe(true)
    await expect(store.claim('3', NOON + 3000)).rejects.toThrow(/tickets/)
    stage.setNow(NOON + 1001)
    expect(await store.claim('3', NOON + 3000)).toBe(true)
  })
})
