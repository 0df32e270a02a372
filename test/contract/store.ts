import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CallStore } from '../../src/call/store.ts'
import { wordsOf } from '../../src/call/transcript.ts'
import { answered, ended, heardAt, NOON, recordOf, saidBy } from '../store/told.ts'

/** One store set up for one test. */
export interface StoreStage extends AsyncDisposable {
  readonly store: CallStore
  /** Moves the store's calendar to this [ms since 1970]. */
  readonly setNow: (at: number) => void
}

/** What every CallStore must do, wherever it keeps things. */
export function testStore(name: string, open: () => Promise<StoreStage>): void {
  describe(`${name}, as a store`, () => {
    let opened: StoreStage | undefined
    // One for all: to open takes longer than a test does.
    const stage = () => {
      if (opened === undefined) throw new Error('expected an open store')
      opened.setNow(NOON)
      return opened
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened?.[Symbol.asyncDispose]())
    testKeeping(stage)
    testRecalling(stage)
    testClaiming(stage)
    testForgetting(stage)
    testClosing(stage)
  })
}

let calls = 0
/** A call that no other test knows. */
function freshCall(): string {
  return `CA${++calls}`
}

function testKeeping(stage: () => StoreStage): void {
  const standing = async (callId: string) => {
    const recalled = await stage().store.recall(callId)
    if (recalled === undefined) throw new Error('expected a call that is known')
    const { said: _said, ...record } = recalled
    return record
  }
  const wanted = { outcome: { reason: 'handed-over' }, next: { type: 'digits', digits: '1' } } as const
  /** What is told before and after the store has seen to it. */
  const both = [true, false]

  it.each(both)('is not set back by who was left behind (written meanwhile: %s)', async (isWritten) => {
    const { store } = stage()
    const callId = freshCall()
    const latest = recordOf(callId, { streams: 2, recoveries: [NOON + 5], destination: 'sales' })
    store.keep(latest)
    if (isWritten) await store.forget(0)
    store.keep(recordOf(callId, { streams: 1, openedAt: NOON - 1, farewell: { outcome: { reason: 'carrier-lost' } } }))
    expect(await standing(callId)).toEqual(latest)
    store.keep(recordOf(callId, { streams: 3 }))
    expect(await standing(callId)).toEqual(recordOf(callId, { streams: 3 }))
  })

  it.each(both)(
    'keeps a call that is over as over, whoever says more of it (written meanwhile: %s)',
    async (isWritten) => {
      const { store } = stage()
      const callId = freshCall()
      store.keep(recordOf(callId, { over: true }))
      if (isWritten) await store.forget(0)
      store.keep(recordOf(callId, { farewell: wanted }))
      const over = { farewell: { outcome: wanted.outcome }, over: true } as const
      expect(await standing(callId)).toEqual(recordOf(callId, over))
      store.keep(recordOf(callId, { streams: 2 }))
      expect(await standing(callId)).toEqual(recordOf(callId, { streams: 2, over: true }))
    },
  )

  it('takes it from anybody that a call is over', async () => {
    const { store } = stage()
    const callId = freshCall()
    store.keep(recordOf(callId, { streams: 2, destination: 'sales', farewell: wanted }))
    store.keep(recordOf(callId, { streams: 1, over: true }))
    const over = { destination: 'sales', farewell: { outcome: wanted.outcome }, over: true } as const
    expect(await standing(callId)).toEqual(recordOf(callId, { streams: 2, ...over }))
  })

  it('loses no recovery and no destination of which only one of two has heard', async () => {
    const { store } = stage()
    const callId = freshCall()
    store.keep(recordOf(callId, { recoveries: [NOON + 1, NOON + 3], destination: 'sales' }))
    store.keep(recordOf(callId, { recoveries: [NOON + 2, NOON + 3], farewell: wanted }))
    const recoveries = [NOON + 1, NOON + 2, NOON + 3]
    expect(await standing(callId)).toEqual(recordOf(callId, { recoveries, destination: 'sales', farewell: wanted }))
  })
}

function testRecalling(stage: () => StoreStage): void {
  it('knows nothing of a call that it was not told of, also when it has heard something of it', async () => {
    const { store } = stage()
    const callId = freshCall()
    expect(await store.recall(callId)).toBeUndefined()
    store.append(callId, answered)
    expect(await store.recall(callId)).toBeUndefined()
  })

  it('recalls where a call stands, as it was told last, and nothing of another', async () => {
    const { store } = stage()
    const callId = freshCall()
    const other = freshCall()
    const latest = recordOf(callId, {
      streams: 2,
      recoveries: [NOON + 5],
      destination: 'sales',
      farewell: { outcome: { reason: 'handed-over' }, next: { type: 'digits', digits: '1' } },
    })
    store.keep(recordOf(callId))
    store.keep(latest)
    store.keep(recordOf(other))
    expect(await store.recall(callId)).toEqual({ ...latest, said: [] })
    store.keep({ ...latest, over: true })
    expect(await store.recall(callId)).toEqual({ ...latest, over: true, said: [] })
  })

  it('recalls what was said up to the moment it is asked, in the order of the conversation', async () => {
    const { store } = stage()
    const callId = freshCall()
    const other = freshCall()
    store.keep(recordOf(callId))
    store.append(callId, answered)
    store.append(callId, saidBy('agent', 1, 'At nine. On Sunday at ten.'))
    store.append(other, saidBy('caller', 0, 'Not of this call.'))
    store.append(callId, heardAt(1, 700, 'At nine. '))
    store.append(callId, saidBy('caller', 0, 'When do you open?'))
    expect((await store.recall(callId))?.said).toEqual([
      { speaker: 'caller', text: 'When do you open?' },
      { speaker: 'agent', heard: 'At nine. ', unheard: 'On Sunday at ten.' },
    ])
    store.append(callId, saidBy('caller', 2, 'Thanks.'))
    expect((await store.recall(callId))?.said).toHaveLength(3)
  })

  it('recalls all streams of a call, one after the other', async () => {
    const { store, setNow } = stage()
    const callId = freshCall()
    store.keep(recordOf(callId))
    for (const [i, words] of ['One.', 'Two.', 'Three.'].entries()) {
      setNow(NOON + i * 1000)
      store.append(callId, answered)
      store.append(callId, saidBy('caller', 9 - i, words))
      if (i === 0) store.append(callId, ended)
    }
    expect((await store.recall(callId))?.said.map(wordsOf)).toEqual(['One.', 'Two.', 'Three.'])
  })

  it('recalls the last of a conversation of hours', async () => {
    const { store } = stage()
    const callId = freshCall()
    store.keep(recordOf(callId))
    for (let place = 0; place < 3000; place++) store.append(callId, saidBy('caller', place, `turn ${place}`))
    const { said = [] } = (await store.recall(callId)) ?? {}
    expect(said).toHaveLength(200)
    expect(said.map(wordsOf).at(-1)).toBe('turn 2999')
  })
}

function testClaiming(stage: () => StoreStage): void {
  it('gives a ticket once', async () => {
    const { store } = stage()
    const all = await Promise.all(Array.from({ length: 5 }, () => store.claim('ticket', NOON + 60_000)))
    expect(all.filter((mine) => mine)).toHaveLength(1)
    expect(await store.claim('ticket', NOON + 60_000)).toBe(false)
    expect(await store.claim('another', NOON + 60_000)).toBe(true)
  })

  it('remembers a ticket for as long as it must', async () => {
    const { store, setNow } = stage()
    expect(await store.claim('lasting', NOON + 3_600_000)).toBe(true)
    for (let minute = 5; minute < 60; minute += 5) {
      setNow(NOON + minute * 60_000)
      expect(await store.claim(`another ${minute}`, NOON)).toBe(true)
    }
    expect(await store.claim('lasting', NOON + 7_200_000)).toBe(false)
  })
}

function testForgetting(stage: () => StoreStage): void {
  it('forgets calls that were opened before a moment, and says how many', async () => {
    const { store } = stage()
    for (let i = 0; i < 50; i++) store.keep(recordOf(`old ${i}`, { openedAt: NOON - 1000 - i }))
    store.append('old 0', saidBy('caller', 0, 'Forget me.'))
    store.keep(recordOf('new'))
    store.append('new', saidBy('caller', 0, 'Remember me.'))
    expect(await store.forget(NOON)).toBe(50)
    expect(await store.recall('old 0')).toBeUndefined()
    expect((await store.recall('new'))?.said.map(wordsOf)).toEqual(['Remember me.'])
    expect(await store.forget(NOON)).toBe(0)
  })

  it('forgets what it heard of a call that it was never told to keep', async () => {
    const { store, setNow } = stage()
    const callId = freshCall()
    const longAgo = NOON - 1_000_000
    setNow(longAgo)
    store.append(callId, saidBy('caller', 0, 'Hello?'))
    expect(await store.forget(longAgo + 1)).toBe(1)
    store.keep(recordOf(callId))
    expect((await store.recall(callId))?.said).toEqual([])
  })
}

function testClosing(stage: () => StoreStage): void {
  it('takes no more and answers no more when it is closed, but hurts nobody who goes on', async () => {
    const { store } = stage()
    const callId = freshCall()
    store.keep(recordOf(callId))
    await store[Symbol.asyncDispose]()
    store.keep(recordOf(callId))
    store.append(callId, answered)
    await expect(store.recall(callId)).rejects.toThrow(/closed/)
    await expect(store.claim('ticket', NOON)).rejects.toThrow(/closed/)
    await expect(store.forget(NOON)).rejects.toThrow(/closed/)
    await store[Symbol.asyncDispose]()
  })
}
