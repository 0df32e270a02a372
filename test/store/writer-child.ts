/**
 * A process that writes to a store until it is killed:
 *
 *   node test/store/writer-child.ts <directory or postgres://…>
 *
 * It says `kept` 200 ms after it has put in its first fifty events, and goes on putting in more.
 */
import { systemClock } from '../../src/base/clock.ts'
import { makeLog } from '../../src/base/log.ts'
import { openPostgresStore } from '../../src/store/sql/postgres.ts'
import { openSqliteStore } from '../../src/store/sql/sqlite.ts'
import { answered, NOON, recordOf, saidBy } from './told.ts'

const [place] = process.argv.slice(2)
if (place === undefined) throw new TypeError('expected a directory or an address')
const options = { log: makeLog('silent'), now: () => NOON }
const opening = place.startsWith('postgres://')
  ? openPostgresStore({ url: place, ...options })
  : openSqliteStore({ directory: place, ...options })
const store = await opening
const forever = new AbortController().signal

let turn = 0
const say = () => store.append('CA1', saidBy('caller', turn, `turn ${turn++}`))
store.keep(recordOf('CA1'))
store.append('CA1', answered)
while (turn < 50) say()
systemClock.after(200, () => process.stdout.write('kept\n'), forever)
setInterval(say, 2)
