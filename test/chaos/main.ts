/*
 * `npm run chaos`: faults really injected, over real sockets, between the simulators, with the server as its own process.
 *
 *   simulated callers ─▶ balancer ─▶ server process(es) ─▶ simulated models
 *        │  line: …                    process: … full: …         model: …
 *        └─ what the telephone heard, frame by frame ─▶ judge ─▶ table, exit code
 */
import { writeFile } from 'node:fs/promises'
import { type ChaosOptions, readArgs, usage } from './args.ts'
import { startModels } from './model.ts'
import { type CallPlan, planCalls } from './plan.ts'
import { faultsFound, type Outcome, reportOf, rowsOf } from './report.ts'
import { type Progress, pooled, runWorld } from './run.ts'
import { startTool } from './tool.ts'
import { verdictOf } from './verdict.ts'
import { type WorldName, worldNames } from './world.ts'

async function run(options: ChaosOptions): Promise<Outcome> {
  const sinceMs = performance.now()
  const plans = planCalls(options)
  const byWorld = Map.groupBy(plans, ({ fault }) => fault.world)
  const worlds = worldNames.filter((name) => byWorld.has(name))
  const results = new Map<WorldName, Awaited<ReturnType<typeof runWorld>>>()
  await pooled(worlds, options.worlds, async (name) => {
    const calls: readonly CallPlan[] = byWorld.get(name) ?? []
    // Models of its own: what is left over at them is this world's.
    await using models = await startModels(name === 'renewal' ? 60_000 : undefined)
    await using tool = await startTool(models)
    const ground = { models, toolUrl: tool.url, folder: options.folder }
    results.set(
      name,
      await runWorld(name, calls, ground, { atOnce: options.atOnce, progress: teller(options), leftOver: tellHeld }),
    )
  })
  const inOrder = worlds.flatMap((world) => {
    const result = results.get(world)
    return result === undefined ? [] : [{ world, ...result }]
  })
  return {
    seed: options.seed,
    facts: inOrder.flatMap(({ facts }) => facts).toSorted((a, b) => a.plan.id - b.plan.id),
    leaks: inOrder.map(({ world, leaks }) => ({ world, leaks })),
    stops: inOrder.flatMap(({ stops }) => stops),
    seconds: (performance.now() - sinceMs) / 1000,
  }
}

function tellHeld(held: readonly string[]): void {
  for (const what of held) process.stderr.write(`left over, or there from the beginning: ${what}\n`)
}

/** What a call with this much dead air came to is told too [ms]. */
const TOO_QUIET_MS = 2500

/** A line a call; with `--verbose` what the server said, for a call that was dropped. */
function teller({ verbose }: ChaosOptions): Progress {
  return (facts, world) => {
    const { plan, deadAirMs, staleMs, repeats } = facts
    const verdict = verdictOf(facts)
    const why = 'why' in verdict ? ` (${verdict.why})` : ''
    const at = plan.moment === undefined ? '' : `, ${plan.moment} of turn ${plan.turn}`
    const extra = `dead air ${deadAirMs} ms, stale ${staleMs} ms, asked again ${repeats}x`
    process.stderr.write(`${plan.id} ${plan.fault.name}${at}: ${verdict.type}${why}; ${extra}\n`)
    if (!verbose || (verdict.type !== 'dropped' && staleMs === 0 && deadAirMs < TOO_QUIET_MS)) return
    for (const line of [...facts.picture, ...world.linesOf(facts.callSid)]) process.stderr.write(`    ${line}\n`)
  }
}

try {
  const options = readArgs(process.argv.slice(2))
  const outcome = await run(options)
  process.stdout.write(`${reportOf(outcome)}\n`)
  const found = faultsFound(outcome)
  for (const line of found) process.stdout.write(`✗ ${line}\n`)
  if (options.json !== undefined) {
    const { facts, ...rest } = outcome
    const calls = facts.map(({ plan, ...each }) => ({
      ...{
        id: plan.id,
        fault: plan.fault.name,
        moment: plan.moment,
        turn: plan.turn,
        verdict: verdictOf({ plan, ...each }),
      },
      ...each,
    }))
    await writeFile(options.json, `${JSON.stringify({ ...rest, rows: rowsOf(facts), calls, found }, undefined, 2)}\n`)
  }
  process.exitCode = found.length === 0 ? 0 : 1
} catch (error) {
  const isUsage = error instanceof RangeError || (error instanceof TypeError && 'code' in error)
  process.stderr.write(`${isUsage ? `${error.message}\n${usage}` : error instanceof Error ? error.stack : error}\n`)
  process.exitCode = 1
}
