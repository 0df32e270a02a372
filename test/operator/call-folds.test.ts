import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { emptyArchive, openDesk, summaryOf } from './desk-rig.ts'
import { recordedEvents } from './recorded-events.ts'

describe('a call that many look at', () => {
  const open: CallEvent = {
    ...{ atMs: 0, type: 'answered', callId: 'CA1', provider: 'qwen', agent: 'Bella', from: '', to: '' },
  }

  async function openWatched() {
    const read: string[] = []
    const events = [...recordedEvents('goodbye')]
    const desk = await openDesk({
      archive: {
        ...emptyArchive,
        summary: async (callId) => (callId === 'none' ? undefined : summaryOf(callId)),
        events: async (callId) => {
          read.push(callId)
          return [...events]
        },
      },
    })
    const lines = async (callId = 'CA1') => JSON.parse((await desk.ask(`/api/calls/${callId}`)).text).transcript.length
    return { desk, read, lines, cut: (count: number) => void events.splice(count) }
  }

  it('is read and folded once a second while it is live, and once in ten seconds when it is over', async () => {
    const { desk, read, lines, cut } = await openWatched()
    await using _desk = desk
    const all = await lines()
    expect(await Promise.all([lines(), lines(), lines()])).toEqual([all, all, all])
    desk.clock.advance(9999)
    await lines()
    expect(read).toHaveLength(1)
    cut(3)
    desk.clock.advance(1)
    expect(await lines()).toBeLessThan(all)
    expect(read).toHaveLength(2)
    desk.desk.take('CA1', open)
    desk.clock.advance(999)
    await lines()
    expect(read).toHaveLength(2)
    desk.clock.advance(1)
    await lines()
    expect(read).toHaveLength(3)
  })

  it('is read again a second after something came, also when it is over', async () => {
    const { desk, read, lines } = await openWatched()
    await using _desk = desk
    await lines()
    desk.desk.take('CA1', { atMs: 1, type: 'analysed', analysis: { by: 'counts', result: {} } })
    desk.clock.advance(1000)
    await lines()
    expect(read).toHaveLength(2)
  })

  it('is kept with nineteen others', async () => {
    const { desk, read, lines } = await openWatched()
    await using _desk = desk
    for (let i = 0; i < 21; i++) await lines(`CA${i}`)
    await lines('CA1')
    expect(read).toHaveLength(21)
    await lines('CA0')
    expect(read).toHaveLength(22)
  })

  it('is asked for again when the store did not answer', async () => {
    let isAway = true
    const events = async () => {
      if (isAway) throw new Error('away')
      return recordedEvents('goodbye')
    }
    await using desk = await openDesk({ archive: { ...emptyArchive, summary: async () => summaryOf('CA1'), events } })
    expect((await desk.ask('/api/calls/CA1')).status).toBe(503)
    isAway = false
    expect((await desk.ask('/api/calls/CA1')).status).toBe(200)
  })
})
