import { describe, expect, it } from 'vitest'
import { untilAborted } from '../../../src/simulators/realtime/until-aborted.ts'

describe('an iteration that may be cut', () => {
  it('is left at once when it is cut, though the source is in the middle of something', async () => {
    const abort = new AbortController()
    let returned = 0
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          returned++
          return { done: true, value: undefined }
        },
      }),
    }
    const parts = Array.fromAsync(untilAborted(() => source, abort.signal))
    abort.abort()
    expect(await parts).toEqual([])
    expect(returned).toBe(1)
  })

  it('passes on what the source throws before, and nothing of what it throws after', async () => {
    const abort = new AbortController()
    const failing = async function* () {
      yield 'one'
      throw new Error('lost the thread')
    }
    const parts = untilAborted(failing, abort.signal)
    expect(await parts.next()).toEqual({ done: false, value: 'one' })
    await expect(parts.next()).rejects.toThrow('lost the thread')
    let fail: (error: Error) => void = () => undefined
    const late: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise((_, reject) => {
            fail = reject
          }),
        return: () => Promise.reject(new Error('cannot stop')),
      }),
    }
    const cut = Array.fromAsync(untilAborted(() => late, abort.signal))
    abort.abort()
    fail(new Error('too late'))
    expect(await cut).toEqual([])
  })
})
