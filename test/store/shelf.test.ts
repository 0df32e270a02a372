import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { openShelf, placeOf } from '../../src/store/shelf.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const root = await mkdtemp(join(tmpdir(), 'shelf-'))
afterAll(() => rm(root, { recursive: true }))
const { log } = makeLogRecorder()
let directory = ''

beforeEach(async () => {
  directory = await mkdtemp(join(root, 'data-'))
})

async function put(callId: string, name: string, content = 'sound'): Promise<void> {
  await writeFile(await placeOf(directory, callId, name), content)
}

describe('the shelf of recordings', () => {
  it('lists the files of a call, oldest first, and nothing else that lies there', async () => {
    await put('CA1', '2000.wav', '12345')
    await put('CA1', '1000.wav')
    await put('CA1', '2000.flight')
    await put('CA1', 'notes.txt')
    expect(await openShelf({ directory, log }).list('CA1')).toEqual([
      { name: '1000.wav', kind: 'recording', answeredAt: 1000, bytes: 5 },
      { name: '2000.flight', kind: 'flight', answeredAt: 2000, bytes: 5 },
      { name: '2000.wav', kind: 'recording', answeredAt: 2000, bytes: 5 },
    ])
    expect(await openShelf({ directory, log }).list('CA2')).toEqual([])
  })

  it.each(['..', '.', '', '../calls/CA1', 'CA1/..', '/etc', 'CA\u00001', 'x'.repeat(65), 'CA1%2f..'])(
    'knows no call of the name %j',
    async (callId) => {
      await put('CA1', '1000.wav')
      const shelf = openShelf({ directory, log })
      expect(await shelf.list(callId)).toEqual([])
      expect(await shelf.pathOf(callId, '1000.wav')).toBeUndefined()
      await expect(placeOf(directory, callId, '1000.wav')).rejects.toThrow(RangeError)
    },
  )

  it.each(['../CA1/1000.wav', '/etc/passwd', '1000.wav/../1000.wav', '1000.mp3', '', '.wav', '1000.wav\u0000'])(
    'knows no file of the name %j',
    async (name) => {
      await put('CA1', '1000.wav')
      expect(await openShelf({ directory, log }).pathOf('CA1', name)).toBeUndefined()
    },
  )

  it('follows no link out, neither of a file nor of a call', async () => {
    await put('CA1', '1000.wav')
    const outside = join(root, 'outside')
    await mkdir(outside, { recursive: true })
    await writeFile(join(outside, '1.wav'), 'secret')
    await symlink(join(outside, '1.wav'), join(directory, 'calls', 'CA1', '1.wav'))
    await symlink(outside, join(directory, 'calls', 'CA2'))
    const shelf = openShelf({ directory, log })
    expect(await shelf.pathOf('CA1', '1.wav')).toBeUndefined()
    expect((await shelf.list('CA1')).map(({ name }) => name)).toEqual(['1000.wav'])
    expect(await shelf.pathOf('CA2', '1.wav')).toBeUndefined()
    expect(await shelf.list('CA2')).toEqual([])
    await expect(placeOf(directory, 'CA2', '2.wav')).rejects.toThrow(RangeError)
    await shelf.forget(Number.POSITIVE_INFINITY)
    expect(await readdir(outside)).toEqual(['1.wav'])
  })

  it('forgets whole calls whose last stream was answered before', async () => {
    await put('old', '1000.wav')
    await put('old', '1500.flight')
    await put('both', '1000.wav')
    await put('both', '3000.wav')
    await put('new', '2000.wav')
    const shelf = openShelf({ directory, log })
    expect(await shelf.forget(2000)).toBe(1)
    expect((await readdir(join(directory, 'calls'))).sort()).toEqual(['both', 'new'])
    expect(await shelf.forget(4000)).toBe(2)
  })

  it('is empty before anything was recorded', async () => {
    const shelf = openShelf({ directory: join(directory, 'nothing'), log })
    expect(await shelf.list('CA1')).toEqual([])
    expect(await shelf.forget(1e15)).toBe(0)
  })
})
