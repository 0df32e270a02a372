import { base64Tasks, coders, envelopes, type Part, pipelines } from './parts.ts'
import { contenders } from './resamplers/all.ts'
import { ours } from './resamplers/ours.ts'
import { waveResamplerPerFrame } from './resamplers/wave-resampler.ts'
import { CALLS, secondOfSpeech } from './signals.ts'
import { type Task, timeTasks } from './stopwatch.ts'
import { decimals, type Table } from './table.ts'

const ROUNDS = 7

async function resampling(fromHz: number, toHz: number): Promise<Map<string, number>> {
  const frames = secondOfSpeech(fromHz)
  const tasks: Task[] = []
  for (const contender of contenders) {
    if (contender.untimed || contender.pieces === 'whole') continue
    const calls = await Promise.all(Array.from({ length: CALLS }, () => contender.open(fromHz, toHz)))
    tasks.push({
      name: contender.name,
      run() {
        frames.forEach((frame, i) => {
          calls[i % CALLS]?.push(frame)
        })
      },
    })
  }
  return timeTasks(tasks, ROUNDS)
}

async function resamplers(): Promise<Table> {
  const up = await resampling(8000, 16_000)
  const down = await resampling(24_000, 8000)
  const cells = (costs: ReadonlyMap<string, number>, name: string) => {
    const cost = costs.get(name) ?? 0
    const against = (other: string) => decimals(cost / (costs.get(other) ?? 0), 3)
    return [decimals(cost, 0), against(ours.name), against(waveResamplerPerFrame.name)]
  }
  const relative = ['of ours', 'of wave-resampler']
  return {
    title: 'Cost of resampling: CPU us per second of sound, in 20 ms frames',
    head: ['resampler', 'up, 8 to 16 kHz', ...relative, 'down, 24 to 8 kHz', ...relative],
    rows: [...up.keys()].map((name) => [name, ...cells(up, name), ...cells(down, name)]),
  }
}

function rowsOf(parts: readonly Part[]): string[][] {
  const tasks = parts.flatMap(({ what, ours: mine, theirs }) => [
    { name: `ours: ${what}`, run: mine },
    { name: `theirs: ${what}`, run: theirs },
  ])
  const costs = timeTasks(tasks, ROUNDS)
  return parts.map(({ what }) => {
    const [mine = 0, theirs = 0] = [costs.get(`ours: ${what}`), costs.get(`theirs: ${what}`)]
    return [what, decimals(mine), decimals(theirs), decimals(mine / theirs, 3)]
  })
}

/** Medians of interleaved rounds; the ratios hold better than the absolutes. */
export async function measureSpeed(): Promise<Table[]> {
  const plain = [...timeTasks(base64Tasks(), ROUNDS)].map(([name, cost]) => [name, decimals(cost), '', ''])
  const head = ['part', 'ours', 'theirs', 'ratio']
  return [
    await resamplers(),
    {
      title: 'Cost of a whole direction: CPU us per second of sound; theirs: alawmulaw and wave-resampler per frame',
      head,
      rows: rowsOf(pipelines()),
    },
    {
      title: 'Cost of the parts: CPU us per second of sound; theirs: alawmulaw, JSON.parse and JSON.stringify',
      head,
      rows: [...rowsOf(coders()), ...rowsOf(envelopes()), ...plain],
    },
  ]
}
