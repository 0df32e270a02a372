import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CloseTail } from '../../../src/providers/realtime/close-tail.ts'

function closeFrame(code: number, reason: string): Buffer {
  const text = Buffer.from(reason)
  const head = Buffer.from([0x88, 126, 0, 0, 0, 0])
  head.writeUInt16BE(text.length + 2, 2)
  head.writeUInt16BE(code, 4)
  return Buffer.concat([head, text])
}

function tailOf(...chunks: readonly Uint8Array[]) {
  const tail = new CloseTail()
  for (const chunk of chunks) tail.push(Buffer.from(chunk))
  return tail.read()
}

const reason = 'The free tier of the model has been exhausted. '.repeat(4)

test('a close reason that is too long is read behind other frames, and across two pieces', () => {
  const frame = closeFrame(1007, reason)
  expect(tailOf(Buffer.from('other frames'), Buffer.concat([Buffer.from([0x81, 2, 0x7b, 0x7d]), frame]))).toEqual({
    code: 1007,
    reason,
  })
  expect(tailOf(frame.subarray(0, 60), frame.subarray(60))).toEqual({ code: 1007, reason })
  expect(tailOf(frame.subarray(0, 53))).toEqual({ code: 1007, reason: reason.slice(0, 47) })
})

test('what is no such frame is none', () => {
  expect(tailOf()).toBeUndefined()
  expect(tailOf(Buffer.from([0x88, 126, 0, 200]))).toBeUndefined()
  expect(tailOf(closeFrame(7, reason))).toBeUndefined()
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), (chunks) => {
      expect(() => tailOf(...chunks)).not.toThrow()
    }),
  )
})
