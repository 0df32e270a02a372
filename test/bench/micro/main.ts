/*
 * Quality and speed of each stage of the frame path, ours beside the common libraries, as Markdown.
 *
 *   node test/bench/micro/main.ts [--quality | --speed | --store] [--json]
 */
import { availableParallelism, cpus, release } from 'node:os'
import { parseArgs } from 'node:util'
import { measureAllocation } from './allocation.ts'
import { measureG711 } from './g711.ts'
import { measureQuality } from './quality.ts'
import { hasSox } from './resamplers/sox.ts'
import { measureSpeed } from './speed.ts'
import { measureStore } from './store.ts'
import { markdown, type Table } from './table.ts'

const { values } = parseArgs({
  options: {
    quality: { type: 'boolean' },
    speed: { type: 'boolean' },
    store: { type: 'boolean' },
    json: { type: 'boolean' },
  },
})
const both = values.quality === values.speed && !values.store
const started = performance.now()
const tables: Table[] = []

// Speed first: what is measured after it has warmed and filled the process.
if (both || values.speed) tables.push(...(await measureSpeed()), await measureAllocation())
// Half a minute of calls in real time: when it is asked for.
if (values.store) tables.push(...(await measureStore()))
if (both || values.quality) tables.push(...(await measureQuality()), measureG711())

const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`
const seconds = Math.round((performance.now() - started) / 1000)
if (values.json) {
  console.log(JSON.stringify({ machine, date: new Date().toISOString(), seconds, tables }, null, 2))
} else {
  const soxLine = hasSox ? '' : ' No sox on this machine: its rows are missing.'
  console.log(`${machine}; ${new Date().toISOString().slice(0, 10)}; took ${seconds} s.${soxLine}\n`)
  for (const table of tables) console.log(markdown(table))
}
