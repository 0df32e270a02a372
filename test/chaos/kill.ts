/*
 * `node test/chaos/kill.ts`: the server is killed in the middle of a conversation, and its sibling goes on.
 *
 *   kill -9 ─┬─ the carrier notices ─▶ asks what comes next ─▶ TwiML ─▶ upgrade ─▶ model ─▶ first sound of the agent
 *            ├── noticeMs ──┤├─ askMs ─┤          ├── openMs ──┤
 *            └───────────────────────── silence: what the caller goes through ────────────────────────┘
 *
 * The carrier's own times are parameters (no page documents them) and are printed with the result.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { CarrierTiming } from '../../src/simulators/carrier/options.ts'
import { median } from '../bench/load/statistics.ts'
import { table } from '../bench/load/table.ts'
import { FRAME_MS } from './judge.ts'
import { startModels } from './model.ts'
import { Phone } from './phone.ts'
import { nap } from './server-process.ts'
import { startTool } from './tool.ts'
import { wordsOf } from './words.ts'
import { World } from './world.ts'

/** At once; and with what reports of real calls allow for: a second in all. */
const timings = [
  { noticeMs: 0, askMs: 0, openMs: 0 },
  { noticeMs: 100, askMs: 200, openMs: 700 },
] as const satisfies readonly Required<CarrierTiming>[]
/** Where the conversation stands when the server dies: so long after the greeting, or the caller's words, began [ms]. */
const moments = ['caller speaks', 'agent speaks', 'silence'] as const
const WAIT_MS = 15_000

/** The caller's silence from the kill to the agent's first sound on the sibling [ms]; `undefined`: none came. */
async function silenceAfterKill(
  world: World,
  models: Awaited<ReturnType<typeof startModels>>,
  moment: (typeof moments)[number],
  timing: CarrierTiming,
): Promise<number | undefined> {
  const slot = models.lend()
  const call = world.call({ to: slot.number, timing })
  const phone = new Phone(call, slot)
  await phone.until(() => phone.hasHeard('whole', 0), WAIT_MS)
  const said = phone.speak(wordsOf(0))
  if (moment === 'caller speaks') await nap(500)
  else {
    await said
    const askedMs = phone.nowMs
    await phone.until(() => phone.hasHeard(moment === 'agent speaks' ? 'beginning' : 'whole', askedMs), WAIT_MS)
    await nap(400)
  }
  const killedMs = phone.nowMs
  await world.killFirst()
  await phone.until(() => phone.streams.length > 1, WAIT_MS)
  const nextMs = phone.streams[1]?.startedMs
  const isBack = nextMs !== undefined && (await phone.until(() => phone.hasHeard('beginning', nextMs), WAIT_MS))
  const heard = phone.story().heard
  call.hangUp()
  await call.ended
  models.giveBack(slot)
  await world.mend()
  if (!isBack) return undefined
  return heard.findIndex((sounding, i) => i * FRAME_MS >= nextMs && typeof sounding === 'number') * FRAME_MS - killedMs
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10' },
    server: { type: 'string', default: resolve(import.meta.dirname, '../..') },
  },
})
await using models = await startModels()
await using tool = await startTool(models)
await using world = await World.open('pair', { models, toolUrl: tool.url, folder: resolve(values.server) })
const rows: string[][] = []
let worst = 0
for (const timing of timings) {
  const all: number[] = []
  let never = 0
  for (let run = 0; run < Number(values.runs); run++) {
    const silence = await silenceAfterKill(world, models, moments[run % moments.length] ?? 'silence', timing)
    if (silence === undefined) never += 1
    else all.push(silence)
  }
  worst = Math.max(worst, never > 0 ? Number.POSITIVE_INFINITY : 0, ...all)
  const { noticeMs, askMs, openMs } = timing
  rows.push(
    [
      ...[`${noticeMs} + ${askMs} + ${openMs}`, all.length + never, never, Math.round(median(all))],
      ...[Math.min(...all), Math.max(...all)],
    ].map(String),
  )
}
const head = ['carrier: notices + asks + opens [ms]', 'kills', 'never back', 'silence, median [ms]', 'best', 'worst']
process.stdout.write(`${table(head, rows)}\n`)
process.exitCode = worst < 3000 ? 0 : 1
