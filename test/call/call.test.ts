import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { samplesOf } from '../../src/audio/pcm.ts'
import { toneDbfs } from '../../src/audio/tone.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../src/call/events.ts'
import type { SessionEvent } from '../../src/call/provider.ts'
import { plainManners } from '../fakes/agent.ts'
import { answerSteps, type Line, openLine } from '../fakes/line.ts'

const typesOf = (line: Line) => line.events.map(({ type }) => type)
const clears = (line: Line) => line.leg.actions.filter(({ type }) => type === 'clear')
const playedMs = (line: Line) =>
  line.leg.actions.reduce((sum, action) => sum + (action.type === 'play' ? action.ms : 0), 0)

function only<T extends CallEvent['type']>(line: Line, type: T): Extract<CallEvent, { type: T }> {
  const found = line.events.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
  expect(found, type).toHaveLength(1)
  const [event] = found
  if (event === undefined) throw new Error(`no ${type}`)
  return event
}

/** Ends the call from the caller's side and gives the last event. */
async function hangUp(line: Line): Promise<Extract<CallEvent, { type: 'ended' }>> {
  await line.run(0)
  line.stop.abort()
  await line.run(20)
  await line.outcome
  return only(line, 'ended')
}

describe('a call', () => {
  it('gives the model all that the caller says and the caller all that the model says', async () => {
    const line = openLine({
      script: [
        { atMs: 500, event: { type: 'speech-started' } },
        { atMs: 1500, event: { type: 'speech-stopped' } },
        { atMs: 1600, event: { type: 'transcript', speaker: 'caller', itemId: 'c1', text: 'Hello', final: true } },
        ...answerSteps(2000, 'r1', 1000),
        {
          atMs: 2400,
          event: { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text: 'Good day', final: true },
        },
      ],
    })
    await line.run(5000)
    const [session] = line.provider.sessions
    const heard = samplesOf(session?.appended() ?? new Uint8Array())
    expect(heard.length).toBe(16 * 5000)
    expect(toneDbfs(heard.subarray(1600, 40_000), 16_000, 440)).toBeCloseTo(-12, 0)
    expect(playedMs(line)).toBe(1000)
    expect(typesOf(line)).toEqual([
      'answered',
      'connected',
      'caller-speech-started',
      'caller-speech-stopped',
      'said',
      'response-started',
      'agent-audible',
      'response-ended',
      'said',
      'heard',
    ])
    expect(only(line, 'agent-audible')).toMatchObject({ atMs: 2020, latencyMs: 520 })
    expect(only(line, 'heard')).toMatchObject({ atMs: 3020, heardMs: 1000, wholly: true })
    const ended = await hangUp(line)
    expect(ended.counters).toMatchObject({ agentMs: 1000, heardMs: 1000, cutMs: 0, lateMs: 0, turns: 1, bargeIns: 0 })
  })

  it('understands a caller whose line is coded in A-law, and answers in it', async () => {
    const format = { encoding: 'alaw', sampleRate: 8000 } as const
    const line = openLine({ format, script: answerSteps(500, 'r1', 1000) })
    await line.run(3000)
    const heard = samplesOf(line.provider.sessions[0]?.appended() ?? new Uint8Array())
    expect(toneDbfs(heard.subarray(1600, 40_000), 16_000, 440)).toBeCloseTo(-12, 0)
    expect(playedMs(line)).toBe(1000)
    await hangUp(line)
  })

  it('opens with the greeting, and waits for the caller when there is none', async () => {
    const greeted = openLine({ agent: { greeting: { type: 'instruction', text: 'Say hello.' } } })
    const silent = openLine({})
    await Promise.all([greeted.run(40), silent.run(40)])
    expect(greeted.provider.sessions[0]?.deeds).toEqual([{ atMs: 0, type: 'respond', instructions: 'Say hello.' }])
    expect(silent.provider.sessions[0]?.deeds).toEqual([])
  })

  it('delivers what the caller said while the model was still connecting', async () => {
    const line = openLine({ provider: { connectMs: 2000 } })
    await line.run(3000)
    expect(line.provider.sessions[0]?.appendedBytes).toBe(3000 * 32)
    expect(only(line, 'connected').atMs).toBe(2000)
  })

  it('lets the caller talk over an answer that is still being generated', async () => {
    const line = openLine({
      script: [...answerSteps(100, 'r1', 8000), { atMs: 1100, event: { type: 'speech-started' } }],
    })
    await line.run(6000)
    expect(clears(line)).toEqual([{ atMs: 1100, type: 'clear', droppedMs: expect.any(Number) }])
    const bargeIn = only(line, 'barge-in')
    expect(bargeIn).toMatchObject({ atMs: 1100, heardMs: 980 })
    expect(line.provider.sessions[0]?.deeds).toEqual([
      { atMs: 1100, type: 'cancel' },
      { atMs: 1100, type: 'truncate', itemId: 'item-r1', heardMs: 980, heardText: '' },
    ])
    const { counters } = await hangUp(line)
    expect(counters.heardMs).toBe(980)
    expect(counters.lateMs).toBeGreaterThan(3000)
    expect(counters.heardMs + counters.cutMs + counters.lateMs).toBe(8000)
    expect(line.leg.actions.filter(({ type, atMs }) => type === 'play' && atMs >= 1100)).toEqual([])
  })

  it('lets the caller talk over the tail of an answer that the model has long finished', async () => {
    const line = openLine({
      script: [...answerSteps(100, 'r1', 4000), { atMs: 2120, event: { type: 'speech-started' } }],
    })
    await line.run(5000)
    expect(only(line, 'response-ended').atMs).toBeLessThan(2120)
    expect(clears(line)).toHaveLength(1)
    expect(only(line, 'barge-in')).toMatchObject({ heardMs: 2000, unheardMs: 2000 })
    expect(only(line, 'heard')).toMatchObject({ heardMs: 2000, wholly: false })
  })

  it('drops an answer that the caller spoke over before its first sound', async () => {
    const line = openLine({
      script: [
        { atMs: 100, event: { type: 'response-started', responseId: 'r1' } },
        { atMs: 200, event: { type: 'speech-started' } },
        ...answerSteps(280, 'r1', 1000).slice(1),
        { atMs: 1000, event: { type: 'speech-stopped' } },
        ...answerSteps(1200, 'r2', 400),
      ],
    })
    await line.run(3000)
    expect(only(line, 'barge-in')).toMatchObject({ heardMs: 0, unheardMs: 0 })
    expect(only(line, 'agent-audible')).toMatchObject({ responseId: 'r2' })
    expect(playedMs(line)).toBe(400)
    expect((await hangUp(line)).counters.lateMs).toBe(1000)
  })

  it('is no barge-in when the caller speaks and the agent is silent', async () => {
    const line = openLine({
      script: [...answerSteps(100, 'r1', 400), { atMs: 2000, event: { type: 'speech-started' } }],
    })
    await line.run(3000)
    expect(typesOf(line)).not.toContain('barge-in')
    expect(clears(line)).toEqual([])
  })

  it('plays two answers that follow each other one after the other', async () => {
    const line = openLine({ script: [...answerSteps(100, 'r1', 1000), ...answerSteps(500, 'r2', 1000)] })
    await line.run(4000)
    expect(playedMs(line)).toBe(2000)
    const heard = line.events.filter((event) => event.type === 'heard')
    expect(heard).toMatchObject([
      { itemId: 'item-r1', heardMs: 1000, wholly: true },
      { itemId: 'item-r2', heardMs: 1000, wholly: true },
    ])
  })

  it('tells a model that invents a tool that there is none, and goes on', async () => {
    const line = openLine({
      script: [{ atMs: 100, event: { type: 'tool-call', toolCallId: 't1', name: 'fly', args: '{}' } }],
    })
    await line.run(200)
    expect(line.provider.sessions[0]?.deeds).toEqual([
      { atMs: 100, type: 'answer-tool', toolCallId: 't1', output: '{"error":"there is no tool named fly"}' },
    ])
    expect(only(line, 'tool-answered').ok).toBe(false)
  })

  it('takes digits', async () => {
    const line = openLine({ callerEvents: [{ atMs: 100, type: 'dtmf', digit: '5' }] })
    await line.run(200)
    expect(only(line, 'dtmf').digit).toBe('5')
  })
})

describe('the end of a call', () => {
  const released = (line: Line) => {
    expect(line.provider.sessions.map((session) => session.deeds.at(-1)?.type)).toEqual(
      line.provider.sessions.map(() => 'dispose'),
    )
    expect(line.events.filter(({ type }) => type === 'ended')).toHaveLength(1)
    expect(line.events.at(-1)?.type).toBe('ended')
  }

  it('comes when the caller hangs up in the middle of an answer', async () => {
    const line = openLine({
      script: answerSteps(100, 'r1', 4000),
      callerEvents: [{ atMs: 1130, type: 'closed', by: 'caller' }],
    })
    await line.run(2000)
    expect(await line.outcome).toEqual({ reason: 'caller-hung-up' })
    expect(only(line, 'heard')).toMatchObject({ heardMs: 1000, wholly: false })
    released(line)
  })

  it('comes when the carrier is lost', async () => {
    const line = openLine({ callerEvents: [{ atMs: 100, type: 'closed', by: 'error' }] })
    await line.run(200)
    expect(await line.outcome).toEqual({ reason: 'carrier-lost' })
    released(line)
  })

  it('comes when the model is lost for good, and says why', async () => {
    const line = openLine({})
    await line.run(100)
    line.provider.sessions[0]?.tell({ type: 'closed', error: new CallError('provider-refused', 'in arrears') })
    await line.run(20)
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-refused' })
    expect(line.leg.actions.at(-1)?.type).toBe('hung-up')
    released(line)
  })

  it('comes when the model refuses, or is not ready in time, or the caller gives up waiting, or the house closes', async () => {
    const refused = openLine({ provider: { refusal: new CallError('provider-refused', 'no') } })
    await refused.run(20)
    expect(await refused.outcome).toEqual({ reason: 'provider-lost', code: 'provider-refused' })
    const late = openLine({ provider: { connectMs: 60_000 } })
    await late.run(11_000)
    expect(await late.outcome).toEqual({ reason: 'provider-lost', code: 'provider-timeout' })
    const gone = openLine({
      provider: { connectMs: 2000 },
      callerEvents: [{ atMs: 1000, type: 'closed', by: 'caller' }],
    })
    await gone.run(1100)
    expect(await gone.outcome).toEqual({ reason: 'caller-hung-up' })
    const closing = openLine({ provider: { connectMs: 2000 } })
    closing.stop.abort()
    await closing.run(20)
    expect(await closing.outcome).toEqual({ reason: 'shutdown' })
    for (const line of [refused, late, gone, closing]) released(line)
  })

  it('comes after the longest time a call may take', async () => {
    const line = openLine({ agent: { manners: { ...plainManners, maxCallMs: 3000 } } })
    await line.run(8020)
    expect(line.provider.sessions[0]?.deeds[0]).toMatchObject({ atMs: 3000, type: 'respond' })
    expect(await line.outcome).toEqual({ reason: 'max-duration' })
    released(line)
  })

  it('comes once and releases both ends, whatever happens in whatever order', async () => {
    const session: fc.Arbitrary<SessionEvent> = fc.constantFrom<SessionEvent[]>(
      { type: 'speech-started' },
      { type: 'speech-stopped' },
      { type: 'response-started', responseId: 'r1' },
      { type: 'response-started', responseId: 'r2' },
      { type: 'audio', responseId: 'r1', itemId: 'i1', audio: new Uint8Array(9600) },
      { type: 'audio', responseId: 'r2', itemId: 'i2', audio: new Uint8Array(9601) },
      { type: 'response-ended', responseId: 'r1', status: 'completed' },
      { type: 'response-ended', responseId: 'r2', status: 'cancelled' },
      { type: 'tool-call', toolCallId: 't', name: 'x', args: '' },
      { type: 'lost', error: new Error('lost') },
      { type: 'restored', provider: 'scripted' },
      { type: 'closed', error: new Error('closed') },
      { type: 'closed' },
    )
    const closed = fc.record({
      atMs: fc.integer({ min: 0, max: 1000 }),
      type: fc.constant('closed' as const),
      by: fc.constantFrom('caller' as const, 'error' as const),
    })
    const happening = fc.record({ waitMs: fc.integer({ min: 0, max: 300 }), event: session })
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening, { maxLength: 20 }),
        fc.array(closed, { maxLength: 2 }),
        fc.constantFrom(0, 200),
        fc.option(fc.nat(2000), { nil: undefined }),
        async (happenings, callerEvents, connectMs, stopMs) => {
          const line = openLine({
            callerEvents,
            provider: { connectMs },
            agent: { manners: { ...plainManners, maxCallMs: 4000 } },
          })
          if (stopMs !== undefined) line.clock.after(stopMs, () => line.stop.abort(), new AbortController().signal)
          for (const { waitMs, event } of happenings) {
            await line.run(waitMs)
            line.provider.sessions.at(-1)?.tell(event)
          }
          await line.run(25_000)
          await line.outcome
          released(line)
          const { counters } = only(line, 'ended')
          const rounding = 20 * 30
          expect(Math.abs(counters.agentMs - counters.heardMs - counters.cutMs)).toBeLessThanOrEqual(rounding)
        },
      ),
      { numRuns: 60 },
    )
  })
})
