import { describe, expect, it } from 'vitest'
import { tone } from '../../src/audio/tone.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { Resumption } from '../../src/call/info.ts'
import { plainManners } from '../fakes/agent.ts'
import { answerSteps, type Line, openLine } from '../fakes/line.ts'

const all = <T extends CallEvent['type']>(line: Line, type: T) =>
  line.events.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
const sessionOf = (line: Line) => line.provider.sessions[0]

async function saidOf(line: Line) {
  line.stop.abort()
  await line.run(20)
  return (await line.farewell).said
}

describe('a recorded greeting', () => {
  const greeting = { type: 'sound', sound: tone(500, 1500, 8000), words: 'Hello, the hotel.' } as const

  it('is heard at once, while the model is still being connected, and stands in the conversation', async () => {
    const line = openLine({ agent: { greeting }, provider: { connectMs: 3000 } })
    await line.run(1000)
    expect(line.provider.sessions).toEqual([])
    expect(line.leg.actions[0]).toMatchObject({ type: 'play', atMs: 0 })
    expect(line.heard().length).toBeGreaterThanOrEqual(960 * 8)
    await line.run(4000)
    expect(line.heard()).toHaveLength(1500 * 8)
    expect(all(line, 'said')).toMatchObject([{ atMs: 0, speaker: 'agent', text: 'Hello, the hotel.' }])
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 1500, wholly: true, heardText: 'Hello, the hotel.' }])
    expect(all(line, 'connected')).toMatchObject([{ atMs: 3000 }])
    expect(sessionOf(line)?.options.instructions).toContain('Hello, the hotel.')
    expect(sessionOf(line)?.deeds).toEqual([])
    expect(await saidOf(line)).toEqual([{ speaker: 'agent', heard: 'Hello, the hotel.', unheard: '' }])
    expect(all(line, 'ended')[0]?.latency.greetingMs).toBe(0)
    expect(line.alarms()).toBe(0)
  })

  it('goes on when the model is there, and may be talked over then; the model has no such item', async () => {
    const script = [{ atMs: 500, event: { type: 'speech-started' } }]
    const line = openLine({ agent: { greeting }, script })
    await line.run(2000)
    expect(all(line, 'barge-in')).toMatchObject([{ atMs: 500 }])
    expect(sessionOf(line)?.deeds).toEqual([{ atMs: 500, type: 'cancel' }])
    const [greeted] = await saidOf(line)
    expect(greeted?.speaker === 'agent' && greeted.heard.length).toBeLessThan('Hello, the hotel.'.length)
  })

  it('can be talked over while the model is still being connected, and the model hears all of it', async () => {
    const bargeIn = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const
    const line = openLine({ agent: { greeting, bargeIn }, provider: { connectMs: 1000 } })
    await line.run(500)
    line.ear.says('onset')
    await line.run(40)
    expect(all(line, 'held')).toMatchObject([{ atMs: 520 }])
    await line.run(500)
    expect(all(line, 'connected')).toHaveLength(1)
    expect(sessionOf(line)?.appendedBytes).toBe(1040 * 32)
  })

  it('is not said again to a caller who comes back, whoever says it', async () => {
    const resumed = { happened: { type: 'digits-sent' }, said: [], spentMs: 0 } as const
    for (const greets of [greeting, { type: 'instruction', text: 'Say hello.' } as const]) {
      const line = openLine({ agent: { greeting: greets }, info: { resumed } })
      await line.run(1000)
      expect(line.heard()).toHaveLength(0)
      expect(sessionOf(line)?.deeds).toMatchObject([
        { type: 'respond', instructions: expect.stringContaining('digits') },
      ])
    }
  })

  it('ends with the call when the model is never there, and what was heard of it is told', async () => {
    const refusal = new CallError('provider-refused', 'no')
    const line = openLine({ agent: { greeting }, provider: { connectMs: 800, refusal } })
    await line.run(3000)
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-refused' })
    expect(line.events.at(-1)?.type).toBe('ended')
    expect(line.alarms()).toBe(0)
    const [heard] = all(line, 'heard')
    expect(heard?.heardMs).toBeLessThanOrEqual(800)
    const [said] = (await line.farewell).said
    expect(said?.speaker === 'agent' && said.unheard).not.toBe('')
  })
})

describe('a caller who comes back', () => {
  const resumed: Resumption = {
    happened: { type: 'transfer-failed', destination: 'sales', how: 'busy' },
    spentMs: 4000,
    said: [
      { speaker: 'caller', text: 'A human,\n\nplease.' },
      { speaker: 'agent', heard: 'I will ', unheard: 'put you through.' },
    ],
  }

  it('meets a model that knows what was said and what became of him, and that speaks first', async () => {
    const line = openLine({ info: { resumed } })
    await line.run(100)
    const told = sessionOf(line)?.options.instructions
    expect(told).toContain('Be kind.')
    expect(told).toContain('sales')
    expect(told).toContain('busy')
    expect(told).toContain('Caller: A human, please.\nYou: I will (interrupted)')
    expect(told).not.toContain('put you through')
    expect(sessionOf(line)?.deeds).toMatchObject([{ atMs: 0, type: 'respond' }])
  })

  it('has no more time than any other, however often they come back', async () => {
    const line = openLine({ info: { resumed }, agent: { manners: { ...plainManners, maxCallMs: 10_000 } } })
    await line.run(12_000)
    expect(all(line, 'prompted')).toMatchObject([{ atMs: 6000, why: 'time-up' }])
    expect(await line.outcome).toEqual({ reason: 'max-duration' })
  })

  it('has one conversation, however many streams it takes', async () => {
    const words = { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text: 'Nobody is there.', final: true }
    const line = openLine({ info: { resumed }, script: [...answerSteps(100, 'r1', 400), { atMs: 500, event: words }] })
    await line.run(2000)
    expect(await saidOf(line)).toEqual([...resumed.said, { speaker: 'agent', heard: 'Nobody is there.', unheard: '' }])
  })
})

describe('the last words of a call', () => {
  it('are all told: nothing that a call began is left when it is over, however it ends', async () => {
    const script = [...answerSteps(100, 'r1', 4000)]
    const bargeIn = { by: 'local+model', confirmMs: 600, onDigits: true, turnSilenceMs: 500 } as const
    for (const endMs of [0, 20, 110, 600, 1000, 3000, 6000]) {
      const line = openLine({
        script,
        agent: { bargeIn, greeting: { type: 'sound', sound: tone(500, 300, 8000), words: 'Hello.' } },
        callerEvents: [
          { atMs: Math.max(0, endMs - 10), type: 'dtmf', digit: '1' },
          { atMs: endMs, type: 'closed', by: 'caller' },
        ],
      })
      await line.run(Math.max(0, endMs - 40))
      line.ear.says('onset')
      await line.run(1000)
      expect(await line.outcome).toEqual({ reason: 'caller-hung-up' })
      expect(line.alarms(), `ended at ${endMs}`).toBe(0)
      expect(line.events.at(-1)?.type).toBe('ended')
    }
  })
})
