import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Leave, Leaving } from '../../src/call/leaving.ts'

const hangUp: Leave = { reason: 'agent-hung-up', next: { type: 'hang-up' }, revocable: true }
const asked: Leave = { ...hangUp, asked: { toolCallId: 't1', output: 'ok' } }
const transfer: Leave = {
  reason: 'handed-over',
  next: { type: 'transfer', destination: 'sales', number: '+15550003' },
  asked: { toolCallId: 't2', output: 'ok' },
  revocable: true,
}
const timeUp: Leave = { reason: 'max-duration', next: { type: 'hang-up' }, revocable: false }

function open() {
  const told: [string, string][] = []
  return { leaving: new Leaving((toolCallId, output) => told.push([toolCallId, output])), told }
}

const refused = (id: string, why: string) => [id, JSON.stringify({ error: why })]

describe('an agent that wants to leave', () => {
  it('goes when its goodbye has been heard, and not before', () => {
    const { leaving, told } = open()
    expect(leaving.isOver(0, true)).toBe(false)
    leaving.begin(hangUp, 1000)
    expect(leaving.isOver(1020, true)).toBe(false)
    leaving.spoke()
    expect(leaving.isOver(2000, false)).toBe(false)
    expect(leaving.isOver(3000, true)).toBe(true)
    expect(told).toEqual([])
  })

  it('does not wait for a goodbye that does not come, nor for one that does not end', () => {
    const { leaving } = open()
    leaving.begin(hangUp, 1000)
    expect(leaving.isOver(5980, true)).toBe(false)
    expect(leaving.isOver(6000, true)).toBe(true)
    expect(leaving.isOver(20_980, false)).toBe(false)
    expect(leaving.isOver(21_000, false)).toBe(true)
  })

  it('does not tell the model that it may go when it said goodbye with the call: it would say it again', () => {
    const { leaving, told } = open()
    leaving.begin(asked, 0)
    leaving.responseEnded(true, true)
    expect(leaving.isOver(20, true)).toBe(true)
    expect(told).toEqual([])
  })

  it('tells the model that it may go, once, when it has not said goodbye yet', () => {
    const { leaving, told } = open()
    leaving.begin(asked, 0)
    leaving.responseEnded(false, true)
    expect(told).toEqual([['t1', 'ok']])
    expect(leaving.isOver(20, true)).toBe(false)
    leaving.spoke()
    leaving.responseEnded(true, true)
    expect(leaving.isOver(2000, true)).toBe(true)
    expect(told).toHaveLength(1)
  })

  it('stays when the caller talks over the goodbye, and the model learns that nothing was done', () => {
    for (const audible of [true, undefined]) {
      const { leaving, told } = open()
      leaving.begin(asked, 0)
      if (audible === true) leaving.responseEnded(audible, true)
      leaving.callerSpoke()
      expect(leaving.leave).toBeUndefined()
      expect(told).toEqual([refused('t1', 'not done: the caller went on speaking')])
      expect(leaving.isOver(60_000, true)).toBe(false)
    }
  })

  it('has told the model already when the caller talks over a goodbye that came after', () => {
    const { leaving, told } = open()
    leaving.begin(asked, 0)
    leaving.responseEnded(false, true)
    leaving.callerSpoke()
    expect(told).toEqual([['t1', 'ok']])
    expect(leaving.leave).toBeUndefined()
  })

  it('follows its newest wish, and the older one is refused', () => {
    const { leaving, told } = open()
    leaving.begin(asked, 0)
    leaving.begin(transfer, 1000)
    expect(told).toEqual([refused('t1', 'superseded')])
    expect(leaving.leave).toBe(transfer)
    leaving.responseEnded(true, true)
    expect(leaving.isOver(1100, true)).toBe(true)
    expect(told).toHaveLength(1)
  })

  it('lets nothing keep it when time is up', () => {
    const { leaving, told } = open()
    leaving.begin(timeUp, 0)
    leaving.callerSpoke()
    leaving.begin(transfer, 1000)
    expect(leaving.leave).toBe(timeUp)
    expect(told).toEqual([refused('t2', 'the call is ending already')])
  })

  it('lets nobody keep it where it insists, and goes the way it was going', () => {
    const { leaving, told } = open()
    leaving.insist()
    expect(leaving.leave).toBeUndefined()
    leaving.begin(transfer, 0)
    leaving.responseEnded(true, true)
    leaving.insist()
    leaving.callerSpoke()
    expect(leaving.leave).toMatchObject({ reason: 'handed-over', next: transfer.next })
    expect(leaving.isOver(20, true)).toBe(true)
    expect(told).toEqual([])
  })

  it('answers each call of the model once at most, and is over in 20 s, whatever happens in whatever order', () => {
    const step = fc.constantFrom('ask', 'transfer', 'idle', 'time-up', 'spoke', 'audible', 'inaudible', 'caller')
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { leaving, told } = open()
        let n = 0
        for (const [i, what] of steps.entries()) {
          if (what === 'ask') leaving.begin({ ...asked, asked: { toolCallId: `t${n++}`, output: 'ok' } }, i)
          if (what === 'transfer') leaving.begin({ ...transfer, asked: { toolCallId: `t${n++}`, output: 'ok' } }, i)
          if (what === 'idle') leaving.begin(hangUp, i)
          if (what === 'time-up') leaving.begin(timeUp, i)
          if (what === 'spoke') leaving.spoke()
          if (what === 'audible') leaving.responseEnded(true, true)
          if (what === 'inaudible') leaving.responseEnded(false, true)
          if (what === 'caller') leaving.callerSpoke()
        }
        const ids = told.map(([id]) => id)
        expect(new Set(ids).size).toBe(ids.length)
        expect(leaving.isOver(30 + 20_000, false)).toBe(leaving.leave !== undefined)
        // Whoever stays has left no call of the model open.
        if (leaving.leave === undefined) expect(ids).toHaveLength(n)
      }),
    )
  })
})
