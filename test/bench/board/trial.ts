import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { planOf } from '../load/bridges.ts'
import { Child, livedThrough } from '../load/child.ts'
import { monotonicMs } from '../load/clock.ts'
import { joinCall } from '../load/join.ts'
import type { CarrierSetup, ModelSetup } from '../load/messages.ts'
import type { Pinning } from '../load/pinning.ts'
import { usageOf } from '../load/proc.ts'
import type { WatcherSetup } from './watcher.ts'

/** How long a step may take [ms]. */
const STEP_MS = 30_000

/** One run: so many calls, and who watches. */
export interface Trial {
  readonly calls: number
  readonly seconds: number
  readonly warmupS: number
  /** Absent: nobody watches. */
  readonly watched?: { readonly listeners: number }
  readonly pinning: Pinning
  /** Nice value of all that is measured and measures, -20 to 19; below 0 it takes root. */
  readonly priority: number
}

/** What one run has shown. */
export interface Shown {
  /** How late each beat of 20 ms on the thread of the calls came, in the window [ms]. */
  readonly ticks: readonly number[]
  /** What the server added to each frame of the callers', in the window [ms]. */
  readonly uplink: readonly number[]
  /** Shares of a core: the server, carrier and model together, who watches. */
  readonly serverLoad: number
  readonly generatorLoad: number
  readonly watcherLoad: number
  /** Callers' sound that the model never heard, the worst call [ms]. */
  readonly lostMs: number
}

/**
 * One server under one load, as it is run: calls are kept in SQLite, the ear listens.
 *
 * ```
 *   model, server, carrier up ─▶ calls opened ─▶ board opened, or not ─▶ warm ─▶ window ─▶ board closed ─▶ hang up
 *   core 0: the server      core 1: carrier, model, Chromium                     ticks, frames, CPU
 * ```
 * @throws Error when a process ends, a socket breaks, the board does not show the calls, or a step takes too long.
 */
export async function runTrial(trial: Trial): Promise<Shown> {
  const { calls, warmupS, seconds } = trial
  using folder = makeFolder()
  const modelSetup: ModelSetup = { dialect: 'qwen', deltaMs: 20 }
  await using model = peer('load/model.ts', modelSetup, trial)
  const { url } = await model.next('listening', STEP_MS)
  const ticks = join(folder.path, 'ticks.json')
  await using server = startServer(url, folder.path, ticks, trial)
  const address = await server.address(STEP_MS)
  const carrierSetup: CarrierSetup = { target: `${address}/twilio/voice`, dialect: 'qwen' }
  await using carrier = peer('load/carrier.ts', carrierSetup, trial)
  for (let call = 0; call < calls; call++) {
    const seen = model.next('opened', STEP_MS, (news) => news.call === call)
    const opened = carrier.next('opened', STEP_MS, (news) => news.call === call)
    carrier.order({ type: 'open', call })
    await Promise.all([seen, opened])
  }
  await using watcher = trial.watched && (await openBoard(address, trial.watched.listeners, trial))
  const children = [model, server, carrier, ...(watcher === undefined ? [] : [watcher])]
  await livedThrough(warmupS * 1000, children)
  await readTicks(server, ticks)
  const before = { atMs: monotonicMs(), cpuMs: [server, carrier, model, watcher].map(cpuOf) }
  await livedThrough(seconds * 1000, children)
  const after = { atMs: monotonicMs(), cpuMs: [server, carrier, model, watcher].map(cpuOf) }
  const noted = await readTicks(server, ticks)
  if (watcher !== undefined) await closeBoard(watcher)
  const logs = await hushAndReport(carrier, model)
  const window = { fromMs: before.atMs, toMs: after.atMs }
  const joined = logs.carrier.map((call, i) => {
    const session = logs.model[i]
    if (session === undefined) throw new Error(`call ${i} has no session`)
    return joinCall(call, session, window)
  })
  const load = (i: number) => ((after.cpuMs[i] ?? 0) - (before.cpuMs[i] ?? 0)) / (after.atMs - before.atMs)
  return {
    ticks: noted,
    uplink: joined.flatMap(({ uplink }) => uplink),
    serverLoad: load(0),
    generatorLoad: load(1) + load(2),
    watcherLoad: load(3),
    lostMs: Math.max(...joined.map(({ lostMs }) => lostMs)),
  }
}

function makeFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'offhook-board-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function cpuOf(child: Child | undefined): number {
  return child === undefined ? 0 : usageOf(child.pid).cpuMs
}

function startServer(modelUrl: string, folder: string, ticks: string, { pinning, priority }: Trial): Child {
  const { script, env } = planOf('offhook')
  const contender = { name: 'offhook', label: 'offhook', batchMs: 20 } as const
  return new Child(
    {
      script,
      env: { ...env(contender, modelUrl, undefined), DATA_DIR: join(folder, 'data'), TICK_FILE: ticks },
      nodeArgs: ['--import=./test/bench/board/tick-probe.ts'],
      core: pinning.bridge,
      priority,
    },
    false,
  )
}

function peer(script: string, setup: CarrierSetup | ModelSetup | WatcherSetup, { pinning, priority }: Trial): Child {
  return new Child(
    { script: `test/bench/${script}`, args: [JSON.stringify(setup)], priority, core: pinning.generators },
    true,
  )
}

async function openBoard(url: string, listeners: number, trial: Trial): Promise<Child> {
  const watcher = peer('board/watcher.ts', { url, listeners, calls: trial.calls }, trial)
  const opened = watcher.next('opened', STEP_MS)
  watcher.order({ type: 'open', call: 0 })
  await opened
  return watcher
}

async function closeBoard(watcher: Child): Promise<void> {
  const closed = watcher.next('hung-up', STEP_MS)
  watcher.order({ type: 'hang-up' })
  await closed
}

/** What the probe in the server has noted since it was asked last. */
async function readTicks(server: Child, file: string): Promise<readonly number[]> {
  rmSync(file, { force: true })
  process.kill(server.pid, 'SIGUSR2')
  const deadlineMs = monotonicMs() + STEP_MS
  while (!existsSync(file)) {
    if (monotonicMs() > deadlineMs) throw new Error('the server did not tell of its ticks')
    server.check()
    await sleep(20)
  }
  return JSON.parse(readFileSync(file, 'utf8'))
}

async function hushAndReport(carrier: Child, model: Child) {
  const hushed = carrier.next('hushed', STEP_MS)
  carrier.order({ type: 'hush' })
  await hushed
  // What is still on its way arrives.
  await livedThrough(500, [carrier, model])
  const reports = Promise.all([carrier.next('report', STEP_MS), model.next('report', STEP_MS)])
  carrier.order({ type: 'report' })
  model.order({ type: 'report' })
  const [ofCarrier, ofModel] = await reports
  const gone = carrier.next('hung-up', STEP_MS)
  carrier.order({ type: 'hang-up' })
  await gone
  return { carrier: ofCarrier.calls, model: ofModel.calls }
}
