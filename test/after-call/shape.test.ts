import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MAX_READ, readJsonObject } from '../../src/after-call/answer-json.ts'
import { judge } from '../../src/after-call/judge.ts'
import { linesOf } from '../../src/after-call/question.ts'
import { readShape } from '../../src/after-call/shape.ts'

function shapeOf(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-shape-'))
  try {
    const file = join(folder, 'shape.json')
    writeFileSync(file, text)
    return readShape(file)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('the shape of an analysis', () => {
  it('is the operator’s, in either dialect', () => {
    const schema = { type: 'object', properties: { topic: { enum: ['order', 'other'] } }, required: ['topic'] }
    for (const dialect of [undefined, 'http://json-schema.org/draft-07/schema#']) {
      const shape = shapeOf(JSON.stringify({ $schema: dialect, ...schema }))
      expect(shape.problem({ topic: 'order' })).toBeUndefined()
      expect(shape.problem({ topic: 'the words of a caller' })).toBe(
        'topic must be equal to one of the allowed values: ["order","other"]',
      )
      expect(shape.problem({})).toBe("the object must have required property 'topic'")
    }
  })

  it.each([
    ['expected JSON', '{'],
    ['expected a JSON Schema of an object', '{"type": "string"}'],
    ['is no valid JSON Schema', '{"type": "object", "properties": {"a": {"type": "objekt"}}}'],
    ['expected at most', `{"type": "object", "title": "${'x'.repeat(33_000)}"}`],
  ])('that is wrong is said at the start: %s', (words, text) => {
    expect(() => shapeOf(text)).toThrow(words)
  })

  it('that cannot be read is said at the start', () => {
    expect(() => readShape('/no/such/file.json')).toThrow('ANALYSIS_SHAPE_FILE: cannot be read (ENOENT)')
  })
})

describe('a model’s answer', () => {
  it.each([
    ['{"a":1}', { a: 1 }],
    ['  \n{"a":{"b":"}"}}\n', { a: { b: '}' } }],
    ['As {you} wish: {"a":"\\"}{"} {bye}', { a: '"}{' }],
    ['```\n{"a":1}\n``` or {"b":2}', { a: 1 }],
    ['[1,2]', undefined],
    ['nothing', undefined],
    ['{no} ```json\n{"a":1}```', { a: 1 }],
    ['{no} ```{nothing}``` ``` \n {"a":"{"} \n', { a: '{' }],
    ['{'.repeat(100_000), undefined],
  ])('is searched for its JSON object: %#', (text, found) => {
    expect(readJsonObject(text)).toEqual(found)
  })

  // What takes the square of their length takes ten seconds and more for some of these, and the test fails of it.
  it.each(['```{', '```', '``` ', '```\n{}', '{', '}{', '{"', '{"a":', '{"\\', '```a', '{}```', '[{'])(
    'of %j without end is read in one go, and not at all when it is too long',
    (part) => {
      for (const [head, tail] of [
        ['', ''],
        ['{', '}'],
        ['```{', '} '],
        ['{}{', '} {'],
        ['```json {', '}'],
      ]) {
        const text = head + part.repeat((4 * MAX_READ) / part.length) + tail
        readJsonObject(text, text.length)
        expect(readJsonObject(text)).toBeUndefined()
      }
    },
  )

  it('is of the shape, or it is said why not', () => {
    const anything = shapeOf('{"type": "object"}')
    const judged = (text: string) => judge({ ok: true, text, isWhole: true }, anything)
    expect(judged('Well: {"a":[1]}')).toMatchObject({ isWhole: true, reading: { result: { a: [1] } } })
    expect(judged('Well.')).toMatchObject({ reading: { problem: 'there is no JSON object in it' } })
    const long = judged(`{"a":"${'x'.repeat(400_000)}"}`)
    expect(long).toMatchObject({ reading: { problem: 'it is longer than 65536 characters' } })
    expect(long.ok && long.text.length).toBe(MAX_READ)
    // As deep as it may be long: nobody could copy it to another thread, or write it down.
    const deep = `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
    expect(judged(deep)).toMatchObject({ reading: { problem: 'it is nested deeper than 32' } })
  })
})

describe('a transcript', () => {
  it('keeps its beginning and its end when it is long', () => {
    const said = Array.from(
      { length: 200 },
      (_, i) => ({ speaker: 'caller', text: `${i} ${'x'.repeat(300)}` }) as const,
    )
    const lines = linesOf(said)
    expect(JSON.stringify(lines).length).toBeLessThan(16_500)
    expect(lines[0]?.['caller']).toMatch(/^0 /)
    expect(lines.at(-1)?.['caller']).toMatch(/^199 /)
    expect(lines.find((line) => 'left out' in line)).toEqual({ 'left out': `${200 - lines.length + 1} lines` })
  })

  it('has of a tool that it was called and how that went', () => {
    const said = [
      { speaker: 'tool', name: 'balance_of', ok: true },
      { speaker: 'tool', name: 'pay', ok: false },
    ] as const
    expect(linesOf(said)).toEqual([
      { tool: 'balance_of', outcome: 'worked' },
      { tool: 'pay', outcome: 'failed' },
    ])
  })

  it('of one endless line is cut', () => {
    const lines = linesOf([{ speaker: 'caller', text: 'y'.repeat(60_000) }])
    expect(lines).toEqual([{ caller: `${'y'.repeat(4000)}…` }])
  })
})
