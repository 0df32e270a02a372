import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeStreamWriter, readFrame } from '../../../src/carriers/twilio/messages.ts'

const sid = { streamSid: 'MZ1' }
const read = (frame: unknown) => readFrame(JSON.stringify(frame))
const media = (fields: object) => read({ event: 'media', sequenceNumber: '2', media: fields, ...sid })

it('reads `connected` and `start` as Twilio sends them', () => {
  expect(read({ event: 'connected', protocol: 'Call', version: '1.0.0' })).toEqual({ event: 'connected' })
  const start = {
    ...{ accountSid: 'AC1', streamSid: 'MZ1', callSid: 'CA1', tracks: ['inbound'] },
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { token: 't' },
  }
  expect(read({ event: 'start', sequenceNumber: '1', start, streamSid: 'MZ1' })).toEqual({
    ...{ event: 'start', streamSid: 'MZ1', callSid: 'CA1', token: 't' },
    ...{ format: { encoding: 'mulaw', sampleRate: 8000 }, formatText: 'audio/x-mulaw/8000/1' },
  })
})

it.each([
  [
    { encoding: 'audio/x-mulaw', sampleRate: '8000', channels: '1' },
    { encoding: 'mulaw', sampleRate: 8000 },
  ],
  [
    { encoding: 'audio/x-alaw', sampleRate: 8000, channels: 1 },
    { encoding: 'alaw', sampleRate: 8000 },
  ],
  [{ encoding: 'audio/x-mulaw', sampleRate: 16_000, channels: 1 }, undefined],
  [{ encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 2 }, undefined],
  [{ encoding: 'audio/L16', sampleRate: 8000, channels: 1 }, undefined],
  [{}, undefined],
  [undefined, undefined],
])('the coding of the sound %j is understood as %j', (mediaFormat, format) => {
  const frame = read({ event: 'start', start: { callSid: 'CA1', mediaFormat }, ...sid })
  expect(frame.event === 'start' && frame.format).toEqual(format)
})

it('reads media with its counters as strings', () => {
  expect(media({ track: 'inbound', chunk: '1', timestamp: '155', payload: '/wB/' })).toEqual({
    ...{ event: 'media', streamSid: 'MZ1', timestampMs: 155 },
    audio: Buffer.from([0xff, 0x00, 0x7f]),
  })
})

it.each(['-1', '1e9', '', 'soon', '9999999999999999', 155, null, undefined])(
  'a timestamp of %j is none',
  (timestamp) => {
    expect(media({ track: 'inbound', timestamp, payload: 'AAAA' })).toMatchObject({ timestampMs: undefined })
  },
)

it('reads digits, marks and `stop`', () => {
  const digit = { track: 'inbound_track', digit: '#' }
  expect(read({ event: 'dtmf', ...sid, dtmf: digit })).toEqual({ event: 'dtmf', ...sid, digit: '#' })
  expect(read({ event: 'mark', ...sid, mark: { name: 'r1:3200' } })).toEqual({ event: 'mark', ...sid, name: 'r1:3200' })
  expect(read({ event: 'stop', ...sid, stop: { callSid: 'CA1' } })).toEqual({ event: 'stop', ...sid })
})

it.each<[unknown, string]>([
  [{ event: 'media', media: { track: 'outbound', payload: 'AAAA' }, ...sid }, 'unknown'],
  [{ event: 'transcription', ...sid }, 'unknown'],
  [{ event: 'media', media: { payload: 'a b' }, ...sid }, 'garbage'],
  [{ event: 'media', media: { payload: 5 }, ...sid }, 'garbage'],
  [{ event: 'media', media: null, ...sid }, 'garbage'],
  [{ event: 'media', media: { payload: 'AAAA' } }, 'garbage'],
  [{ event: 'dtmf', dtmf: { digit: '12' }, ...sid }, 'garbage'],
  [{ event: 'dtmf', ...sid }, 'garbage'],
  [{ event: 'mark', mark: { name: 7 }, ...sid }, 'garbage'],
  [{ event: 'start', ...sid }, 'garbage'],
  [{ event: 'start', start: { callSid: 'CA1' }, streamSid: 7 }, 'garbage'],
  [{ event: 7 }, 'garbage'],
  [{}, 'garbage'],
  [[], 'garbage'],
  [null, 'garbage'],
  ['media', 'garbage'],
  [7, 'garbage'],
])('%j is %s', (frame, event) => {
  expect(read(frame).event).toBe(event)
})

it('text of any kind is read without a throw', () => {
  for (const text of ['', '{', 'undefined', '['.repeat(60_000), '{"event":"media","__proto__":{"streamSid":"MZ1"}}']) {
    expect(readFrame(text).event).toBe('garbage')
  }
  const json = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify(value)),
  )
  fc.assert(fc.property(json, (text) => typeof readFrame(text).event === 'string'))
})

it('writes exactly the fields that Twilio knows', () => {
  const writer = makeStreamWriter('MZ"1')
  expect(writer.media(Uint8Array.of(0xff, 0, 0x7f))).toBe(
    '{"event":"media","streamSid":"MZ\\"1","media":{"payload":"/wB/"}}',
  )
  expect(writer.mark('a"b')).toBe('{"event":"mark","streamSid":"MZ\\"1","mark":{"name":"a\\"b"}}')
  expect(writer.clear).toBe('{"event":"clear","streamSid":"MZ\\"1"}')
})
