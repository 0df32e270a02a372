import { describe, expect, it } from 'vitest'
import { makeArgumentCheck, schemaProblem } from '../../src/tools/check-arguments.ts'

function declare(parameters: Record<string, unknown>) {
  return { name: 'a_tool', description: 'a tool', parameters: { type: 'object', ...parameters } }
}

const order = declare({
  properties: {
    digits: { type: 'string', pattern: '^[0-9]+$' },
    when: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
    size: { enum: ['small', 'large'] },
    count: { type: 'integer', minimum: 1 },
    lines: { type: 'array', items: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } },
  },
  required: ['digits'],
  additionalProperties: false,
})

describe('the check of arguments', () => {
  const check = makeArgumentCheck()

  it.each([
    [{ digits: '12' }, undefined],
    [{ digits: '12', when: null, size: 'small', count: 1, lines: [{ sku: 'a' }] }, undefined],
    [{ digits: 12 }, 'digits: expected string, got 12'],
    [{ digits: 'x' }, 'digits: expected a string like ^[0-9]+$, got "x"'],
    [{}, 'digits: missing'],
    [{ digits: '1', colour: 'red' }, 'colour: not known'],
    [{ digits: '1', size: 'huge' }, 'size: expected one of ["small","large"], got "huge"'],
    [{ digits: '1', count: 0 }, 'count: must be >= 1, got 0'],
    [{ digits: '1', lines: [{}] }, 'lines.0.sku: missing'],
    [{ digits: '1', lines: [{ sku: 5 }] }, 'lines.0.sku: expected string, got 5'],
    [{ digits: '1', when: 5 }, 'when: must match a schema in anyOf, got 5'],
    ['12', 'arguments: expected object, got "12"'],
    [undefined, 'arguments: expected object, got nothing'],
  ])('of %j says %j', (args, message) => {
    expect(check(order, args)).toBe(message)
  })

  it('stays short, whatever it is given', () => {
    const message = check(order, { digits: 'no\n'.repeat(10_000) })
    expect(message).toMatch(/^digits: /)
    expect(message?.length).toBeLessThan(200)
    expect(message).not.toContain('\n')
    expect(check(order, { digits: '1', ['x'.repeat(9999)]: 1 })?.length).toBeLessThan(200)
  })

  it('is not upset by a schema that was never looked at', () => {
    expect(check(declare({ properties: { a: { type: 'nonsense' } } }), { a: 1 })).toBeUndefined()
  })
})

describe('the schemas of the real world', () => {
  const check = makeArgumentCheck()

  it.each([
    [
      'draft 7',
      { $schema: 'http://json-schema.org/draft-07/schema#', properties: { a: { items: [{ type: 'string' }] } } },
    ],
    [
      '2020-12',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        properties: { a: { prefixItems: [{ type: 'string' }] } },
      },
    ],
    ['no dialect', { properties: { a: { prefixItems: [{ type: 'string' }] } } }],
    ['definitions', { $defs: { a: { prefixItems: [{ type: 'string' }] } }, properties: { a: { $ref: '#/$defs/a' } } }],
    ['a name', { $id: 'https://example.com/order', properties: { a: { prefixItems: [{ type: 'string' }] } } }],
    [
      'the same name again',
      {
        $id: 'https://example.com/order',
        properties: { a: { 'x-hint': 'other', prefixItems: [{ type: 'string', format: 'phone' }] } },
      },
    ],
  ])('with %s are enforced', (_name, parameters) => {
    const declaration = declare(parameters)
    expect(schemaProblem(declaration.parameters)).toBeUndefined()
    expect(check(declaration, { a: ['x'] })).toBeUndefined()
    expect(check(declaration, { a: [1] })).toBe('a.0: expected string, got 1')
  })

  it.each([
    [{ type: 'string' }, 'must be a JSON Schema of an object'],
    [{}, 'must be a JSON Schema of an object'],
    [{ type: 'object', properties: { a: { type: 'text' } } }, 'is no valid JSON Schema'],
    [{ type: 'object', properties: { a: { pattern: '[' } } }, 'is no valid JSON Schema'],
    [{ type: 'object', properties: { a: { $ref: 'https://127.0.0.1:1/schema.json' } } }, "can't resolve reference"],
  ])('%j is refused when it is declared', (parameters, words) => {
    expect(schemaProblem(parameters)).toContain(words)
  })
})
