import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteQueue } from '../../src/call/byte-queue.ts'

it('gives back what was pushed, in order, in whatever pieces it comes and goes', () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ maxLength: 300 }) }),
    fc.record({ take: fc.nat({ max: 300 }) }),
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
        } else if ('take' in step) {
          const count = Math.min(step.take, waiting.length)
          expect([...queue.take(count)]).toEqual(waiting.splice(0, count))
        } else {
          queue.clear()
          waiting = []
        }
        expect(queue.length).toBe(waiting.length)
      }
    }),
  )
})

it('keeps what was taken as it was, whatever is pushed later', () => {
  const queue = new ByteQueue(8)
  queue.push(Uint8Array.of(1, 2, 3))
  const taken = queue.take(2)
  for (let i = 0; i < 50; i++) queue.push(Uint8Array.of(9, 9))
  expect([...taken]).toEqual([1, 2])
  expect(() => queue.take(1000)).toThrow(RangeError)
})
