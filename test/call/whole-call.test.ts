import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesOfSamples } from '../../src/audio/pcm.ts'
import { tone } from '../../src/audio/tone.ts'
import type { SessionEvent } from '../../src/call/provider.ts'
import { endCall } from '../../src/tools/end-call.ts'
import { plainManners } from '../fakes/agent.ts'
import { openLine } from '../fakes/line.ts'

const sound = bytesOfSamples(tone(611.3, 300, 24_000))
const audio = (n: number): SessionEvent => ({ type: 'audio', responseId: `r${n}`, itemId: `i${n}`, audio: sound })

const told = fc.constantFrom<SessionEvent[]>(
  { type: 'speech-started' },
  { type: 'speech-started', itemId: 'c1' },
  { type: 'speech-stopped' },
  { type: 'response-started', responseId: 'r1' },
  { type: 'response-started', responseId: 'r2' },
  ...[1, 1, 1, 2, 2, 2].map(audio),
  { type: 'response-ended', responseId: 'r1', status: 'completed' },
  { type: 'response-ended', responseId: 'r2', status: 'cancelled' },
  { type: 'transcript', speaker: 'caller', itemId: 'c1', text: 'Hello', final: true },
  { type: 'transcript', speaker: 'agent', itemId: 'i1', text: 'Good day to you', final: true },
  { type: 'tool-call', toolCallId: 't', name: 'end_call', args: '' },
)
const step = fc.record({
  waitMs: fc.nat(20).map((ticks) => ticks * 20),
  happens: fc.oneof(
    { weight: 3, arbitrary: told },
    { weight: 2, arbitrary: fc.constantFrom('onset' as const, 'sustained' as const, 'ended' as const) },
  ),
})
const settings = fc.record({
  by: fc.constantFrom('local+model' as const, 'model' as const, 'off' as const),
  turnsBy: fc.constantFrom('model' as const, 'caller' as const),
  onDigits: fc.boolean(),
  fillerAfterMs: fc.constantFrom(0, 300),
  idlePromptMs: fc.constantFrom(0, 3000),
  greets: fc.boolean(),
  digits: fc.array(
    fc.record({ atMs: fc.nat(5000), type: fc.constant('dtmf' as const), digit: fc.constantFrom('1', '#') }),
    { maxLength: 3 },
  ),
})

it('holds are let go, turns are closed, what was heard is true and nothing is left, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { maxLength: 30 }), async (set, steps) => {
      const { by, turnsBy, onDigits, fillerAfterMs, idlePromptMs, greets, digits } = set
      const words = { type: 'sound', sound: tone(500, 500, 8000), words: 'Hello.' } as const
      const line = openLine({
        provider: { turnsBy },
        callerEvents: digits,
        agent: {
          tools: [endCall],
          greeting: greets ? words : undefined,
          bargeIn: { by, confirmMs: 600, onDigits, turnSilenceMs: 500 },
          manners: { ...plainManners, idlePromptMs, fillerAfterMs, filler: new Int16Array(1600), maxCallMs: 60_000 },
        },
      })
      for (const { waitMs, happens } of steps) {
        await line.run(waitMs)
        if (typeof happens === 'string') line.ear.says(happens)
        else line.provider.sessions[0]?.tell(happens)
      }
      await line.run(1000)
      line.stop.abort()
      await line.run(20)
      await line.outcome

      expect(line.alarms()).toBe(0)
      expect(line.events.filter(({ type }) => type === 'ended')).toHaveLength(1)
      let held = false
      for (const { type } of line.events) {
        if (type === 'held' || type === 'resumed') expect(held).toBe(type === 'resumed')
        if (type === 'held') held = true
        if (type === 'resumed' || type === 'barge-in') held = false
      }
      const turns = (line.provider.sessions[0]?.deeds ?? []).filter(({ type }) => type.endsWith('-turn'))
      for (const [i, { type }] of turns.entries()) expect(type === 'begin-turn').toBe(i % 2 === 0)
      const heardMs = line.events.reduce((sum, event) => sum + (event.type === 'heard' ? event.heardMs : 0), 0)
      const cuts = 1 + line.events.filter(({ type }) => type === 'held' || type === 'barge-in').length
      // A filler is sound, but no part of the conversation.
      if (fillerAfterMs === 0) {
        const rounding = 20 * (cuts + line.events.filter(({ type }) => type === 'heard').length)
        expect(Math.abs(line.heard().length / 8 - heardMs)).toBeLessThanOrEqual(rounding)
      }
    }),
    { numRuns: 80 },
  )
})
