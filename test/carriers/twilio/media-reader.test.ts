import fc from 'fast-check'
import { expect, it } from 'vitest'
import { makeMediaReader } from '../../../src/carriers/twilio/media-reader.ts'
import { readFrame } from '../../../src/carriers/twilio/messages.ts'

const streamSid = 'MZ0123456789abcdef0123456789abcdef'
const read = makeMediaReader(streamSid)
const asTwilioWritesIt = (payload: string, timestamp = '155') =>
  `{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"${timestamp}","payload":"${payload}"},"streamSid":"${streamSid}"}`

it('reads the frame that Twilio sends fifty times a second', () => {
  const audio = Buffer.from(Array.from({ length: 160 }, (_, i) => i))
  const media = read(Buffer.from(asTwilioWritesIt(audio.toString('base64'), '86400')))
  expect(media).toEqual({ audio, timestampMs: 86_400 })
})

it.each([
  ['of another stream', asTwilioWritesIt('AAAA').replace('MZ0', 'MZ1')],
  ['of the agent’s own track', asTwilioWritesIt('AAAA').replace('inbound', 'outbound')],
  ['whose payload is not base64', asTwilioWritesIt('AA!A')],
  ['whose payload is base64url', asTwilioWritesIt('AA-_')],
  ['whose payload is cut', asTwilioWritesIt('AAAAA')],
  ['whose payload is padded twice', asTwilioWritesIt('AA==AA==')],
  ['with a field more behind the payload', asTwilioWritesIt('AAAA","payload":"BBBB')],
  ['with a timestamp that is no number', asTwilioWritesIt('AAAA', '1e3')],
  ['with something behind it', `${asTwilioWritesIt('AAAA')} `],
  ['that is no media', `{"event":"stop","sequenceNumber":"3","streamSid":"${streamSid}"}`],
  ['that is empty', ''],
])('leaves a frame %s to the full reader', (_, text) => {
  expect(read(Buffer.from(text))).toBeUndefined()
})

it('reads nothing in another way than the full reader does, whatever stands where the payload is', () => {
  const chars = fc.constantFrom(...'ABab01+/=-_", \\:{}é\u0001'.split(''))
  fc.assert(
    fc.property(fc.array(chars, { maxLength: 24 }), (payload) => {
      const text = asTwilioWritesIt(payload.join(''))
      const media = read(Buffer.from(text))
      if (media !== undefined) expect(readFrame(text)).toEqual({ event: 'media', streamSid, ...media })
    }),
    { numRuns: 2000 },
  )
})

it('understands every order of the keys, one way or the other', () => {
  const media = { track: 'inbound', chunk: '1', timestamp: '155', payload: 'AQID' }
  const fields = { event: 'media', sequenceNumber: '2', media, streamSid }
  const shuffled = (from: object) => fc.shuffledSubarray(Object.entries(from), { minLength: Object.keys(from).length })
  fc.assert(
    fc.property(shuffled(fields), shuffled(media), fc.boolean(), (outer, inner, spaced) => {
      const frame = { ...Object.fromEntries(outer), media: Object.fromEntries(inner) }
      const ordered = Object.fromEntries(outer.map(([key]) => [key, Reflect.get(frame, key)]))
      const text = JSON.stringify(ordered, undefined, spaced ? 1 : 0)
      expect(read(Buffer.from(text)) ?? readFrame(text)).toMatchObject({
        audio: Buffer.from([1, 2, 3]),
        timestampMs: 155,
      })
    }),
  )
})
