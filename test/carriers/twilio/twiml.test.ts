import { describe, expect, it } from 'vitest'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import { type Asked, nextUrl, readAsked, voiceUrl, waitedIn } from '../../../src/carriers/twilio/asked.ts'
import {
  dialTwiml,
  digitsTwiml,
  handOverTwiml,
  hangUpTwiml,
  holdTwiml,
  streamTwiml,
  wordsTwiml,
} from '../../../src/carriers/twilio/twiml.ts'

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
const SORRY = '<Say>We are sorry, something went wrong on our side. Please call again in a moment.</Say><Hangup/>'

const stream = { number: 1, token: 'a.b-c_d', behind: '' }
const PUB = readAddress('https://pub.example.com:443')

const connect = (number: number, behind: string) =>
  `<Connect action="https://pub.example.com/twilio/next?stream=${number}" method="POST">` +
  `<Stream url="wss://pub.example.com/twilio/media${behind}" statusCallback="https://pub.example.com/twilio/stream-status">` +
  `<Parameter name="token" value="a.b-c_d"/></Stream></Connect>${SORRY}`

it('a call is connected to the media socket, and a stream that fails is followed by an apology', () => {
  expect(streamTwiml(PUB, stream)).toBe(`${HEAD}<Response>${connect(1, '')}</Response>`)
})

it('a call whose stream is to come to one process has that in its path, since a query would be dropped', () => {
  expect(streamTwiml(PUB, { ...stream, number: 3, behind: '/2' })).toBe(
    `${HEAD}<Response>${connect(3, '/2')}</Response>`,
  )
})

it('a call on loopback gets a socket without TLS', () => {
  expect(streamTwiml(readAddress('http://127.0.0.1:8080'), stream)).toContain(
    '<Stream url="ws://127.0.0.1:8080/twilio/media"',
  )
})

it('digits are played before the stream that follows them', () => {
  expect(digitsTwiml(PUB, 'w1#', { ...stream, number: 2 })).toBe(
    `${HEAD}<Response><Play digits="w1#"/>${connect(2, '')}</Response>`,
  )
})

describe('a human', () => {
  const transfer = (number: string, from: string, to = '+15550002222') =>
    dialTwiml(PUB, number, { from, to }, { stream: 4 })

  it('is dialled under the number of the caller, who hears it ring, and how that went is told to us', () => {
    expect(transfer('+15550100', '+15550001111')).toBe(
      `${HEAD}<Response><Dial action="https://pub.example.com/twilio/next?stream=4" method="POST" answerOnBridge="true" ` +
        'timeout="25" callerId="+15550001111"><Number>+15550100</Number></Dial></Response>',
    )
  })

  it.each(['anonymous', 'Anonymous', '', '+266696687', 'unknown', 'client:alice', '4155550100', '+0123456789'])(
    'is dialled under our number when the caller is %j',
    (from) => {
      expect(transfer('+15550100', from)).toContain(' callerId="+15550002222">')
    },
  )

  it('is dialled without any number when there is none to show', () => {
    expect(transfer('+15550100', 'anonymous', 'sip:line@pbx.example.com')).not.toContain('callerId')
  })

  it('at the fallback number is asked for with the words in case nobody is there', () => {
    expect(dialTwiml(PUB, '+15550100', { from: '', to: '' }, { lastWords: 'busy' })).toContain(
      '<Dial action="https://pub.example.com/twilio/next?else=busy" method="POST"',
    )
  })

  it('may have a SIP address', () => {
    expect(transfer('sip:desk@pbx.example.com', '+15550001111')).toContain('<Sip>sip:desk@pbx.example.com</Sip>')
  })
})

it('what comes after the stream is an end, with or without words', () => {
  expect(hangUpTwiml()).toBe(`${HEAD}<Response><Hangup/></Response>`)
  expect(wordsTwiml('apology')).toBe(`${HEAD}<Response>${SORRY}</Response>`)
  expect(wordsTwiml('busy')).toMatch(/<Response><Say>[^<]*all our lines are busy[^<]*<\/Say><Hangup\/><\/Response>$/)
})

it('a question that is handed over is asked again in a second, with all that is known of it', () => {
  expect(handOverTwiml(PUB, { stream: 3, dialled: 'no-answer', handed: 2 })).toBe(
    `${HEAD}<Response><Pause length="1"/><Redirect method="POST">` +
      'https://pub.example.com/twilio/next?stream=3&amp;dialled=no-answer&amp;handed=2</Redirect></Response>',
  )
})

it('a caller who is held is told so, and asks the webhook again after a second', () => {
  const words = 'All our lines are busy right now. Please hold the line.'
  const again = '<Pause length="1"/><Redirect method="POST">https://pub.example.com/twilio/voice?waited=10</Redirect>'
  expect(holdTwiml(PUB, 10)).toBe(`${HEAD}<Response><Say>${words}</Say>${again}</Response>`)
})

describe('what Twilio is to ask', () => {
  it.each<[Asked]>([
    [{ stream: 1 }],
    [{ stream: 12, dialled: 'busy', handed: 3 }],
    [{ lastWords: 'apology' }],
    [{ lastWords: 'busy', stream: 2 }],
    [{}],
  ])('is read as it was written: %j', (asked) => {
    const url = nextUrl(PUB, asked).replace('https://pub.example.com', '')
    expect(readAsked(url)).toEqual({
      stream: undefined,
      dialled: undefined,
      lastWords: undefined,
      handed: undefined,
      ...asked,
    })
  })

  it.each(['?stream=', '?stream=-1', '?stream=1e9', '?stream=123456', '?else=x&handed=x&dialled=A%20b', '', '?', '?%'])(
    'is nothing in particular when it is none: %j',
    (query) => {
      expect(Object.values(readAsked(`/twilio/next${query}`)).filter((value) => value !== undefined)).toEqual([])
      expect(waitedIn(`/twilio/voice${query}`)).toBe(0)
    },
  )

  it('of the webhook is how long the caller was held', () => {
    expect(waitedIn(voiceUrl(PUB, 15))).toBe(15)
  })
})
