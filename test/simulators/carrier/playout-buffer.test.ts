import { array, assert, constant, constantFrom, integer, oneof, property, tuple } from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_BYTES, PLAYOUT_LIMIT_BYTES, PlayoutBuffer } from '../../../src/simulators/carrier/playout-buffer.ts'

const sound = (bytes: number, value = 1) => new Uint8Array(bytes).fill(value)

test('sound is played in the order it came, 160 bytes a tick, the last frame filled with silence', () => {
  const buffer = new PlayoutBuffer()
  buffer.push(sound(200, 1))
  buffer.push(sound(20, 2))
  expect(buffer.next().audio).toEqual(sound(160, 1))
  expect(buffer.next().audio).toEqual(Uint8Array.from([...sound(40, 1), ...sound(20, 2), ...sound(100, 0xff)]))
  expect(buffer.next().audio).toBeUndefined()
})

test('a mark comes back when the frame with the last byte before it has been played, not before', () => {
  const buffer = new PlayoutBuffer()
  buffer.push(sound(320))
  expect(buffer.mark('end')).toBe(false)
  expect(buffer.next().marks).toEqual([])
  expect(buffer.next().marks).toEqual([])
  expect(buffer.next()).toEqual({ audio: undefined, marks: ['end'] })
})

test('a mark in the middle of a frame comes back when that frame has been played', () => {
  const buffer = new PlayoutBuffer()
  buffer.push(sound(100))
  buffer.mark('a')
  buffer.push(sound(300))
  buffer.mark('b')
  expect(buffer.next().marks).toEqual([])
  expect(buffer.next().marks).toEqual(['a'])
  expect(buffer.next().marks).toEqual([])
  expect(buffer.next().marks).toEqual(['b'])
})

test('a mark comes back at once when nothing is buffered, but not while the last frame still sounds', () => {
  const buffer = new PlayoutBuffer()
  expect(buffer.mark('now')).toBe(true)
  buffer.push(sound(160))
  buffer.next()
  expect(buffer.mark('soon')).toBe(false)
  expect(buffer.next().marks).toEqual(['soon'])
  expect(buffer.mark('now')).toBe(true)
})

test('clear drops the sound and gives all pending marks back, first in first out, also those of the same name', () => {
  const buffer = new PlayoutBuffer()
  buffer.push(sound(100))
  buffer.mark('a')
  buffer.push(sound(400))
  buffer.mark('b')
  buffer.mark('b')
  buffer.next()
  expect(buffer.clear()).toEqual({ droppedBytes: 340, marks: ['a', 'b', 'b'] })
  expect(buffer.next()).toEqual({ audio: undefined, marks: [] })
  expect(buffer.mark('after')).toBe(true)
})

test('ten minutes are kept and what would exceed them is discarded whole', () => {
  const buffer = new PlayoutBuffer()
  expect(buffer.push(sound(PLAYOUT_LIMIT_BYTES))).toBe(true)
  expect(buffer.push(sound(1))).toBe(false)
  buffer.next()
  expect(buffer.push(sound(FRAME_BYTES + 1))).toBe(false)
  expect(buffer.push(sound(FRAME_BYTES))).toBe(true)
  expect(buffer.bufferedBytes).toBe(PLAYOUT_LIMIT_BYTES)
})

test('whatever is sent in whatever order: every byte is played once in order or cleared, every mark comes back once in order', () => {
  const step = oneof(
    tuple(constant('push' as const), integer({ min: 0, max: 900 })),
    tuple(constantFrom('mark' as const, 'next' as const, 'clear' as const), constant(0)),
  )
  assert(
    property(array(step, { maxLength: 80 }), (steps) => {
      const buffer = new PlayoutBuffer()
      const pushed: number[] = []
      const out: number[] = []
      const marks: string[] = []
      let made = 0
      let value = 0
      const take = () => {
        const { audio, marks: due } = buffer.next()
        for (const name of due) marks.push(name)
        const left = Math.min(FRAME_BYTES, pushed.length - out.length)
        expect(audio === undefined).toBe(left === 0)
        out.push(...(audio?.subarray(0, left) ?? []))
      }
      for (const [kind, size] of steps) {
        if (kind === 'push') {
          const audio = Uint8Array.from({ length: size }, () => value++ % 200)
          pushed.push(...audio)
          buffer.push(audio)
        } else if (kind === 'mark') {
          if (buffer.mark(`m${made}`)) marks.push(`m${made}`)
          made += 1
        } else if (kind === 'next') take()
        else {
          const cleared = buffer.clear()
          marks.push(...cleared.marks)
          expect(pushed.length - out.length).toBe(cleared.droppedBytes)
          pushed.splice(out.length)
        }
      }
      while (buffer.bufferedBytes > 0) take()
      take()
      expect(out).toEqual(pushed)
      expect(marks).toEqual(Array.from({ length: made }, (_, i) => `m${i}`))
    }),
    { numRuns: 300 },
  )
})
