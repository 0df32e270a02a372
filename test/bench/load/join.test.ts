import { describe, expect, it } from 'vitest'
import { joinCall } from './join.ts'
import type { CallLog } from './messages.ts'
import { stallsOf } from './stalls.ts'
import { quantile } from './statistics.ts'

function log(fields: Partial<Record<'uplinkAt' | 'uplinkMs' | 'answersAt' | 'cutsAt', readonly number[]>>): CallLog {
  const { uplinkAt = [], uplinkMs = [], answersAt = [], cutsAt = [] } = fields
  return {
    uplinkAt: Float64Array.from(uplinkAt),
    uplinkMs: Float64Array.from(uplinkMs),
    answersAt: Float64Array.from(answersAt),
    cutsAt: Float64Array.from(cutsAt),
    downlinkMs: 0,
    downlinkMessages: 0,
  }
}

const always = { fromMs: 0, toMs: 10_000 }
const sent = { uplinkAt: [100, 120, 140, 160, 180, 200], uplinkMs: [20, 40, 60, 80, 100, 120] }

describe('joining the two ends of a call', () => {
  it('takes each frame with its append', () => {
    const heard = { uplinkAt: [101, 122, 143, 161, 182, 203], uplinkMs: [20, 40, 60, 80, 100, 120] }
    expect(joinCall(log(sent), log(heard), always)).toMatchObject({ uplink: [1, 2, 3, 1, 2, 3], lostMs: 0 })
  })

  it('takes the frame that completes a batch', () => {
    const heard = { uplinkAt: [141, 202], uplinkMs: [60, 120] }
    expect(joinCall(log(sent), log(heard), always)).toMatchObject({ uplink: [1, 2], lostMs: 0 })
  })

  it('leaves out the frames that were lost before the model was there', () => {
    const heard = { uplinkAt: [145, 165, 185, 205], uplinkMs: [20, 40, 60, 80] }
    expect(joinCall(log(sent), log(heard), always)).toMatchObject({ uplink: [5, 5, 5, 5], lostMs: 40 })
  })

  it('counts what was sent within the window only', () => {
    const window = { fromMs: 120, toMs: 160 }
    expect(joinCall(log(sent), log({ ...sent, uplinkAt: sent.uplinkAt.map((at) => at + 4) }), window).uplink).toEqual([
      4, 4,
    ])
  })

  it('finds the media of each answer, and misses what the carrier never heard', () => {
    const model = log({ answersAt: [1000, 5000, 9000], cutsAt: [4700, 8700] })
    const carrier = log({ answersAt: [1002, 9003], cutsAt: [4701, 8701] })
    expect(joinCall(carrier, model, always)).toMatchObject({
      downlink: [2, 3],
      missedAnswers: 1,
      clear: [1, 1],
      missedClears: 0,
    })
  })
})

describe('stalls', () => {
  it('are late frames that overlap, whichever call they are of', () => {
    const frames = [
      { sentAt: 300, ms: 25 },
      { sentAt: 110, ms: 60 },
      { sentAt: 100, ms: 30 },
      { sentAt: 170, ms: 40 },
      { sentAt: 200, ms: 5 },
    ]
    expect(stallsOf(frames, 20)).toEqual([
      { fromMs: 100, toMs: 210 },
      { fromMs: 300, toMs: 325 },
    ])
  })
})

describe('a quantile', () => {
  it('lies between its neighbours', () => {
    expect([0, 0.5, 0.75, 1].map((q) => quantile([4, 1, 2, 3], q))).toEqual([1, 2.5, 3.25, 4])
    expect(quantile([], 0.5)).toBeNaN()
  })
})
