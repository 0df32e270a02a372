/*
 * What keeping calls costs those who are carried, as Markdown.
 *
 *   node test/bench/store/main.ts [--cost | --ticks | --questions] [--postgres] [--rounds 3] [--seconds 10] [--calls 100000]
 *
 * PostgreSQL is measured too with --postgres, by a server of its own, or at DATABASE_URL, whose schema `offhook` it empties.
 */
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { parseArgs } from 'node:util'
import { markdown, type Table } from '../micro/table.ts'
import { measureCost } from './cost.ts'
import { postgresAt, sqlite } from './places.ts'
import { measureQuestions } from './questions.ts'
import { measureTicks } from './ticks.ts'

const { values } = parseArgs({
  options: {
    cost: { type: 'boolean' },
    ticks: { type: 'boolean' },
    questions: { type: 'boolean' },
    postgres: { type: 'boolean' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    calls: { type: 'string', default: '100000' },
  },
})
const all = !values.cost && !values.ticks && !values.questions
await using scope = new AsyncDisposableStack()
const url = process.env['DATABASE_URL']
const places = [sqlite, ...(values.postgres || url !== undefined ? [await postgresAt(url, scope)] : [])]
const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, Linux ${release()}, Node ${process.version}`
console.log(`${machine}; ${new Date().toISOString().slice(0, 10)}; load ${loadavg()[0]?.toFixed(1)}\n`)
const print = (table: Table) => console.log(markdown(table))
if (all || values.cost) print(await measureCost(places))
if (all || values.ticks) print(await measureTicks(places, Number(values.rounds), Number(values.seconds)))
if (all || values.questions) for (const place of places) print(await measureQuestions(place, Number(values.calls)))
