import { describe, expect, it } from 'vitest'
import type { Latencies } from './join.ts'
import type { Measurement } from './measure.ts'
import { isSound, report, troubles } from './report.ts'

const smooth: Latencies = {
  uplink: [0.2, 0.3],
  uplinkSentAt: [100, 120],
  downlink: [0.4],
  clear: [0.1],
  missedAnswers: 0,
  missedClears: 0,
  lostMs: 0,
}

function measured(fields: Partial<Measurement>): Measurement {
  return {
    calls: 10,
    cpuMs: 2,
    bridgeLoad: 0.1,
    strangers: 0,
    generatorLoad: 0.2,
    rssMb: { idle: 70, busy: 90, after: 80 },
    latencies: [smooth],
    lags: [0.5],
    agentShare: 1,
    agentMessages: 50,
    errors: '',
    ...fields,
  }
}

describe('the report of the load bench', () => {
  it('takes each ratio within its round, and the median of them', () => {
    const rounds = (...each: number[]) => each.map((cpuMs) => measured({ cpuMs }))
    const text = report([
      { label: 'relay', calls: 10, rounds: rounds(1, 2, 4) },
      { label: 'offhook', calls: 10, rounds: rounds(1.5, 2.4, 12) },
    ])
    expect(text).toMatch(/offhook +\| 2\.40 \(1\.50-12\.00\) \| 1\.50 \(1\.20-3\.00\) \| 2\.00 /)
    expect(text).toContain('offhook: holds')
    expect(text).not.toContain('How cost grows')
  })

  it('shows how cost and memory grow from one number of calls to the next', () => {
    const at = (calls: number, busy: number, cpuMs: number) => ({
      label: 'relay',
      calls,
      rounds: [measured({ calls, cpuMs, rssMb: { idle: 70, busy, after: 70 } })],
    })
    const text = report([at(10, 90, 2), at(110, 140, 1)])
    expect(text).toMatch(/relay: CPU ms\/call-s +\| +2\.00 \| +1\.00 \|/)
    expect(text).toMatch(/relay: MB\/added call +\| +- \| +0\.50 \|/)
  })

  it('tells what broke, and whose fault the figures are', () => {
    expect(troubles(measured({}))).toEqual([])
    const late: Latencies = { ...smooth, uplink: [30, 30], lostMs: 40, missedClears: 2 }
    const found = troubles(measured({ latencies: [late], generatorLoad: 0.9, lags: [9], strangers: 0.3 })).join('\n')
    expect(found).toMatch(/generators took 90 %.*beats came 9\.0 ms late.*others took 30 %.*up to 40 ms/s)
    expect(found).toMatch(
      /100 % of the frames are late, in 1 stall\(s\), the longest of 50 ms.*2 answer\(s\) or clear/s,
    )
  })

  it('is not sound when a trial failed or Offhook lost sound of a caller; others may', () => {
    const lost = measured({ latencies: [{ ...smooth, lostMs: 20 }] })
    expect(isSound([{ label: 'naive', calls: 1, rounds: [lost] }])).toBe(true)
    expect(isSound([{ label: 'offhook:60', calls: 1, rounds: [lost] }])).toBe(false)
    expect(isSound([{ label: 'relay', calls: 1, rounds: ['it ended'] }])).toBe(false)
  })
})
