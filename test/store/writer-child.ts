/**
 * A process that writes to a store until it is killed:
 *
 *   node test/store/writer-child.ts <directory>
 *
 * It says `kept` 200 ms after it has put in its first fifty events, and goes on putting in more.
 */
import { systemClock } from '../../src/base/clock.ts'
import { makeLog } from '../../src/base/log.ts'
import { openSqliteStore } from '../../src/store/sqlite/store.ts'
import { answered, NOON, recordOf, saidBy } from './told.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new TypeError('expected a directory')
const store = await openSqliteStore({ directory, log: makeLog('silent'), now: () => NOON })
const forever = new AbortController().signal

let place = 0
const say = () => store.append('CA1', saidBy('caller', place, `turn ${place++}`))
store.keep(recordOf('CA1'))
store.append('CA1', answered)
while (place < 50) say()
systemClock.after(200, () => process.stdout.write('kept\n'), forever)
setInterval(say, 2)
