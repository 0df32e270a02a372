import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { openDesk, PASSWORD } from './desk-rig.ts'

const folder = mkdtempSync(join(tmpdir(), 'offhook-page-'))
const page = join(folder, 'dist')
const script = 'export const answer = 42\n'.repeat(100)
mkdirSync(join(page, 'assets'), { recursive: true })
mkdirSync(join(page, '.vite'))
writeFileSync(join(page, 'index.html'), '<!doctype html><title>Offhook</title>')
writeFileSync(join(page, 'assets/index-a1b2.js'), script)
writeFileSync(join(page, 'assets/style-a1b2.css'), 'p{}')
writeFileSync(join(page, 'assets/style-a1b2.css.br'), 'made before')
writeFileSync(join(page, '.vite/manifest.json'), '{}')
writeFileSync(join(folder, 'secret.txt'), 'secret')
symlinkSync(join(folder, 'secret.txt'), join(page, 'linked.txt'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the page', () => {
  it('says how it is built, when it is not, and is there as soon as it is', async () => {
    const later = join(folder, 'later')
    await using desk = await openDesk({ pageFolder: later })
    const before = await desk.ask('/')
    expect([before.status, before.text]).toEqual([200, expect.stringContaining('npm run build')])
    mkdirSync(later)
    writeFileSync(join(later, 'index.html'), '<!doctype html>')
    expect((await desk.ask('/')).text).toBe('<!doctype html>')
  })

  it('is read again when it could not be read, while it was being built', async () => {
    const broken = join(folder, 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'index.html'), '<!doctype html>')
    // More than Node reads at once; it takes no room on the disk.
    writeFileSync(join(broken, 'huge.txt'), '')
    truncateSync(join(broken, 'huge.txt'), 2 ** 32)
    await using desk = await openDesk({ pageFolder: broken })
    expect((await desk.ask('/')).status).toBe(500)
    rmSync(join(broken, 'huge.txt'))
    expect((await desk.ask('/')).text).toBe('<!doctype html>')
  })

  it('says what to set, to those who may not see it', async () => {
    await using desk = await openDesk({ pageFolder: page })
    for (const path of ['/', '/assets/index-a1b2.js']) {
      const answer = await desk.ask(path, { headers: { 'x-forwarded-for': '203.0.113.7' } })
      expect([answer.status, answer.headers['content-type']]).toEqual([403, 'text/plain; charset=utf-8'])
      expect(answer.text).toContain('Set OPERATOR_PASSWORD')
    }
    await using locked = await openDesk({ pageFolder: page, access: { password: PASSWORD, behindProxy: true } })
    // One has to see a page to sign in.
    expect((await locked.ask('/')).status).toBe(200)
  })

  it('is asked for again by who has it, and its hashed files never', async () => {
    await using desk = await openDesk({ pageFolder: page })
    const index = await desk.ask('/')
    expect(index.headers['cache-control']).toBe('no-cache')
    const again = await desk.ask('/', { headers: { 'if-none-match': index.headers.etag ?? '' } })
    expect([again.status, again.text]).toEqual([304, ''])
    const asset = await desk.ask('/assets/index-a1b2.js')
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect([asset.headers['content-type'], asset.text]).toEqual(['text/javascript; charset=utf-8', script])
  })

  it('comes in few bytes to who can unpack them', async () => {
    await using desk = await openDesk({ pageFolder: page })
    const get = (path: string, codings: string) => desk.ask(path, { headers: { 'accept-encoding': codings } })
    const packed = await get('/assets/index-a1b2.js', 'gzip, deflate, br')
    expect([packed.headers['content-encoding'], packed.headers['vary']]).toEqual(['br', 'Accept-Encoding'])
    expect(brotliDecompressSync(packed.body).toString()).toBe(script)
    const zipped = await get('/assets/index-a1b2.js', 'gzip')
    expect(gunzipSync(zipped.body).toString()).toBe(script)
    expect(zipped.headers.etag).not.toBe(packed.headers.etag)
    expect((await get('/assets/style-a1b2.css', 'br')).text).toBe('made before')
    expect((await get('/assets/style-a1b2.css', 'gzip')).text).toBe('p{}')
    const head = await desk.ask('/', { method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
  })

  it('runs nothing but our own files, and nobody frames it', async () => {
    await using desk = await openDesk({ pageFolder: page, access: { password: PASSWORD, secureCookie: true } })
    for (const path of ['/', '/api/session']) {
      const { headers } = await desk.ask(path)
      const policy = headers['content-security-policy']
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self';")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|blob:|\*|https?:/)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'same-origin',
        'strict-transport-security': 'max-age=31536000',
        'permissions-policy': expect.stringContaining('microphone=(self)'),
      })
      expect(headers['x-powered-by']).toBeUndefined()
    }
    expect((await desk.ask('/api/session')).headers['cache-control']).toBe('no-store')
  })

  it('is nothing but its own files', async () => {
    await using desk = await openDesk({ pageFolder: page })
    const paths = [
      ...['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '//etc/passwd'],
      ...['/linked.txt', '/.vite/manifest.json', '/assets/style-a1b2.css.br', '/assets', '/nothing', '/index.html%00'],
    ]
    for (const path of paths) {
      const { status, text } = await desk.ask(path)
      expect([status, text], path).toEqual([404, '{"error":"not found"}'])
    }
    expect((await desk.ask('/', { method: 'POST' })).status).toBe(404)
    expect((await desk.ask('/favicon.ico')).status).toBe(204)
  })
})
