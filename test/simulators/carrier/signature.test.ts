import { expect, test } from 'vitest'
import { sign, signedStreamUrl, signedWebhookUrl } from '../../../src/simulators/carrier/signature.ts'

test("the carrier signs a form as Twilio's own example does", () => {
  const form = {
    To: '+18005551212',
    CallSid: 'CA1234567890ABCDE',
    Digits: '1234',
    Caller: '+14158675310',
    From: '+14158675310',
  }
  expect(sign('12345', 'https://example.com/myapp.php?foo=1&bar=2', form)).toBe('L/OH5YylLD5NRKLltdqwSvS0BnU=')
})

test('names are sorted with capitals first, and empty values are signed', () => {
  expect(sign('t', 'https://h/', { b: '2', B: '1', a: '' })).toBe(sign('t', 'https://h/B1ab2'))
})

test.each([
  ['https://h/v?x=1', 'https://h/v?x=1'],
  ['https://h:8443/v?x=%27', 'https://h/v?x=%27'],
  ['https://user:pass@h:8443/v', 'https://h/v'],
  ['http://user:pass@h:8080/v', 'http://h:8080/v'],
  ['https://h/v#rc=2', 'https://h/v'],
  ['https://[::1]:8443/v', 'https://[::1]/v'],
  ['https://h/a:80/b@c', 'https://h/a:80/b@c'],
])('of the voice URL %s the carrier signs %s', (url, signed) => {
  expect(signedWebhookUrl(url)).toBe(signed)
})

test('of a stream URL neither query nor fragment is signed, and a slash is added only when asked for', () => {
  expect(signedStreamUrl('wss://h/media?token=1#x', false)).toBe('wss://h/media')
  expect(signedStreamUrl('wss://h/media', true)).toBe('wss://h/media/')
  expect(signedStreamUrl('wss://h/media/', true)).toBe('wss://h/media/')
})
