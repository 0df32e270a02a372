import { describe, expect, it } from 'vitest'
import { readArgs } from './args.ts'
import { measure } from './measure.ts'
import { choosePinning } from './pinning.ts'
import { report } from './report.ts'

describe.concurrent('the load bench', () => {
  it.each(['relay', 'offhook', 'offhook:60'])('carries two calls through %s and loses nothing', async (label) => {
    const { contenders, ...options } = readArgs(['--calls', '2', '--bridges', label])
    const [contender] = contenders
    if (contender === undefined) throw new TypeError('no bridge')
    const pinning = choosePinning(1, 1)
    const trial = { ...options, contender, calls: 2, warmupS: 1, seconds: 1, pinning }
    const measurement = await measure(trial)
    expect(measurement.latencies.map(({ lostMs }) => lostMs)).toEqual([0, 0])
    expect(measurement.latencies.flatMap(({ uplink }) => uplink).length).toBeGreaterThan(20)
    expect(report([{ label, calls: 2, rounds: [measurement] }])).toContain(`| ${label} `)
  })
})
