import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteQueue } from '../../src/call/byte-queue.ts'

it('gives back what was pushed, in order, in whatever pieces it comes and goes', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ drop: fc.nat({ max: 300 }), ahead: fc.nat({ max: 300 }) }),
    fc.record({ keep: fc.nat({ max: 300 }) }),
    fc.record({ clear: fc.constant(true) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue(64)
      let waiting: number[] = []
      for (const step of steps) {
        if ('push' in step) {
          queue.push(step.push)
          waiting.push(...step.push)
        } else if ('drop' in step) {
          const offset = Math.min(step.ahead, waiting.length)
          expect([...queue.copy(offset, waiting.length - offset)]).toEqual(waiting.slice(offset))
          const count = Math.min(step.drop, waiting.length)
          queue.drop(count)
          waiting.splice(0, count)
        } else if ('keep' in step) {
          const count = Math.min(step.keep, waiting.length)
          queue.keep(count)
          waiting = waiting.slice(0, count)
        } else {
          queue.clear()
          waiting = []
        }
        expect(queue.length).toBe(waiting.length)
      }
    }),
  )
})

it('leaves a copy as it was, whatever is pushed later', () => {
  const queue = new ByteQueue(8)
  queue.push(Uint8Array.of(1, 2, 3))
  const taken = queue.copy(0, 2)
  queue.drop(2)
  for (let i = 0; i < 50; i++) queue.push(Uint8Array.of(9, 9))
  expect([...taken]).toEqual([1, 2])
  expect(() => queue.copy(0, 1000)).toThrow(RangeError)
  expect(() => queue.drop(1000)).toThrow(RangeError)
  expect(() => queue.keep(1000)).toThrow(RangeError)
})
