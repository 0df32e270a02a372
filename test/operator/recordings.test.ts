import { appendFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FILE, openDesk, RECORDING } from './desk-rig.ts'
import { ANSWERED_AT } from './recorded-events.ts'

const path = `/api/calls/CA1/files/${FILE}`

describe('a recording', () => {
  it('is given as a whole, and its head alone', async () => {
    await using desk = await openDesk()
    const whole = await desk.ask(path)
    expect([whole.status, whole.body]).toEqual([200, RECORDING])
    expect(whole.headers).toMatchObject({
      ...{ 'accept-ranges': 'bytes', 'content-type': 'audio/wav', 'content-length': '100' },
      'cache-control': 'no-store',
    })
    const head = await desk.ask(path, { method: 'HEAD' })
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '100', ''])
  })

  it('is found where the data stands, also when that was said from here', async () => {
    await using desk = await openDesk({ shelfFolder: (folder) => relative(process.cwd(), folder) })
    expect((await desk.ask(path)).body).toEqual(RECORDING)
  })

  it('is given in parts', async () => {
    await using desk = await openDesk()
    const part = async (range: string, more = {}) => {
      const { status, headers, body } = await desk.ask(path, { headers: { range, ...more } })
      return [status, headers['content-range'], [...body]]
    }
    expect(await part('bytes=10-12')).toEqual([206, 'bytes 10-12/100', [10, 11, 12]])
    expect(await part('bytes=98-')).toEqual([206, 'bytes 98-99/100', [98, 99]])
    expect(await part('bytes=-2')).toEqual([206, 'bytes 98-99/100', [98, 99]])
    const beyond = await desk.ask(path, { headers: { range: 'bytes=100-' } })
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */100'])
    const { headers } = await desk.ask(path)
    expect(await part('bytes=0-0', { 'if-range': headers.etag })).toEqual([206, 'bytes 0-0/100', [0]])
    expect(await part('bytes=0-0', { 'if-range': '"of another day"' })).toEqual([200, undefined, [...RECORDING]])
  })

  it('that is still being written is given as it is now', async () => {
    await using desk = await openDesk()
    const before = await desk.ask(path)
    appendFileSync(join(desk.folder, FILE), Buffer.of(100, 101))
    const after = await desk.ask(path, { headers: { range: 'bytes=99-', 'if-range': before.headers.etag } })
    expect([after.status, after.body.length]).toEqual([200, 102])
    const tail = await desk.ask(path, { headers: { range: 'bytes=99-' } })
    expect([tail.headers['content-range'], [...tail.body]]).toEqual(['bytes 99-101/102', [99, 100, 101]])
  })

  it('is played in the page, and saved where that is asked for; a flight record is always saved', async () => {
    await using desk = await openDesk()
    const dispositionOf = async (asked: string) => (await desk.ask(asked)).headers['content-disposition']
    expect(await dispositionOf(path)).toBeUndefined()
    expect(await dispositionOf(`${path}?download`)).toBe(`attachment; filename=CA1-${FILE}`)
    const flight = `/api/calls/CA1/files/${ANSWERED_AT}.flight`
    expect(await dispositionOf(flight)).toBe(`attachment; filename=CA1-${ANSWERED_AT}.flight`)
  })

  it('is written down as downloaded once, however many parts a player asks for', async () => {
    await using desk = await openDesk()
    for (const range of ['bytes=0-', 'bytes=10-20', 'bytes=50-']) await desk.ask(path, { headers: { range } })
    await desk.ask(path, { method: 'HEAD' })
    expect(desk.deeds).toEqual([{ operator: 'operator', did: 'download', callId: 'CA1', name: FILE }])
    desk.clock.advance(3_600_000)
    await desk.ask(path)
    expect(desk.deeds).toHaveLength(2)
  })

  it('is found by its own name only', async () => {
    await using desk = await openDesk()
    const names = ['..%2f..%2fetc%2fpasswd', '%2e%2e', 'x.wav', '1.txt', '1.wav%00', `${'1'.repeat(17)}.wav`, '5.wav']
    const paths = names.map((name) => `/api/calls/CA1/files/${name}`)
    const others = [`/api/calls/CA2/files/${FILE}`, `/api/calls/..%2fCA1/files/${FILE}`, '/api/calls/%ff/events']
    for (const asked of [...paths, ...others]) {
      const { status, text } = await desk.ask(asked)
      expect([400, 404], asked).toContain(status)
      expect(JSON.parse(text).error, asked).toMatch(/./)
    }
    expect(desk.deeds.filter(({ name }) => name !== '5.wav')).toEqual([])
  })
})
