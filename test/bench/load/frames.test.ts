import { describe, expect, it } from 'vitest'
import { acceptOf, buildFrame, type Frame, FrameReader, headOf, opcodes, payloadOf, textFrame } from './frames.ts'
import { PatchedFrame } from './patched-frame.ts'

const mask = Uint8Array.from([0x12, 0x34, 0x56, 0x78])

function readAll(bytes: Buffer, pieceBytes: number): string[] {
  const found: string[] = []
  const reader = new FrameReader((frame) => found.push(`${frame.opcode} ${payloadOf(frame)}`))
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.push(bytes.subarray(at, at + pieceBytes))
  return found
}

describe('frames', () => {
  it('come out whole however the bytes were split, masked or not, of every length', () => {
    const texts = ['', 'a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(65_535), 'e'.repeat(65_536)]
    for (const key of [undefined, mask]) {
      const bytes = Buffer.concat(texts.map((text) => textFrame(text, key)))
      for (const pieceBytes of [7, 1000, bytes.length]) {
        expect(readAll(bytes, pieceBytes)).toEqual(texts.map((text) => `1 ${text}`))
      }
    }
  })

  it('show their head without being unmasked whole', () => {
    const heads: string[] = []
    new FrameReader((frame) => heads.push(headOf(frame, 10))).push(textFrame('{"event":"media"}', mask))
    expect(heads).toEqual(['{"event":"'])
  })

  it('are refused when a message is fragmented', () => {
    const frame = textFrame('half')
    frame[0] = opcodes.text
    expect(() => new FrameReader(() => {}).push(frame)).toThrow('fragmented')
  })

  it('carry control codes as they are', () => {
    const found: Frame[] = []
    new FrameReader((frame) => found.push(frame)).push(buildFrame(opcodes.close, Buffer.from([3, 232]), mask))
    expect(found.map((frame) => [frame.opcode, [...payloadOf(frame)]])).toEqual([[8, [3, 232]]])
  })

  it('accept a key as the RFC does', () => {
    expect(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  })
})

describe('a patched frame', () => {
  it('is the frame that its text would make, as the numbers grow', () => {
    for (const key of [undefined, mask]) {
      const patched = new PatchedFrame(['{"a":"', '","b":', '}'], key)
      for (const [a, b] of [
        [8, 155],
        [9, 175],
        [10, 995],
        [11, 1015],
        [99_999, 0],
        [100_000, 7],
      ] as const) {
        expect(patched.with([a, b], true)).toEqual(textFrame(`{"a":"${a}","b":${b}}`, key))
      }
    }
  })

  it('leaves the frame before alone while that is still on its way', () => {
    const patched = new PatchedFrame(['<', '>'], mask)
    const first = patched.with([1], true)
    const second = patched.with([2], false)
    expect([first, second]).toEqual([textFrame('<1>', mask), textFrame('<2>', mask)])
  })
})
