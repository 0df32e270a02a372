import type { Contender } from './args.ts'
import { planOf } from './bridges.ts'
import { Child, livedThrough } from './child.ts'
import { monotonicMs } from './clock.ts'
import { joinCall, type Latencies, type Window } from './join.ts'
import type { CarrierSetup, ModelSetup, News } from './messages.ts'
import type { Pinning } from './pinning.ts'
import { coreBusyMs, type Usage, usageOf } from './proc.ts'

/** How long a step may take [ms]: a bridge under load is slow, not dead. */
const STEP_MS = 15_000
/**
 * All has arrived when the model hears nothing more for this long [ms]. Not longer: one bridge takes 750 ms of silence
 * for a broken line and fills it.
 */
const QUIET_MS = 200
/** After the calls, until memory has settled [ms]. */
const SETTLE_MS = 1000

export interface Trial {
  readonly contender: Contender
  readonly calls: number
  readonly warmupS: number
  readonly seconds: number
  readonly deltaMs: number
  readonly workers: number | undefined
  readonly baseline: string | undefined
  readonly nodeArgs: readonly string[]
  readonly priority: number
  readonly pinning: Pinning
}

/** What one trial of one bridge has shown. */
export interface Measurement {
  readonly calls: number
  /** Of the bridge, in the window [ms a call and second]. */
  readonly cpuMs: number
  /** Of one core: of the bridge and of the two generators together. */
  readonly bridgeLoad: number
  /** What others took of the bridge's cores; NaN when it is not pinned. */
  readonly strangers: number
  readonly generatorLoad: number
  /** Resident [MB]: before the first call, at the end of the window, after the calls. */
  readonly rssMb: { readonly idle: number; readonly busy: number; readonly after: number }
  readonly latencies: readonly Latencies[]
  /** How late the generators' own beats came in the window [ms]. */
  readonly lags: readonly number[]
  /** Agent's sound that reached the carrier, as a share of what the model sent. */
  readonly agentShare: number
  /** Messages to the carrier for each second of it. */
  readonly agentMessages: number
  /** What the bridge wrote on stderr, the end of it. */
  readonly errors: string
}

/**
 * One bridge under one load, all in processes of their own.
 *
 * ```
 *   model, bridge up ─▶ idle ─▶ calls opened, one after the other ─▶ warm ─▶ window ─▶ callers hush ─▶ hang up ─▶ after
 *                       RSS                                               CPU, RSS, CPU                          RSS
 * ```
 * @throws Error when a process ends, a socket breaks or a step takes too long.
 */
export async function measure(trial: Trial): Promise<Measurement> {
  const { contender, calls, pinning } = trial
  const plan = planOf(contender.name)
  const modelSetup: ModelSetup = { dialect: plan.dialect, deltaMs: trial.deltaMs }
  await using model = peer('model.ts', modelSetup, trial)
  const { url } = await model.next('listening', STEP_MS)
  const folder = contender.name === 'baseline' ? trial.baseline : undefined
  const env = plan.env(contender, url, trial.workers)
  const { nodeArgs, priority } = trial
  await using bridge = new Child({ script: plan.script, folder, env, nodeArgs, priority, core: pinning.bridge }, false)
  const carrierSetup: CarrierSetup = { target: plan.target(await bridge.address(STEP_MS)), dialect: plan.dialect }
  await using carrier = peer('carrier.ts', carrierSetup, trial)
  const children = [model, bridge, carrier]
  await livedThrough(SETTLE_MS, children)
  const idle = usageOf(bridge.pid)
  await openAll(calls, carrier, model)
  await livedThrough(trial.warmupS * 1000, children)
  const before = readAll(pinning, bridge, carrier, model)
  await livedThrough(trial.seconds * 1000, children)
  const after = readAll(pinning, bridge, carrier, model)
  const reports = await collect(carrier, model)
  await hangUp(carrier, children)
  return summarise(trial, { before, after, idle, settled: usageOf(bridge.pid), errors: bridge.errors, ...reports })
}

function peer(script: string, setup: CarrierSetup | ModelSetup, { pinning, priority }: Trial): Child {
  const args = [JSON.stringify(setup)]
  return new Child({ script: `test/bench/load/${script}`, args, priority, core: pinning.generators }, true)
}

/** The model numbers its sessions as they come: the next call waits for it, so that number i is call i at both ends. */
async function openAll(calls: number, carrier: Child, model: Child): Promise<void> {
  for (let call = 0; call < calls; call++) {
    const seen = model.next('opened', STEP_MS, (news) => news.call === call)
    const opened = carrier.next('opened', STEP_MS, (news) => news.call === call)
    carrier.order({ type: 'open', call })
    await Promise.all([seen, opened])
  }
}

type Report = Extract<News, { type: 'report' }>

async function collect(carrier: Child, model: Child): Promise<{ readonly carrier: Report; readonly model: Report }> {
  const hushed = carrier.next('hushed', STEP_MS)
  carrier.order({ type: 'hush' })
  await hushed
  await quiet(model)
  const reports = Promise.all([carrier.next('report', STEP_MS), model.next('report', STEP_MS)])
  carrier.order({ type: 'report' })
  model.order({ type: 'report' })
  const [ofCarrier, ofModel] = await reports
  return { carrier: ofCarrier, model: ofModel }
}

async function quiet(model: Child): Promise<void> {
  for (let before = -1, tries = 0; tries < STEP_MS / QUIET_MS; tries++) {
    const counted = model.next('counted', STEP_MS)
    model.order({ type: 'count' })
    const { heardMs } = await counted
    if (heardMs === before) return
    before = heardMs
    await livedThrough(QUIET_MS, [model])
  }
}

async function hangUp(carrier: Child, children: readonly Child[]): Promise<void> {
  const gone = carrier.next('hung-up', STEP_MS)
  carrier.order({ type: 'hang-up' })
  await gone
  await livedThrough(SETTLE_MS, children)
}

interface Reading {
  readonly atMs: number
  readonly bridge: Usage
  /** CPU of the two [ms]. */
  readonly generators: number
  /** How long the bridge's cores were busy, with whatever. */
  readonly coresMs: number
}

function readAll({ bridgeCores }: Pinning, bridge: Child, carrier: Child, model: Child): Reading {
  const generators = usageOf(carrier.pid).cpuMs + usageOf(model.pid).cpuMs
  const coresMs = bridgeCores.reduce((sum, core) => sum + coreBusyMs(core), 0)
  return { atMs: monotonicMs(), bridge: usageOf(bridge.pid), generators, coresMs }
}

interface Observed {
  readonly before: Reading
  readonly after: Reading
  readonly idle: Usage
  readonly settled: Usage
  readonly carrier: Report
  readonly model: Report
  readonly errors: string
}

function summarise(trial: Trial, { before, after, idle, settled, carrier, model, errors }: Observed): Measurement {
  const window: Window = { fromMs: before.atMs, toMs: after.atMs }
  const lengthMs = window.toMs - window.fromMs
  const cpuMs = after.bridge.cpuMs - before.bridge.cpuMs
  const sum = (report: Report) => report.calls.reduce((total, { downlinkMs }) => total + downlinkMs, 0)
  const messages = carrier.calls.reduce((total, { downlinkMessages }) => total + downlinkMessages, 0)
  return {
    calls: trial.calls,
    cpuMs: cpuMs / trial.calls / (lengthMs / 1000),
    bridgeLoad: cpuMs / lengthMs,
    strangers: (after.coresMs - before.coresMs - cpuMs) / lengthMs / trial.pinning.bridgeCores.length,
    generatorLoad: (after.generators - before.generators) / lengthMs,
    rssMb: { idle: idle.rssMb, busy: after.bridge.rssMb, after: settled.rssMb },
    latencies: carrier.calls.map((call, i) => {
      const session = model.calls[i]
      if (session === undefined) throw new Error(`call ${i} has no session`)
      return joinCall(call, session, window)
    }),
    lags: [...lagsIn(carrier.lags, window), ...lagsIn(model.lags, window)],
    agentShare: sum(carrier) / sum(model),
    agentMessages: (messages * 1000) / sum(carrier),
    errors,
  }
}

function lagsIn(lags: Float64Array, { fromMs, toMs }: Window): number[] {
  const found: number[] = []
  for (let i = 0; i + 1 < lags.length; i += 2) {
    const atMs = lags[i] ?? 0
    if (atMs >= fromMs && atMs < toMs) found.push(lags[i + 1] ?? 0)
  }
  return found
}
