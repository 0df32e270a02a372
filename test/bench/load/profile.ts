import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { table } from './table.ts'

/*
 * node test/bench/load/profile.ts FILE.cpuprofile...
 *
 * Where the time of a bridge went, as `--node-args="--cpu-prof --cpu-prof-dir=FOLDER"` has written it down: the functions
 * by their own time, as a share of the time in which it was not idle. The start of the process is in it.
 */
const SHOWN = 15

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** [µs] */
  readonly timeDeltas: readonly number[]
}

type CallFrame = Profile['nodes'][number]['callFrame']

/** `push src/providers/realtime/uplink.ts:45` */
function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url
  const place = path.replace(/^.*\/(?=(node_modules|src|test)\/)/, '')
  return `${functionName || '(anonymous)'} ${place === '' ? '' : `${place}:${lineNumber + 1}`}`.trim()
}

function hottest({ nodes, samples, timeDeltas }: Profile): string[][] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const own = new Map<string, number>()
  let busyUs = 0
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? ''
    const us = timeDeltas[i] ?? 0
    if (name === '(idle)') continue
    busyUs += us
    own.set(name, (own.get(name) ?? 0) + us)
  }
  const rows = [...own].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
  return rows.map(([name, us]) => [name, `${((us / busyUs) * 100).toFixed(1)} %`])
}

for (const path of process.argv.slice(2)) {
  const profile = JSON.parse(readFileSync(path, 'utf8')) as Profile
  process.stdout.write(`${path}\n\n${table(['function', 'own time'], hottest(profile))}\n\n`)
}
