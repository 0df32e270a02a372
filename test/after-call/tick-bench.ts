/*
 * What a call hears of it when another one's recording of 20 minutes is sent to the analyst: how late a 20 ms tick is,
 * with nothing to do, with the request made in the same thread, and in a thread of its own, as it is.
 *
 *   npx node test/after-call/tick-bench.ts
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Analyst } from '../../src/after-call/analyst.ts'
import type { AnalystService, Judged } from '../../src/after-call/analyst-messages.ts'
import { makeAskQwen } from '../../src/after-call/ask-qwen.ts'
import { readCallSound } from '../../src/after-call/call-sound.ts'
import { judge } from '../../src/after-call/judge.ts'
import { readShape } from '../../src/after-call/shape.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { systemClock } from '../../src/base/clock.ts'
import { startAnalysisServer } from '../../src/simulators/analysis/server.ts'

const TICK_MS = 20
const ROUNDS = 3
const QUESTIONS = 10
const RECORDED_S = 1200
const apiKey = 'sk-simulated'
const turns = [{ role: 'user', text: 'What was it about?' }] as const
const shape = readShape(undefined)
const never = new AbortController().signal

if (process.argv.includes('--serve')) {
  const server = await startAnalysisServer({ apiKey })
  process.send?.(server.url)
} else await measure()

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-tick-'))
  // In a process of its own: what it costs to receive 10 MB is the service's.
  const service = fork(import.meta.filename, ['--serve'], { execArgv: [] })
  try {
    const path = join(folder, '1.wav')
    const channel = Int16Array.from({ length: RECORDED_S * 8000 }, (_, i) => (i * 7919) % 4000)
    writeFileSync(path, writeWav({ sampleRate: 8000, channels: [channel, channel] }))
    const [url] = await once(service, 'message')
    const analyst = { by: 'qwen', model: 'qwen3-omni-flash', key: apiKey, url: `${url}/compatible-mode/v1` } as const
    for (let round = 0; round < ROUNDS; round++) await compare(path, analyst)
  } finally {
    service.kill()
    rmSync(folder, { recursive: true })
  }
}

async function compare(path: string, service: AnalystService): Promise<void> {
  const ask = makeAskQwen(service)
  const askHere = async (file: string) => judge(await ask(turns, await readCallSound([file]), never), shape)
  await using analyst = new Analyst({ service, schema: shape.text }, systemClock)
  report('nothing to do   ', await latenessOf(() => new Promise((resolve) => setTimeout(resolve, 4000))))
  report('in this thread  ', await latenessOf(() => asking(() => askHere(path))))
  report('in its own      ', await latenessOf(() => asking(() => analyst.ask({ turns, recordings: [path] }, never))))
}

async function asking(ask: () => Promise<Judged>): Promise<void> {
  for (let i = 0; i < QUESTIONS; i++) {
    const answer = await ask()
    if (!answer.ok) throw new Error(`not answered: ${answer.why}`)
  }
}

/** How late each tick was while something was done [ms], smallest first. */
async function latenessOf(work: () => Promise<void>): Promise<readonly number[]> {
  const late: number[] = []
  let done = false
  let dueMs = performance.now() + TICK_MS
  const tick = () => {
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += TICK_MS) late.push(nowMs - dueMs)
    if (!done) setTimeout(tick, Math.max(0, dueMs - performance.now()))
  }
  setTimeout(tick, TICK_MS)
  await work()
  done = true
  return late.sort((a, b) => a - b)
}

function report(what: string, late: readonly number[]): void {
  const at = (part: number) => (late[Math.floor(part * (late.length - 1))] ?? 0).toFixed(1).padStart(7)
  console.log(`${what} p50 ${at(0.5)} ms   p99 ${at(0.99)} ms   max ${at(1)} ms   (${late.length} ticks)`)
}
