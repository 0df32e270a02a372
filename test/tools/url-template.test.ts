import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseUrlTemplate } from '../../src/tools/url-template.ts'

describe('an address with placeholders', () => {
  const template = parseUrlTemplate('https://api.example.com/v1/orders/{id}/lines?fields={fields}&x=1')

  it('is filled from arguments, encoded', () => {
    expect(template.fill({ id: 'a b?c#d', fields: 'e&f=g/h' }).href).toBe(
      'https://api.example.com/v1/orders/a%20b%3Fc%23d/lines?fields=e%26f%3Dg%2Fh&x=1',
    )
    expect(template.fill({ id: 12, fields: true }).pathname).toBe('/v1/orders/12/lines')
    expect(template.fill({ id: 12, fields: '' }).search).toBe('?fields=&x=1')
  })

  it.each(['a/b', '..\\b', 'a\r\nb'])('takes nothing in its path that a proxy might read as another path: %j', (id) => {
    expect(() => template.fill({ id, fields: 'x' })).toThrow('id: may hold no slash and no control character')
  })

  it('never leaves its place, whatever the arguments are', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('.', '..', '\ud800', 'ü\u0000\n', '%2e%2e', '../..', '@evil.example', '\\'),
    )
    fc.assert(
      fc.property(text, text, (id, fields) => {
        let url: URL
        try {
          url = template.fill({ id, fields })
        } catch (error) {
          expect(error).toMatchObject({ name: 'ToolError' })
          return
        }
        expect(url.host).toBe('api.example.com')
        expect(url.pathname).toMatch(/^\/v1\/orders\/[^/]+\/lines$/)
        expect([...url.searchParams.keys()]).toEqual(['fields', 'x'])
        expect(url.searchParams.get('fields')).toBe(fields.toWellFormed())
        expect(decodeURIComponent(url.pathname.split('/')[3] ?? '')).toBe(id.toWellFormed())
      }),
    )
  })

  it.each(['.', '..', ''])('refuses %j in the path', (id) => {
    expect(() => template.fill({ id, fields: 'a' })).toThrow()
  })

  it('refuses dots that only a neighbour makes a step up', () => {
    const pair = parseUrlTemplate('https://api.example.com/v1/{a}{b}/x')
    expect(() => pair.fill({ a: '.', b: '.' })).toThrow('cannot be part')
    expect(pair.fill({ a: '.', b: 'x' }).pathname).toBe('/v1/.x/x')
  })

  it('refuses what is missing, no text, inherited or too long', () => {
    expect(() => template.fill({ fields: 'a' })).toThrow('id: missing')
    expect(() => template.fill({ id: { a: 1 }, fields: 'a' })).toThrow('id: missing')
    expect(() => template.fill(undefined)).toThrow('id: missing')
    expect(() => parseUrlTemplate('https://a.example/{constructor}').fill({})).toThrow('constructor: missing')
    expect(() => template.fill({ id: 'a'.repeat(3000), fields: 'a' })).toThrow('too long')
  })

  it.each([
    'http://api.example.com/',
    '//api.example.com/',
    '/v1',
    'https://{host}/v1',
    'https://api.{region}.example.com/',
    'https://user:password@api.example.com/',
    'https://api.example.com/#part',
    'https://api.example.com/{id',
    'https://api.example.com/{a b}',
    'https://api.example.com/v1/../{id}',
    'https://api.example.com/v1/%2e{id}/..',
    'https://api.example.com\\@evil.example/',
    'https://api.example.com/a b',
    'https://api.example.com/\n',
    'https://api.example.com:99999/',
    'https://',
  ])('is not %j', (text) => {
    expect(() => parseUrlTemplate(text)).toThrow(RangeError)
  })

  it('may be just a host', () => {
    expect(parseUrlTemplate('https://API.example.com:443').host).toBe('api.example.com')
    expect(parseUrlTemplate('https://api.example.com:8443?q={q}').fill({ q: 1 }).href).toBe(
      'https://api.example.com:8443/?q=1',
    )
  })
})
