import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readRecordedCall, replay } from './recorded-call.ts'

const calls = new URL('../../fixtures/audio/calls/', import.meta.url).pathname

const names = readdirSync(calls, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

describe('a recorded call', () => {
  it.each(names)('%s goes today as it went then', async (name) => {
    const expected = JSON.parse(readFileSync(`${calls}/${name}/expected.json`, 'utf8'))
    expect(await replay(readRecordedCall(`${calls}/${name}`))).toEqual(expected)
  })

  it('is there for each way in which a first call can go', () => {
    expect(names.sort()).toEqual([
      'barge-in-on-buffered-tail',
      'barge-in-while-generating',
      'hang-up-mid-answer',
      'model-lost',
      'two-turns',
    ])
  })
})
