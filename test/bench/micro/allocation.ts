import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { mulaw8k, pcm16k, pcm24k } from '../../../src/audio/format.ts'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { makeTranscoder } from '../../../src/audio/transcoder.ts'
import { ours } from './resamplers/ours.ts'
import { secondOfSpeech } from './signals.ts'
import { decimals, type Table } from './table.ts'

/** Few enough that no collection falls between the two readings. */
const FRAMES_PER_READING = 500
const READINGS = 21

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Bytes allocated, on V8's heap and as array buffers, by one call of `run`: the median over readings. */
function bytesPerRun(run: (i: number) => unknown): number {
  const kept: unknown[] = new Array(FRAMES_PER_READING)
  const readings: number[] = []
  for (let i = 0; i < 20_000; i++) kept[0] = run(i)
  for (let reading = 0; reading < READINGS; reading++) {
    kept.fill(undefined)
    collect()
    const before = process.memoryUsage()
    for (let i = 0; i < FRAMES_PER_READING; i++) kept[i] = run(i)
    const after = process.memoryUsage()
    readings.push((after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / FRAMES_PER_READING)
  }
  return readings.toSorted((a, b) => a - b)[READINGS >> 1] ?? 0
}

/** What a frame allocates, beside what its bare output would. */
export async function measureAllocation(): Promise<Table> {
  const narrow = secondOfSpeech(8000)
  const wide = secondOfSpeech(24_000)
  const coded = narrow.map((samples) => new Uint8Array(samples.length).fill(0x80))
  const model = wide.map(bytesOfSamples)
  const [up, down] = [await ours.open(8000, 16_000), await ours.open(24_000, 8000)]
  const [uplink, downlink] = [makeTranscoder(mulaw8k, pcm16k), makeTranscoder(pcm24k, mulaw8k)]
  const none = new Int16Array()
  const noBytes = new Uint8Array()
  const rows: [string, (i: number) => unknown, () => unknown][] = [
    ['resampler up', (i) => up.push(narrow[i % 50] ?? none), () => new Int16Array(320)],
    ['resampler down', (i) => down.push(wide[i % 50] ?? none), () => new Int16Array(160)],
    ['transcoder up', (i) => uplink.push(coded[i % 50] ?? noBytes), () => Buffer.allocUnsafe(640)],
    ['transcoder down', (i) => downlink.push(model[i % 50] ?? noBytes), () => Buffer.allocUnsafe(160)],
  ]
  return {
    title: 'Allocation per 20 ms frame [bytes]',
    head: ['stage', 'ours', 'its output alone', 'beyond it'],
    rows: rows.map(([name, run, bare]) => {
      const [mine, alone] = [bytesPerRun(run), bytesPerRun(bare)]
      return [name, decimals(mine, 0), decimals(alone, 0), decimals(mine - alone, 0)]
    }),
  }
}
