import { expect, test } from 'vitest'
import { readServerMessage, StreamWriter } from '../../../src/simulators/carrier/stream-messages.ts'

const streamSid = 'MZ1'
const read = (message: unknown) =>
  readServerMessage(typeof message === 'string' ? message : JSON.stringify(message), streamSid)

test('the three messages of a server are understood', () => {
  expect(read({ event: 'media', streamSid, media: { payload: 'AQID' } })).toEqual({
    type: 'media',
    audio: Buffer.from([1, 2, 3]),
  })
  expect(read({ event: 'mark', streamSid, mark: { name: 'r1:3200' } })).toEqual({ type: 'mark', name: 'r1:3200' })
  expect(read({ event: 'clear', streamSid })).toEqual({ type: 'clear' })
})

test.each([
  ['text that is not JSON', 'hello'],
  ['a JSON array', []],
  ['a JSON string', '"media"'],
  ['no streamSid', { event: 'clear' }],
  ['the streamSid of another stream', { event: 'clear', streamSid: 'MZ2' }],
  ['an event that does not exist', { event: 'hangup', streamSid }],
  ['a field too many in media', { event: 'media', streamSid, media: { payload: 'AQID' }, track: 'outbound' }],
  ['a field too many inside of media', { event: 'media', streamSid, media: { payload: 'AQID', track: 'outbound' } }],
  ['media without payload', { event: 'media', streamSid, media: {} }],
  ['a payload that is not base64', { event: 'media', streamSid, media: { payload: 'ä' } }],
  ['a payload that is a number', { event: 'media', streamSid, media: { payload: 7 } }],
  ['media that is null', { event: 'media', streamSid, media: null }],
  ['a mark without a name', { event: 'mark', streamSid, mark: {} }],
  ['a mark whose name is a number', { event: 'mark', streamSid, mark: { name: 1 } }],
  ['clear with a field too many', { event: 'clear', streamSid, force: true }],
])('%s is not a message of the protocol', (_, message) => {
  expect(typeof read(message)).toBe('string')
})

test('what the carrier writes has string counters, and sampleRate and channels as numbers', () => {
  const identity = { accountSid: 'AC1', callSid: 'CA1', streamSid, parameters: { token: 't' } }
  const writer = new StreamWriter(identity, 155)
  expect(JSON.parse(writer.start())).toEqual({
    event: 'start',
    sequenceNumber: '1',
    start: {
      accountSid: 'AC1',
      streamSid: 'MZ1',
      callSid: 'CA1',
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { token: 't' },
    },
    streamSid: 'MZ1',
  })
  const media = { track: 'inbound', payload: '////' }
  expect(JSON.parse(writer.media(Uint8Array.of(255, 255, 255)))).toEqual({
    event: 'media',
    sequenceNumber: '2',
    media: { ...media, chunk: '1', timestamp: '155' },
    streamSid,
  })
  expect(JSON.parse(writer.dtmf('5'))).toEqual({
    event: 'dtmf',
    streamSid,
    sequenceNumber: '3',
    dtmf: { track: 'inbound_track', digit: '5' },
  })
  writer.skipTime()
  writer.loseFrame()
  expect(JSON.parse(writer.media(Uint8Array.of(255, 255, 255)))).toEqual({
    event: 'media',
    sequenceNumber: '5',
    media: { ...media, chunk: '3', timestamp: '215' },
    streamSid,
  })
  expect(JSON.parse(writer.mark('m'))).toEqual({ event: 'mark', sequenceNumber: '6', streamSid, mark: { name: 'm' } })
  expect(JSON.parse(writer.stop())).toEqual({
    event: 'stop',
    sequenceNumber: '7',
    streamSid,
    stop: { accountSid: 'AC1', callSid: 'CA1' },
  })
})
