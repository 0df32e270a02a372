import { expect, it } from 'vitest'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import { apologyTwiml, busyTwiml, hangUpTwiml, streamTwiml } from '../../../src/carriers/twilio/twiml.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
const SORRY = '<Say>We are sorry, something went wrong on our side. Please call again in a moment.</Say><Hangup/>'

it('a call is connected to the media socket, and a stream that fails is followed by an apology', () => {
  expect(streamTwiml(readAddress('https://pub.example.com:443'), 'a.b-c_d')).toBe(
    `${HEAD}<Response><Connect action="https://pub.example.com/twilio/next" method="POST">` +
      '<Stream url="wss://pub.example.com/twilio/media" statusCallback="https://pub.example.com/twilio/stream-status">' +
      `<Parameter name="token" value="a.b-c_d"/></Stream></Connect>${SORRY}</Response>`,
  )
})

it('a call on loopback gets a socket without TLS', () => {
  expect(streamTwiml(readAddress('http://127.0.0.1:8080'), 't')).toContain(
    '<Stream url="ws://127.0.0.1:8080/twilio/media"',
  )
})

it('what comes after the stream is an end, with or without words', () => {
  expect(hangUpTwiml()).toBe(`${HEAD}<Response><Hangup/></Response>`)
  expect(apologyTwiml()).toBe(`${HEAD}<Response>${SORRY}</Response>`)
  expect(busyTwiml()).toMatch(/<Response><Say>[^<]*all our lines are busy[^<]*<\/Say><Hangup\/><\/Response>$/)
})
