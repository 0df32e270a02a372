/*
 * How well the agent yields, and how quickly: labelled cases through the whole server between a simulated phone and a
 * simulated model, measured on the sound at the phone; see `usage` in args.ts.
 */
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { quantile } from '../load/statistics.ts'
import { table } from '../load/table.ts'
import { type BenchOptions, readArgs, usage } from './args.ts'
import { type Case, cases } from './cases.ts'
import { judge } from './judge.ts'
import { LagWatch } from './lag.ts'
import { inLanes, shuffled } from './lanes.ts'
import { clearDelays, greetingDelays } from './quickness.ts'
import { type Column, complaintOf, tableOfKinds, tableOfMoments, tableOfTurns } from './report.ts'
import { type Answer, makeAnswer, readWords } from './sounds.ts'
import { openStage, type Stage } from './stage.ts'
import { type Moment, runTrial, type Scene, type Trial } from './trial.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

async function main(options: BenchOptions): Promise<void> {
  const started = performance.now()
  const reply = await makeAnswer(['seven-of-clubs.wav'], 'Seven of clubs.')
  if (!options.clearOnly) await conversations(options, reply)
  await idle(options, reply)
  say(`took ${((performance.now() - started) / 1000).toFixed(0)} s`)
}

async function conversations(options: BenchOptions, reply: Answer): Promise<void> {
  const scene: Scene = {
    question: await readWords('help.wav'),
    answer: await makeAnswer(['long-turn.wav'], 'A long answer.'),
    ...{ reply, ear: options.ear, reportMs: options.reportMs, saveTo: options.saveTo },
  }
  const trials = trialsOf(options)
  await using stages = new AsyncDisposableStack()
  const stageOf = new Map<string, Stage>()
  for (const mode of options.modes) {
    const env = { BARGE_IN: mode, ...(options.modelInterrupts && { MODEL_INTERRUPTS: 'true' }) }
    const stage = await openStage({ env, behaviour: { speedFactor: options.pace } })
    stageOf.set(mode, stages.use(stage))
  }
  const all = options.modes.flatMap((mode) => trials.map((trial) => ({ mode, trial })))
  const lag = monitorEventLoopDelay({ resolution: 10 })
  lag.enable()
  using watch = new LagWatch()
  const failures: string[] = []
  const seen = await inLanes(
    shuffled(all),
    options.lanes,
    async ({ mode, trial }) => {
      const stage = stageOf.get(mode)
      if (stage === undefined) throw new RangeError(`no server for ${mode}`)
      const evidence = await runTrial(stage, scene, trial)
      return { mode, evidence, lateMs: watch.worstSince(evidence.playedAt) }
    },
    ({ mode, trial }, error) => failures.push(`${mode}  ${trial.moment}  ${trial.it.name}: ${error}`),
  )
  lag.disable()
  const timely = seen.filter(({ lateMs }) => lateMs <= MAX_LATE_MS)
  const columns = options.modes.map((mode) => ({
    mode,
    // Only now: to look for a frame everywhere takes longer than a frame.
    verdicts: timely.filter((one) => one.mode === mode).map(({ evidence }) => judge(evidence)),
  }))
  print(options, columns, failures)
  say(
    `${seen.length - timely.length} of ${seen.length} calls do not count: the event loop was late by more than ${MAX_LATE_MS} ms while they were watched`,
  )
  say(`event loop late p50 ${lagMs(lag.percentile(50))}, p99 ${lagMs(lag.percentile(99))}, most ${lagMs(lag.max)} ms`)
}

/** A call in which the machine was later than this shows the machine, not the server [ms]; two frames are in the air. */
const MAX_LATE_MS = 100

/** The histogram counts from the resolution. */
const lagMs = (ns: number) => Math.max(0, ns / 1e6 - 10).toFixed(1)

function trialsOf({ kinds, moments, all, quick }: BenchOptions): Trial[] {
  const chosen = cases.filter((it) => (all || it.core) && (kinds === undefined || kinds.includes(it.kind)))
  const some = quick ? chosen.filter((_, i) => i % 3 === 0) : chosen
  return some.flatMap((it) => moments.filter((moment) => makesSense(it, moment)).map((moment) => ({ it, moment })))
}

/** There is no echo of an answer that has not begun. */
function makesSense(it: Case, moment: Moment): boolean {
  return it.echo === undefined || moment !== 'before'
}

function print({ ear, reportMs, pace, lanes }: BenchOptions, columns: readonly Column[], failures: readonly string[]) {
  const count = columns.reduce((sum, { verdicts }) => sum + verdicts.length, 0)
  say(
    `${count} calls, ${lanes} at once; the model sends at ${pace} times its pace and says speech_started ${reportMs} ms`,
  )
  say(`after the onset; its ear is ${ear}. All [ms] at the phone, to one frame of 20 ms.\n`)
  say(`${tableOfKinds(columns)}\n`)
  say(`${tableOfMoments(columns)}\n`)
  say(`${tableOfTurns(columns)}\n`)
  const dry = columns.flatMap(({ verdicts }) => verdicts.filter(({ dryMs }) => dryMs > 0).map(({ dryMs }) => dryMs))
  say(`the line ran dry in ${dry.length} calls${dry.length === 0 ? '' : `, for ${Math.max(...dry)} ms at worst`}`)
  for (const failure of failures) say(`FAILED ${failure}`)
  for (const { mode, verdicts } of columns) for (const one of verdicts) complain(complaintOf(mode, one))
}

function complain(line: string | undefined): void {
  if (line !== undefined) say(line)
}

/** One call at a time: nothing else runs. */
async function idle({ modes, quick }: BenchOptions, reply: Answer): Promise<void> {
  const rows: string[][] = []
  for (const mode of modes) {
    const delays = await clearDelays(mode, reply, quick ? 10 : 40)
    rows.push(row('speech_started leaves the model, clear arrives at the phone', mode, delays))
  }
  const wav = join(import.meta.dirname, '../../../fixtures/audio/hello-hours.wav')
  for (const connectMs of [0, 1000]) {
    const times = { times: quick ? 3 : 10, connectMs }
    const how = `the model is ready after ${connectMs} ms`
    const byModel = await greetingDelays({ AGENT_GREETING: 'Greet the caller.' }, reply, times)
    rows.push(row(`stream's start to the greeting by the model; ${how}`, '', byModel.heard, byModel.told))
    const byWav = await greetingDelays({ AGENT_GREETING_AUDIO: wav }, reply, times)
    rows.push(row(`stream's start to the greeting by WAV; ${how}`, '', byWav.heard, byWav.told))
  }
  const head = [
    'one call on an idle server',
    'BARGE_IN',
    'measured',
    'p50 ms',
    'p95 ms',
    "by the call's events: p50",
    'p95',
  ]
  say(`${table(head, rows)}\n`)
}

function row(words: string, mode: string, delays: readonly number[], told: readonly number[] = []): string[] {
  const fine = (values: readonly number[]) =>
    values.length === 0 ? ['', ''] : [0.5, 0.95].map((q) => quantile(values, q).toFixed(2))
  return [words, mode, String(delays.length), ...fine(delays), ...fine(told)]
}

try {
  await main(readArgs(process.argv.slice(2)))
} catch (error) {
  const known = error instanceof RangeError || error instanceof TypeError
  process.stderr.write(`${known ? `${error.message}\n\n${usage}` : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
