import { type CallFacts, type LiveChaosCall, startChaosCall } from './caller.ts'
import type { CallPlan } from './plan.ts'
import { nap } from './server-process.ts'
import type { Ground } from './world.ts'
import { World, type WorldName } from './world.ts'

/** Calls of a batch begin within so long, so that the strike finds them in all phases [ms], and when it comes. */
const SPREAD_MS = 4000
const STRIKE_MS = 6000
/** How many calls one strike at the servers hits, and how many come to a full house. */
const BATCH = 10
const FULL_BATCH = 4
/** Who fills the house stays for so long [ms]. */
const OCCUPIED_MS = 4000

/** What is told as it happens. */
export type Progress = (facts: CallFacts, world: World) => void

/** All calls of one world. */
export async function runWorld(
  name: WorldName,
  plans: readonly CallPlan[],
  ground: Ground,
  options: {
    readonly atOnce: number
    readonly progress: Progress
    /** Told what servers hold, when that is more than at their beginning. */
    readonly leftOver: (held: readonly string[]) => void
  },
) {
  await using world = await World.open(name, ground)
  const facts: CallFacts[] = []
  const done = (each: CallFacts) => {
    facts.push(each)
    options.progress(each, world)
  }
  const isSlow = ({ fault }: CallPlan) => Number(fault.slow !== undefined)
  const single = plans.filter(({ moment }) => moment !== undefined).toSorted((a, b) => isSlow(b) - isSlow(a))
  await pooled(single, options.atOnce, async (plan) => done(await alone(plan, world, ground)))
  for (const [fault, calls] of Map.groupBy(
    plans.filter(({ moment }) => moment === undefined),
    (plan) => plan.fault,
  )) {
    for (const batch of chunks(calls, fault.kind === 'full' ? FULL_BATCH : BATCH)) {
      const run = fault.kind === 'full' ? fullHouse : struckTogether
      for (const each of await run(batch, world, ground)) done(each)
      await world.mend()
    }
  }
  const leaks = await world.leaks()
  if (leaks.timers + leaks.sockets + leaks.connections > 0) options.leftOver(world.held)
  const stops = await Promise.all(world.stops.map(async ({ unreadyMs, code }) => ({ unreadyMs, code: await code })))
  return { facts, leaks, stops }
}

async function alone(plan: CallPlan, world: World, { models }: Ground): Promise<CallFacts> {
  const slot = models.lend()
  try {
    return await startChaosCall(plan, world, slot).facts
  } finally {
    models.giveBack(slot)
  }
}

/** A batch of calls, all over the place in their conversations when the servers are struck. */
async function struckTogether(batch: readonly CallPlan[], world: World, ground: Ground): Promise<readonly CallFacts[]> {
  const live: LiveChaosCall[] = []
  const calls = batch.map(async (plan, i) => {
    await nap((SPREAD_MS * i) / batch.length)
    const slot = ground.models.lend()
    try {
      const call = startChaosCall(plan, world, slot)
      live.push(call)
      return await call.facts
    } finally {
      ground.models.giveBack(slot)
    }
  })
  await nap(STRIKE_MS)
  for (const call of live.filter(({ phone }) => !phone.over)) call.struck()
  await batch[0]?.fault.strikeWorld?.(world)
  return await Promise.all(calls)
}

/** Calls that come when there is no place left; who has the places leaves after a while. */
async function fullHouse(batch: readonly CallPlan[], world: World, ground: Ground): Promise<readonly CallFacts[]> {
  const slots = [ground.models.lend(), ground.models.lend()]
  const occupiers = slots.map((slot, i) => world.call({ to: slot.number, from: `+1415555900${i}` }))
  await Promise.all(occupiers.map((call) => Promise.race([call.next('stream-started'), call.ended])))
  const left = nap(OCCUPIED_MS).then(() => {
    for (const call of occupiers) call.hangUp()
  })
  const facts = await Promise.all(batch.map((plan) => alone(plan, world, ground)))
  await left
  await Promise.all(occupiers.map((call) => call.ended))
  for (const slot of slots) ground.models.giveBack(slot)
  return facts
}

/** Runs `task` for each, `atOnce` at a time, in order. */
export async function pooled<T>(all: readonly T[], atOnce: number, task: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...all]
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await task(next)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, worker))
}

function chunks<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size))
}
