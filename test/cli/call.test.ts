import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encodeMulaw } from '../../src/audio/g711.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { readWav, writeWav } from '../../src/audio/wav.ts'
import { systemClock } from '../../src/base/clock.ts'
import { frameLevels, measureTurn, speechSpan } from '../../src/cli/measure.ts'
import { toLine } from '../../src/cli/recording.ts'
import { type Manners, runScript, type Words } from '../../src/cli/script.ts'
import { startSimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { CallEnd } from '../../src/simulators/carrier/events.ts'
import { TinyServer } from '../simulators/carrier/tiny-server.ts'

const caller = (ms: number) => encodeMulaw(tone(400, ms, 8000, -20))
const agent = (ms: number) => encodeMulaw(tone(1000, ms, 8000, -20))
const hurried: Manners = { silenceMs: 240, greetingMs: 1500, answerMs: 1500, interruptAfterMs: 200, newAnswerMs: 100 }

/** A server that answers 100 ms after the caller fell silent, stops when he speaks, and greets when told to. */
async function echoing(answerMs: number, greetingMs = 0): Promise<TinyServer> {
  const server = await TinyServer.listen()
  server.stream()
  server.on('/twilio/call-status', (_, response) => response.writeHead(204).end())
  void (async () => {
    const socket = await server.socket()
    await socket.until((messages) => messages.length >= 2)
    if (greetingMs > 0) socket.play(agent(greetingMs))
    let loud = 0
    let quiet = 0
    socket.socket.on('message', (data) => {
      const { event, media } = JSON.parse(String(data))
      if (event !== 'media') return
      const [level = -100] = frameLevels(Buffer.from(media.payload, 'base64'))
      if (level > -40) {
        loud += 1
        quiet = 0
        if (loud === 3) socket.clear()
      } else if (loud >= 3 && ++quiet === 5) {
        socket.play(agent(answerMs))
        loud = 0
      }
    })
  })()
  return server
}

async function converse(server: TinyServer, script: readonly Words[]) {
  await using call = startSimulatedCall({ webhookUrl: `${server.url}/voice` })
  const turns: [index: number, said: { fromMs: number; toMs: number }, overMs: number][] = []
  await runScript(script, { call, clock: systemClock, manners: hurried, turn: (...turn) => turns.push(turn) })
  const end: CallEnd = await call.ended
  const { caller: said, heard } = call.recording()
  return { turns, end, said: frameLevels(said), heard: frameLevels(heard) }
}

test.concurrent('the caller waits for the greeting and for each answer, then hangs up', async () => {
  await using server = await echoing(300, 300)
  const words = { audio: caller(200), interrupts: false }
  const { turns, end, said, heard } = await converse(server, [words, words])
  expect(end).toMatchObject({ by: 'caller', status: 'completed' })
  expect(turns.map(([index]) => index)).toEqual([-1, 0, 1])
  const greeting = speechSpan(heard, 0, turns[0]?.[2] ?? 0)
  expect((greeting?.toMs ?? 0) - (greeting?.fromMs ?? 0)).toBe(300)
  for (const [index, span, overMs] of turns.slice(1)) {
    const { latencyMs = 0, yieldedMs } = measureTurn(said, heard, span, overMs)
    // 100 ms that the server waits, and up to two frames on the way and back; a busy machine may add some.
    expect(latencyMs, `turn ${index}`).toBeGreaterThanOrEqual(100)
    expect(latencyMs, `turn ${index}`).toBeLessThan(300)
    expect(yieldedMs).toBeUndefined()
  }
})

test.concurrent('an interruption begins in the middle of the answer, and how fast the agent fell silent is measured', async () => {
  await using server = await echoing(2000)
  const { turns, said, heard } = await converse(server, [
    { audio: caller(200), interrupts: false },
    { audio: caller(400), interrupts: true },
  ])
  const [, first, second] = turns
  const answered = measureTurn(said, heard, first?.[1] ?? { fromMs: 0, toMs: 0 }, first?.[2] ?? 0)
  expect(answered.latencyMs).toBeGreaterThanOrEqual(100)
  const { latencyMs, yieldedMs = 0 } = measureTurn(said, heard, second?.[1] ?? { fromMs: 0, toMs: 0 }, second?.[2] ?? 0)
  // Three frames of the caller's are needed before the server clears.
  expect(yieldedMs).toBeGreaterThanOrEqual(60)
  expect(yieldedMs).toBeLessThan(260)
  expect(latencyMs).toBeGreaterThanOrEqual(100)
})

test.concurrent('a caller who gets no answer goes on without one, and a call that ends early ends the script', async () => {
  await using mute = await TinyServer.listen()
  mute.stream()
  const words = { audio: caller(100), interrupts: false }
  const { turns, end } = await converse(mute, [words, words])
  expect(turns.map(([index]) => index)).toEqual([-1, 0, 1])
  expect(end.by).toBe('caller')
  await using busy = await TinyServer.listen()
  busy.twiml('/voice', '<Reject/>')
  expect(await converse(busy, [words])).toMatchObject({ end: { by: 'server', status: 'no-answer' } })
})

test.concurrent('a WAV of any rate is said as the telephone carries it, its first channel', () => {
  const samples = tone(1000, 500, 44_100, -20)
  const file = writeWav({ sampleRate: 44_100, channels: [samples, new Int16Array(samples.length)] })
  const line = toLine(file)
  expect(line.length).toBeGreaterThan(3990)
  expect(line.length).toBeLessThan(4010)
  expect(Math.max(...frameLevels(line))).toBeGreaterThan(-26)
})

/** Runs the command as a person would. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ['src/cli/call.ts', ...args], { env: { PATH: process.env['PATH'] } })
  const [out, err]: string[] = ['', '']
  const texts = { out: out ?? '', err: err ?? '' }
  child.stdout.on('data', (data) => (texts.out += data))
  child.stderr.on('data', (data) => (texts.err += data))
  const [code] = await once(child, 'close')
  return { code, ...texts }
}

test.concurrent('the command calls a running server, shows each turn and writes the recording', async () => {
  await using server = await echoing(300, 200)
  server.twiml('/twilio/voice', `<Connect><Stream url="${server.mediaUrl}"/></Connect>`)
  const folder = await mkdtemp(join(tmpdir(), 'offhook-call-'))
  try {
    const wav = join(folder, 'hello.wav')
    await writeFile(wav, writeWav({ sampleRate: 16_000, channels: [tone(400, 300, 16_000, -20)] }))
    const { code, out } = await run(wav, '--url', server.url, '--out', folder, '--max-silence', '2')
    expect(out).toMatch(/ 0 {2}agent {3} ?after \d+ ms\n 1 {2}caller {2}\(hello\.wav\)\n {4}agent {3} ?after \d+ ms/)
    expect(code).toBe(0)
    const files = await readdir(folder)
    const name = files.find((file) => /^CA[0-9a-f]{32}\.wav$/.test(file)) ?? ''
    const { sampleRate, channels } = readWav(await readFile(join(folder, name)))
    expect(sampleRate).toBe(8000)
    const [left, right] = channels.map((channel) => ({
      caller: toneDbfs(channel, 8000, 400),
      agent: toneDbfs(channel, 8000, 1000),
    }))
    expect(left?.caller).toBeGreaterThan((left?.agent ?? 0) + 20)
    expect(right?.agent).toBeGreaterThan((right?.caller ?? 0) + 20)
    const events = (await readFile(join(folder, name.replace('.wav', '.jsonl')), 'utf8')).trim().split('\n')
    expect(events.map((line) => JSON.parse(line).type)).toContain('stream-started')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.concurrent('a call that fails is exit code 1, and one that is not asked for rightly 2', async () => {
  await using server = await TinyServer.listen()
  const folder = await mkdtemp(join(tmpdir(), 'offhook-call-'))
  try {
    const wav = join(folder, 'hello.wav')
    await writeFile(wav, writeWav({ sampleRate: 8000, channels: [tone(400, 100, 8000, -20)] }))
    const [failing, usage, missing] = await Promise.all([
      run(wav, '--url', server.url, '--out', folder),
      run(wav, '--url', 'nowhere'),
      run(join(folder, 'none.wav')),
    ])
    expect(failing).toMatchObject({ code: 1, out: expect.stringContaining('error 11200') })
    expect(usage).toMatchObject({ code: 2, err: expect.stringContaining('--url') })
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('none.wav') })
  } finally {
    await rm(folder, { recursive: true })
  }
})
