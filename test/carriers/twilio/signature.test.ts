import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readAddress } from '../../../src/carriers/twilio/address.ts'
import { makeDoorman } from '../../../src/carriers/twilio/signature.ts'
import { sign } from './rig.ts'

const PUBLIC = 'https://pub.example.com'
const form = { CallSid: 'CA1', From: '+15550001111', Empty: '', 'a[b]': 'c' }

function doorman(publicUrl = PUBLIC, ...tokens: string[]) {
  return makeDoorman(readAddress(publicUrl), tokens.length === 0 ? ['12345'] : tokens)
}

function formFrom(signature: string | undefined, fields = {}) {
  const headers = signature === undefined ? {} : { 'x-twilio-signature': signature }
  return { url: '/twilio/voice', headers, form, remoteAddress: '203.0.113.9', ...fields }
}

describe('a signed webhook', () => {
  it('is let in with the signature of the documentation', () => {
    const documented = {
      ...{ CallSid: 'CA1234567890ABCDE', Caller: '+14158675310', Digits: '1234' },
      ...{ From: '+14158675310', To: '+18005551212' },
    }
    const request = { url: '/myapp.php?foo=1&bar=2', form: documented, remoteAddress: undefined }
    const headers = { 'x-twilio-signature': 'L/OH5YylLD5NRKLltdqwSvS0BnU=' }
    expect(doorman('https://example.com').admitsForm({ ...request, headers })).toBe(true)
    expect(doorman('https://example.com', 'another').admitsForm({ ...request, headers })).toBe(false)
  })

  it('is checked against the configured address, whatever host or proxy header came with it', () => {
    const signature = sign('12345', `${PUBLIC}/twilio/voice`, form)
    const forwarded = { host: '10.0.0.7:8080', 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'http' }
    const request = formFrom(signature, { headers: { ...forwarded, 'x-twilio-signature': signature } })
    expect(doorman().admitsForm(request)).toBe(true)
    const forHost = sign('12345', 'https://evil.example.com/twilio/voice', form)
    const forged = formFrom(forHost, { headers: { ...forwarded, 'x-twilio-signature': forHost } })
    expect(doorman().admitsForm(forged)).toBe(false)
  })

  it.each([
    ['its port in the configured address only', 'https://pub.example.com:8443', 'https://pub.example.com/twilio/voice'],
    [':443 in the configured address', 'https://pub.example.com:443', 'https://pub.example.com/twilio/voice'],
    [':443 in what was signed', PUBLIC, 'https://pub.example.com:443/twilio/voice'],
    ['a trailing slash in the configured address', `${PUBLIC}/`, 'https://pub.example.com/twilio/voice'],
    ['a path that a proxy strips', `${PUBLIC}/line1`, 'https://pub.example.com/line1/twilio/voice'],
    ['upper case in the configured address', 'https://Pub.Example.com', 'https://Pub.Example.com/twilio/voice'],
  ])('is let in with %s', (_, configured, signed) => {
    expect(doorman(configured).admitsForm(formFrom(sign('12345', signed, form)))).toBe(true)
  })

  it('over HTTP, where there is a token on loopback, keeps its port, and with HTTPS another port may be dropped', () => {
    const url = 'http://127.0.0.1:8080'
    const signed = formFrom(sign('12345', `${url}/twilio/voice`, form))
    expect(doorman(url).admitsForm(signed)).toBe(true)
    expect(doorman('http://127.0.0.1:8081').admitsForm(signed)).toBe(false)
    const another = formFrom(sign('12345', 'https://pub.example.com:8443/twilio/voice', form))
    expect(doorman().admitsForm(another)).toBe(false)
  })

  it('is let in with the query that we gave it, exactly as we did', () => {
    const url = '/twilio/next?stream=2&dialled=no-answer&handed=1'
    const signature = sign('12345', PUBLIC + url, form)
    expect(doorman().admitsForm(formFrom(signature, { url }))).toBe(true)
    for (const other of ['/twilio/next?stream=2', '/twilio/next', `${url}0`, url.replace('2', '3')]) {
      expect(doorman().admitsForm(formFrom(signature, { url: other }))).toBe(false)
    }
  })

  it('may have a field twice: its values are signed once each, in order', () => {
    const signature = createHmac('sha1', '12345').update(`${PUBLIC}/twilio/voiceAabAc`).digest('base64')
    expect(doorman().admitsForm(formFrom(signature, { form: { A: ['c', 'ab', 'c'] } }))).toBe(true)
    expect(doorman().admitsForm(formFrom(signature, { form: { A: ['c', 'ax'] } }))).toBe(false)
  })

  it('with two signatures has none', () => {
    const signature = sign('12345', `${PUBLIC}/twilio/voice`, form)
    expect(doorman().admitsForm(formFrom('', { headers: { 'x-twilio-signature': [signature, signature] } }))).toBe(
      false,
    )
  })

  it('is let in with either of two tokens while a key is being changed', () => {
    const rotating = doorman(PUBLIC, 'new', 'old')
    expect(rotating.admitsForm(formFrom(sign('old', `${PUBLIC}/twilio/voice`, form)))).toBe(true)
    expect(rotating.admitsForm(formFrom(sign('new', `${PUBLIC}/twilio/voice`, form)))).toBe(true)
    expect(rotating.admitsForm(formFrom(sign('older', `${PUBLIC}/twilio/voice`, form)))).toBe(false)
  })

  it.each([
    ['no signature', undefined],
    ['an empty signature', ''],
    ['a signature that is none', '%%%'],
    ['the signature of another URL', sign('12345', `${PUBLIC}/twilio/next`, form)],
    ['the signature of another form', sign('12345', `${PUBLIC}/twilio/voice`, { ...form, From: '+15559999999' })],
    ['the signature of a longer form', sign('12345', `${PUBLIC}/twilio/voice`, { ...form, More: '1' })],
    ['the signature of http', sign('12345', 'http://pub.example.com/twilio/voice', form)],
  ])('is refused with %s', (_, signature) => {
    expect(doorman().admitsForm(formFrom(signature))).toBe(false)
  })

  it('is refused, not thrown at us, when what was asked for is no path', () => {
    for (const url of ['http://evil/', '@evil.example.com/', '', '*', '/%', '//']) {
      expect(doorman().admitsForm(formFrom('x', { url }))).toBe(false)
    }
  })
})

describe('a signed upgrade', () => {
  const knock = (url: string, signature: string) => ({
    ...{ url, remoteAddress: '203.0.113.9' },
    headers: { 'x-twilio-signature': signature },
  })

  it('is let in with and without a trailing slash, on either side', () => {
    for (const signed of ['wss://pub.example.com/twilio/media', 'wss://pub.example.com/twilio/media/']) {
      for (const url of ['/twilio/media', '/twilio/media/']) {
        expect(doorman().admitsUpgrade(knock(url, sign('12345', signed)))).toBe(true)
      }
    }
  })

  it('is let in with what is behind the path, when that is signed too', () => {
    for (const signed of ['wss://pub.example.com/twilio/media/2', 'wss://pub.example.com/twilio/media/2/']) {
      expect(doorman().admitsUpgrade(knock('/twilio/media/2', sign('12345', signed)))).toBe(true)
      expect(doorman().admitsUpgrade(knock('/twilio/media/3', sign('12345', signed)))).toBe(false)
      expect(doorman().admitsUpgrade(knock('/twilio/media', sign('12345', signed)))).toBe(false)
    }
  })

  it('is let in when the address was configured with :443', () => {
    const signature = sign('12345', 'wss://pub.example.com/twilio/media')
    expect(doorman('https://pub.example.com:443').admitsUpgrade(knock('/twilio/media', signature))).toBe(true)
  })

  it.each([
    ['https://pub.example.com', 'wss://pub.example.com:443/twilio/media'],
    ['https://pub.example.com', 'wss://pub.example.com:443/twilio/media/'],
    ['https://pub.example.com/line1', 'wss://pub.example.com:443/line1/twilio/media'],
    ['https://pub.example.com:8443', 'wss://pub.example.com:8443/twilio/media'],
    ['https://pub.example.com:8443', 'wss://pub.example.com/twilio/media/'],
  ])('is let in at %s when it is signed with its port or without: %s', (configured, signed) => {
    expect(doorman(configured).admitsUpgrade(knock('/twilio/media', sign('12345', signed)))).toBe(true)
  })

  it.each([
    ['another port', 'wss://pub.example.com:8443/twilio/media'],
    ['port 80', 'wss://pub.example.com:8080/twilio/media'],
    ['another host', 'wss://evil.example.com/twilio/media'],
    ['no TLS', 'ws://pub.example.com/twilio/media'],
    ['another path', 'wss://pub.example.com/twilio/voice'],
    ['two slashes', 'wss://pub.example.com/twilio/media//'],
  ])('is refused when it is signed for %s', (_, signed) => {
    expect(doorman().admitsUpgrade(knock('/twilio/media', sign('12345', signed)))).toBe(false)
  })

  it('is let in with either of two tokens while a key is being changed', () => {
    const url = 'wss://pub.example.com/twilio/media'
    const rotating = doorman(PUBLIC, 'new', 'old')
    for (const token of ['new', 'old']) {
      expect(rotating.admitsUpgrade(knock('/twilio/media', sign(token, url)))).toBe(true)
    }
    expect(rotating.admitsUpgrade(knock('/twilio/media', sign('older', url)))).toBe(false)
  })

  it('is refused with a query, even a signed one', () => {
    const signature = sign('12345', 'wss://pub.example.com/twilio/media?x=1')
    expect(doorman().admitsUpgrade(knock('/twilio/media?x=1', signature))).toBe(false)
    const bare = sign('12345', 'wss://pub.example.com/twilio/media')
    expect(doorman().admitsUpgrade(knock('/twilio/media?', bare))).toBe(false)
  })

  it('is refused with the signature of https', () => {
    const signature = sign('12345', 'https://pub.example.com/twilio/media')
    expect(doorman().admitsUpgrade(knock('/twilio/media', signature))).toBe(false)
    expect(doorman().admitsUpgrade({ url: '/twilio/media', headers: {}, remoteAddress: '127.0.0.1' })).toBe(false)
  })
})

describe('without an auth token', () => {
  const open = makeDoorman(readAddress('http://127.0.0.1:8080'), [])
  const request = (remoteAddress: string | undefined, headers: Record<string, string>) => ({
    ...{ url: '/twilio/voice', form: {}, remoteAddress, headers },
  })

  it.each([
    ['127.0.0.1', 'localhost:8080'],
    ['127.0.0.1', '127.0.0.1:8080'],
    ['127.3.2.1', 'LOCALHOST'],
    ['::1', '[::1]:8080'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
  ])('this machine is let in: from %s for %s', (remoteAddress, host) => {
    expect(open.admitsForm(request(remoteAddress, { host }))).toBe(true)
    expect(open.admitsUpgrade(request(remoteAddress, { host }))).toBe(true)
  })

  it.each<[string, string | undefined, Record<string, string>]>([
    ['another machine', '192.168.1.20', { host: 'localhost' }],
    ['another machine by IPv6', '2001:db8::1', { host: 'localhost' }],
    ['an address mapped to IPv6', '::ffff:203.0.113.9', { host: 'localhost' }],
    ['a socket that is gone', undefined, { host: 'localhost' }],
    ['a tunnel that keeps its public host', '127.0.0.1', { host: 'abc.ngrok-free.dev' }],
    ['a host that only begins like ours', '127.0.0.1', { host: 'localhost.evil.example.com' }],
    ['a host in the address range of another', '127.0.0.1', { host: '127.0.0.1.nip.io' }],
    ['no host', '127.0.0.1', {}],
    ['a tunnel that rewrites the host', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }],
    ['a proxy that names the host', '127.0.0.1', { host: 'localhost', 'x-forwarded-host': 'pub.example.com' }],
    ['a proxy that names the scheme', '127.0.0.1', { host: 'localhost', 'x-forwarded-proto': 'https' }],
    ['a proxy by the standard', '127.0.0.1', { host: 'localhost', forwarded: 'for=203.0.113.9' }],
    ['a proxy that says via', '127.0.0.1', { host: 'localhost', via: '1.1 proxy' }],
    ['a proxy that says the real address', '127.0.0.1', { host: 'localhost', 'x-real-ip': '203.0.113.9' }],
    ['a tunnel of a content network', '127.0.0.1', { host: 'localhost', 'cf-connecting-ip': '203.0.113.9' }],
    ['a page in the browser of this machine', '127.0.0.1', { host: 'localhost', origin: 'https://evil.example.com' }],
  ])('%s is refused', (_, remoteAddress, headers) => {
    expect(open.admitsForm(request(remoteAddress, headers))).toBe(false)
    expect(open.admitsUpgrade(request(remoteAddress, headers))).toBe(false)
  })
})

describe('the public address', () => {
  it.each([
    ['https://pub.example.com', 'wss://pub.example.com'],
    ['https://pub.example.com:443/', 'wss://pub.example.com'],
    ['https://pub.example.com:8443', 'wss://pub.example.com:8443'],
    ['https://pub.example.com/line1/', 'wss://pub.example.com/line1'],
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080'],
    ['http://localhost:8080', 'ws://localhost:8080'],
  ])('%s has its media socket under %s', (publicUrl, ws) => {
    expect(readAddress(publicUrl).ws).toBe(ws)
  })

  it.each([
    'http://pub.example.com',
    'https://pub.example.com?x=1',
    'https://pub.example.com/#rc=2',
    'https://user@pub.example.com',
    'ftp://pub.example.com',
    'pub.example.com',
    '',
  ])('%j is refused', (publicUrl) => {
    expect(() => readAddress(publicUrl)).toThrow(RangeError)
  })
})
