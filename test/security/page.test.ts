import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const page = readFileSync('docs/security.md', 'utf8')

it('the page about security names files that there are, and tests by what they are called', () => {
  const named = [...page.matchAll(/`((?:src|test)\/[^`]+)`((?: "[^"]+",?)*)/g)]
  expect(named.length).toBeGreaterThan(40)
  for (const [, path = '', titles = ''] of named) {
    expect(existsSync(path), path).toBe(true)
    const text = path.startsWith('test/') ? readFileSync(path, 'utf8') : ''
    for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) expect(text, path).toContain(title)
  }
})
