import { renameSync, writeFileSync } from 'node:fs'
import { systemClock } from '../../../src/base/clock.ts'
import { Ticker } from '../../../src/base/ticker.ts'

/*
 * Loaded into the server before its own program: beats every 20 ms on the thread of the calls, as the playout's clock does,
 * and notes how late each beat came. On SIGUSR2 what was noted since the last one is written to TICK_FILE.
 *
 *   beat   0    20    40    60      the same loop, the same timers: what makes a beat of the sound late makes ours late
 */
const file = process.env['TICK_FILE']
// Workers inherit the flag that loads us, and carry no calls here.
if (file !== undefined) {
  let lags: number[] = []
  new Ticker(systemClock).onTick((lagMs) => lags.push(lagMs), new AbortController().signal)
  process.on('SIGUSR2', () => {
    const noted = lags
    lags = []
    writeFileSync(`${file}.part`, JSON.stringify(noted))
    renameSync(`${file}.part`, file)
  })
}
