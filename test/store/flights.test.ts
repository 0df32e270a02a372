import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { pcm16k, pcm24k } from '../../src/audio/format.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CallTap, Tapped } from '../../src/call/tap.ts'
import { makeFlightRecorder } from '../../src/store/flights/flight-recorder.ts'
import { readFlight } from '../../src/store/flights/read.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { ended, makeNoise, memoryFile, streamOf } from './recordings-line.ts'

const directory = await mkdtemp(join(tmpdir(), 'flights-'))
afterAll(() => rm(directory, { recursive: true }))
const { log } = makeLogRecorder()
const facts = {
  provider: 'qwen',
  inputFormat: pcm16k,
  outputFormat: pcm24k,
  turnsBy: 'model',
  takesNotes: true,
} as const
const noise = makeNoise(3)
const sound = noise(160)

/** One of everything that can cross a call's wires. */
const everything: readonly Tapped[] = [
  {
    atMs: 0,
    type: 'happened',
    event: { atMs: 0, type: 'answered', callId: 'CA1', provider: 'qwen', agent: 'a', from: '', to: '' },
  },
  { atMs: 1, type: 'session-opened', session: 0, facts },
  { atMs: 2, type: 'session-deed', session: 0, deed: { type: 'respond', instructions: 'Say "hello",\nplease: 你好.' } },
  { atMs: 20, type: 'leg-event', event: { type: 'audio', audio: sound, atMs: 0 } },
  { atMs: 21, type: 'leg-event', event: { type: 'dtmf', digit: '#' } },
  { atMs: 22, type: 'session-event', session: 0, event: { type: 'response-started', responseId: 'r' } },
  // A Buffer would write itself as an array of numbers.
  {
    atMs: 23,
    type: 'session-event',
    session: 0,
    event: { type: 'audio', responseId: 'r', itemId: 'i', audio: Buffer.from(sound) },
  },
  {
    atMs: 24,
    type: 'session-event',
    session: 0,
    event: { type: 'tool-call', toolCallId: 't', name: 'find', args: '{}' },
  },
  { atMs: 25, type: 'session-deed', session: 0, deed: { type: 'answer-tool', toolCallId: 't', output: 'fish' } },
  { atMs: 26, type: 'leg-deed', deed: { type: 'play', audio: Buffer.from(sound) } },
  { atMs: 27, type: 'leg-deed', deed: { type: 'mark', name: '0:160' } },
  { atMs: 26, type: 'heard', audio: sound },
  { atMs: 28, type: 'leg-deed', deed: { type: 'clear' } },
  { atMs: 29, type: 'session-deed', session: 0, deed: { type: 'truncate', itemId: 'i', heardMs: 20, heardText: 'he' } },
  {
    atMs: 30,
    type: 'session-event',
    session: 0,
    event: { type: 'closed', error: new CallError('provider-lost', 'gone') },
  },
  { atMs: 31, type: 'leg-event', event: { type: 'closed', by: 'error', error: new Error('broke') } },
  { atMs: 32, type: 'happened', event: { ...ended, atMs: 32 } },
]

async function record(taps: readonly Tapped[], maxBytes = 1e6, changes = {}): Promise<Buffer> {
  const file = memoryFile()
  await using recorder = makeFlightRecorder({ directory, maxBytes, log, open: file.open })
  const tap = recorder(streamOf('CA1', changes))
  for (const what of taps) tap?.(what)
  await recorder[Symbol.asyncDispose]()
  return file.content()
}

async function read(bytes: Uint8Array) {
  const path = join(directory, 'a.flight')
  await writeFile(path, bytes)
  return readFlight(path)
}

/** The caller and the agent for so long, told as a call tells it. */
function talk(tap: CallTap, seconds: number): void {
  for (let n = 0; n < seconds * 50; n++) {
    tap({ atMs: n * 20, type: 'leg-event', event: { type: 'audio', audio: noise(160), atMs: n * 20 } })
  }
}

describe('a flight record', () => {
  it('has everything that crossed the wires, and reads as it was written', async () => {
    const { header, lines, whole } = await read(await record(everything))
    expect(whole).toBe(true)
    expect(header).toMatchObject({ callId: 'CA1', format: { encoding: 'mulaw' }, answeredAt: 1_700_000_000_000 })
    const base64 = Buffer.from(sound).toString('base64')
    const plain = JSON.parse(
      JSON.stringify(everything, function (this: unknown, _, value) {
        if (value instanceof Error) return { message: value.message, ...('code' in value ? { code: value.code } : {}) }
        return value
      }),
      (key, value) => (key === 'audio' ? base64 : value),
    )
    expect(lines).toEqual(plain)
  })

  it('has the agent as plain data, with its own sounds', async () => {
    const filler = Int16Array.from([1, -2, 300])
    const tool = {
      declaration: { name: 'find', description: 'Finds.', parameters: { type: 'object' } },
      deadlineMs: 5000,
    }
    const { header } = await read(
      await record([], 1e6, {
        greeting: { type: 'sound', sound: filler, words: 'Hello.' },
        manners: { ...streamOf('CA1').agent.manners, filler },
        tools: [{ ...tool, run: async () => '' }],
      }),
    )
    const written = Buffer.from(filler.buffer).toString('base64')
    expect(header.agent.manners.filler).toBe(written)
    expect(header.agent.greeting).toEqual({ type: 'sound', sound: written, words: 'Hello.' })
    expect(header.agent.tools).toEqual([{ ...tool.declaration, deadlineMs: 5000 }])
    expect(header.agent.providers).toEqual([{ name: 'scripted' }])
  })

  it('can be read to its last second when the process died, wherever the disk stopped', async () => {
    const file = memoryFile()
    const recorder = makeFlightRecorder({ directory, maxBytes: 1e6, log, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    for (let second = 0; second < 4; second++) {
      for (let n = 0; n < 50; n++) {
        const atMs = second * 1000 + n * 20
        tap({ atMs, type: 'leg-event', event: { type: 'audio', audio: noise(160), atMs } })
      }
      await expect.poll(() => file.content().length).toBeGreaterThanOrEqual(second * 8000)
    }
    const left = file.content()
    expect((await read(left)).lines.length).toBeGreaterThan(2 * 50)
    for (const cut of [1, 7, 9, 500, 5000]) {
      const { lines, whole } = await read(left.subarray(0, left.length - cut))
      expect(lines.length).toBeGreaterThan(50)
      expect(whole).toBe(false)
    }
    await recorder[Symbol.asyncDispose]()
  })

  it('says so and stops where it may not grow any more', async () => {
    const { log: told, records } = makeLogRecorder()
    const file = memoryFile()
    const recorder = makeFlightRecorder({ directory, maxBytes: 30_000, log: told, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    for (let second = 0; second < 8; second++) {
      talk((what) => tap({ ...what, atMs: what.atMs + second * 1000 }), 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    tap({ atMs: 9000, type: 'happened', event: { ...ended, atMs: 9000 } })
    await recorder[Symbol.asyncDispose]()
    expect(file.content().length).toBeLessThan(31_000)
    const { lines, whole } = await read(file.content())
    expect(lines.at(-1)?.type).toBe('full')
    expect(whole).toBe(false)
    expect(records).toMatchObject([{ level: 'warn', fields: { callId: 'CA1' } }])
  })

  it.each([
    [64, 1 << 18],
    [1, 13_000_000],
  ])('says so, too, when more comes than can be compressed: %i times %i bytes', async (times, bytes) => {
    const { log: told, records } = makeLogRecorder()
    const file = memoryFile()
    const recorder = makeFlightRecorder({ directory, maxBytes: 1e9, log: told, open: file.open })
    const tap = recorder(streamOf('CA1')) ?? (() => {})
    tap({ atMs: 1500, type: 'heard', audio: sound })
    await expect.poll(() => file.content().length, { interval: 5 }).toBeGreaterThan(0)
    const audio = new Uint8Array(bytes)
    // All at once: what compresses does not get its turn.
    for (let n = 0; n < times; n++) tap({ atMs: 2000 + n, type: 'heard', audio })
    tap({ atMs: 9000, type: 'happened', event: { ...ended, atMs: 9000 } })
    await recorder[Symbol.asyncDispose]()
    const { lines, whole } = await read(file.content())
    expect(lines.at(-1)?.type).toBe('full')
    expect(lines.filter(({ type }) => type === 'full')).toHaveLength(1)
    expect(whole).toBe(false)
    expect(records).toMatchObject([{ fields: { callId: 'CA1', reason: 'compressing is too slow' } }])
  })

  it('is made for agents that want it only', () => {
    const recorder = makeFlightRecorder({ directory, maxBytes: 1e6, log })
    expect(recorder(streamOf('CA1', { flightRecorder: false }))).toBeUndefined()
  })

  it('is refused with its line and field when it is another thing', async () => {
    const text = gunzipSync(await record(everything)).toString()
    const [header = '', ...lines] = text.trimEnd().split('\n')
    const changed = (all: readonly string[]) => read(gzipSync(`${all.join('\n')}\n`))
    await expect(changed([header.replace('"flight":1', '"flight":2'), ...lines])).rejects.toThrow(/line 1: .*flight/s)
    await expect(changed([header, '{"atMs":1,"type":"sung"}'])).rejects.toThrow(/line 2: .*type/s)
    await expect(changed([header, ...lines, 'not JSON'])).rejects.toThrow(/line 19: not JSON/)
    await expect(read(Buffer.from('a text'))).rejects.toThrow(/no flight record/)
    await expect(read(Buffer.alloc(0))).rejects.toThrow(/no flight record/)
    await expect(readFlight(join(directory, 'nothing.flight'))).rejects.toThrow(/ENOENT/)
  })

  it('stands on the disk as others can read it: lines of JSON, compressed', async () => {
    const recorder = makeFlightRecorder({ directory, maxBytes: 1e6, log })
    const tap = recorder(streamOf('CA-real'))
    for (const what of everything) tap?.(what)
    await recorder[Symbol.asyncDispose]()
    const bytes = await readFile(join(directory, 'calls', 'CA-real', '1700000000000.flight'))
    expect(gunzipSync(bytes).toString().trimEnd().split('\n')).toHaveLength(everything.length + 1)
  })
})
