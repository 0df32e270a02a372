import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pcm16k } from '../../../src/audio/format.ts'
import { Uplink } from '../../../src/providers/realtime/uplink.ts'

function uplink(batchMs = 20) {
  const wire = { backlogBytes: 0, sent: [] as Buffer[], send: (frame: Buffer) => void wire.sent.push(soundOf(frame)) }
  return { wire, up: new Uplink(wire, pcm16k, batchMs) }
}

function soundOf(frame: Buffer): Buffer {
  const { type, audio, ...rest } = JSON.parse(String(frame)) as Record<string, string>
  expect([type, rest]).toEqual(['input_audio_buffer.append', {}])
  return Buffer.from(audio ?? '', 'base64')
}

test.each([20, 40, 60, 100])('sound goes up in frames of %i ms', (batchMs) => {
  const { wire, up } = uplink(batchMs)
  for (let ms = 0; ms < 600; ms += 20) up.push(new Uint8Array(640))
  expect(wire.sent.map(({ length }) => length)).toEqual(Array(600 / batchMs).fill(batchMs * 32))
})

test('any split of the sound gives the same frames, odd bytes too', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 1500 }), { maxLength: 12 }), (pieces) => {
      const { wire, up } = uplink()
      for (const piece of pieces) up.push(piece)
      const whole = Buffer.concat(pieces)
      expect(Buffer.concat(wire.sent)).toEqual(whole.subarray(0, whole.length - (whole.length % 640)))
      for (const frame of wire.sent) expect(frame.length).toBe(640)
    }),
  )
})

test('a slow network is given the oldest sound first, and beyond five seconds the oldest is lost and counted', () => {
  const { wire, up } = uplink()
  wire.backlogBytes = 300_000
  for (let frame = 0; frame < 260; frame++) up.push(new Uint8Array(640).fill(frame % 256))
  expect([wire.sent.length, up.droppedMs]).toEqual([0, 200])
  wire.backlogBytes = 0
  up.push(new Uint8Array(640).fill(77))
  expect([wire.sent.length, wire.sent[0]?.[0], wire.sent.at(-1)?.[0]]).toEqual([251, 10, 77])
  expect(up.droppedMs).toBe(200)
})

test('wider frames lose nothing of a frame that was half full', () => {
  const { wire, up } = uplink()
  up.push(new Uint8Array(100).fill(1))
  up.widen()
  up.widen()
  up.push(new Uint8Array(3100).fill(2))
  expect(wire.sent.map((sound) => [sound.length, sound[99], sound[100]])).toEqual([[3200, 1, 2]])
})
