import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCallSound } from '../../src/after-call/call-sound.ts'
import { readWav, writeWav } from '../../src/audio/wav.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { CallShelf } from '../../src/call/shelf.ts'
import { startAnalysisServer } from '../../src/simulators/analysis/server.ts'
import { answered, ended, eventually, expectNothingPrivate, openReceiver, openStage, quiet, words } from './stage.ts'

function openFolder() {
  const path = mkdtempSync(join(tmpdir(), 'offhook-after-call-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

function stereo(left: number, right: number, seconds: number): Uint8Array {
  const channel = (value: number) => new Int16Array(Math.round(seconds * 8000)).fill(value)
  return writeWav({ sampleRate: 8000, channels: [channel(left), channel(right)] })
}

/** The same with a silent right channel, made quickly. */
function long(left: number, seconds: number): Uint8Array {
  const head = Buffer.from(stereo(0, 0, 0))
  head.writeUInt32LE(seconds * 32_000, 40)
  return Buffer.concat([head, Buffer.alloc(seconds * 32_000, Buffer.from([left, 0, 0, 0]))])
}

function samplesIn(sound: string | undefined): Int16Array {
  const { sampleRate, channels } = readWav(Buffer.from((sound ?? '').replace('data:;base64,', ''), 'base64'))
  expect([sampleRate, channels.length]).toEqual([8000, 1])
  return channels[0] ?? new Int16Array()
}

describe('the sound of a call', () => {
  it('is both voices on one channel, of all its streams', async () => {
    using folder = openFolder()
    const [one, other, torn] = ['1.wav', '2.wav', '3.wav'].map((name) => join(folder.path, name))
    writeFileSync(String(one), stereo(1000, 200, 0.5))
    writeFileSync(String(other), stereo(-30_000, -30_000, 0.25))
    writeFileSync(String(torn), 'RIFF')
    const samples = samplesIn(
      await readCallSound([String(one), join(folder.path, 'gone.wav'), String(torn), String(other)]),
    )
    expect(samples.length).toBe(6000)
    expect([samples[0], samples[3999], samples[4000], samples[5999]]).toEqual([1200, 1200, -32_768, -32_768])
    expect(await readCallSound([String(torn)])).toBeUndefined()
  })

  it('ends where a recording that was torn off ends', async () => {
    using folder = openFolder()
    const path = join(folder.path, '1.wav')
    writeFileSync(path, stereo(5, 5, 1).subarray(0, 44 + 4000))
    expect(samplesIn(await readCallSound([path])).length).toBe(1000)
  })

  it('is the end of a long call: what the service takes in one piece', async () => {
    using folder = openFolder()
    const [early, late] = ['1.wav', '2.wav'].map((name) => join(folder.path, name))
    writeFileSync(String(early), long(1, 120))
    writeFileSync(String(late), long(2, 480))
    const sound = (await readCallSound([String(early), String(late)])) ?? ''
    expect(sound.length).toBeLessThanOrEqual(10_485_760)
    expect(sound.length).toBeGreaterThan(10_485_700)
    const wav = Buffer.from(sound.slice('data:;base64,'.length), 'base64')
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
    const firstOfLate = wav.length - 480 * 16_000
    expect([44, firstOfLate - 2, firstOfLate, wav.length - 2].map((at) => wav.readInt16LE(at))).toEqual([1, 1, 2, 2])
  })
})

describe('a recorded call', () => {
  it.each([
    ['qwen', '/compatible-mode/v1'],
    ['dmxapi', '/v1'],
  ] as const)('is heard and judged by %s, from a thread of its own', async (by, path) => {
    using folder = openFolder()
    const file = join(folder.path, '1.wav')
    writeFileSync(file, stereo(700, 0, 1))
    const list = () => Promise.resolve([{ name: '1.wav', kind: 'recording', answeredAt: 1, bytes: 32_044 } as const])
    const shelf: CallShelf = { list, pathOf: () => Promise.resolve(file), forget: () => Promise.resolve(0) }
    await using server = await startAnalysisServer({ apiKey: 'sk-simulated' })
    await using receiver = await openReceiver()
    const analyst = { by, model: 'qwen3-omni-flash', key: 'sk-simulated', url: `${server.url}${path}` }
    const webhook = { url: receiver.url, secret: 'a-secret-of-an-operator' }
    await using stage = openStage(undefined, { analyst, shelf, webhook })
    const tool = { toolCallId: 't', name: 'balance_of', output: 'She owes us 300', place: 2 } as const
    const tools: CallEvent[] = [
      { atMs: 4000, type: 'tool-answered', ok: true, ...tool },
      { atMs: 5000, type: 'tool-answered', ok: false, ...tool, place: 3 },
    ]
    stage.happen('CA1', answered, ...words, ...tools, ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(receiver.received).toHaveLength(2))
    const result = expect.objectContaining({ outcome: 'answered', sentiment: 'positive' })
    const analysis = { by: 'qwen3-omni-flash', result }
    expect(stage.kept.lastOf('CA1')).toMatchObject({ type: 'analysed', analysis })
    expect(JSON.parse(receiver.received[1]?.body ?? '')).toMatchObject({ type: 'call.analysed', analysis })
    const [asked] = server.asked
    if (asked === undefined || 'refused' in asked) throw new Error('nothing was asked')
    expect(asked.wav?.length).toBe(44 + 16_000)
    expect(asked.turns[0]?.text).toContain(
      '[{"caller":"When do you open?"},{"agent":"We open at nine.","not heard":" Bring cash."},' +
        '{"tool":"balance_of","outcome":"worked"},{"tool":"balance_of","outcome":"failed"}]',
    )
    // What the operator's own systems know of people, and who it was, stays here.
    expect(JSON.stringify(asked.turns)).not.toMatch(/owes|1555000/)
    expect(stage.counted).toContain('analysis done')
    expectNothingPrivate(stage.records)
  })

  it('whose caller comes back while it is being judged is judged when it is really over', async () => {
    await using server = await startAnalysisServer({ apiKey: 'sk-simulated', faults: [{ do: 'hang' }] })
    const analyst = { by: 'qwen', model: 'm', key: 'sk-simulated', url: `${server.url}/compatible-mode/v1` } as const
    await using stage = openStage(undefined, { analyst })
    stage.happen('CA1', answered, ...words, ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(server.asked).toHaveLength(1))
    stage.happen('CA1', { ...answered, resumed: true })
    await quiet()
    // The first question is let go: else it would be asked again now.
    stage.clock.advance(180_000)
    stage.happen('CA1', ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(stage.kept.lastOf('CA1')?.type).toBe('analysed'))
    expect(stage.kept.typesOf('CA1').filter((type) => type === 'analysed')).toHaveLength(1)
    expect(stage.counted).toEqual(['analysis done'])
    expect(server.asked).toHaveLength(2)
  })

  it('whose analysis is cut short by the end of the process is analysed after the next start', async () => {
    await using server = await startAnalysisServer({ apiKey: 'sk-simulated', faults: [{ do: 'hang' }] })
    const analyst = { by: 'qwen', model: 'm', key: 'sk-simulated', url: `${server.url}/compatible-mode/v1` } as const
    const first = openStage(undefined, { analyst })
    first.happen('CA1', answered, ...words, ended('caller-hung-up'))
    first.clock.advance(2000)
    await eventually(() => expect(server.asked).toHaveLength(1))
    await first.afterCall[Symbol.asyncDispose]()
    expect(first.kept.lastOf('CA1')?.type).toBe('ended')
    await using next = openStage(first.kept, { analyst, clock: first.clock })
    await quiet()
    // Nobody knows that it was this one's predecessor who had it.
    next.clock.advance(900_000)
    await eventually(() => expect(next.kept.lastOf('CA1')?.type).toBe('analysed'))
  })
})
