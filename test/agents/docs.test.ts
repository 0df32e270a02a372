import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readAgentsFile } from '../../src/agents/agents-file.ts'
import { agentsSchema, fieldsAt } from '../../src/agents/schema.ts'
import { settingNames } from '../../src/settings.ts'
import { draftOf } from './draft.ts'

const page = readFileSync(new URL('../../docs/agents.md', import.meta.url), 'utf8')

/** The first cells of the table under a heading. */
function firstCells(heading: string): string[] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)
}

describe('the page about agents', () => {
  it('has an example that is right as it stands', () => {
    const example = /```yaml\n(.*?)```/s.exec(page)?.[1] ?? ''
    const drafts = readAgentsFile(example, draftOf(), { STOCK_KEY: 'k1', ORDERS_KEY: 'k2' })
    expect(drafts).not.toHaveProperty('problems')
    expect('numbers' in drafts && [...drafts.numbers.keys()]).toEqual([
      '+15550100',
      '+15550101',
      'sip:lab@voice.example.com',
    ])
  })

  it('names every field that there is, and no other', () => {
    const flat = fieldsAt(agentsSchema, ['default']).flatMap((field) => {
      const inner = ['turns', 'bargeIn', 'limits'].includes(field) ? fieldsAt(agentsSchema, ['default', field]) : []
      return inner.length === 0 ? [field] : inner.map((name) => `${field}.${name}`)
    })
    expect(firstCells('Fields')).toEqual(flat)
    for (const list of ['httpTools', 'mcpServers']) {
      expect(firstCells(list)).toEqual(fieldsAt(agentsSchema, ['default', list, 0]))
    }
  })

  it('names settings of the environment that there are', () => {
    const named = [...page.matchAll(/`([A-Z][A-Z_]+)` +\|$/gm)].map(([, name = '']) => name)
    expect(named.filter((name) => !settingNames.includes(name))).toEqual(['TZ'])
  })
})
