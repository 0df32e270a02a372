import { describe, expect, it } from 'vitest'
import { mulaw8k } from '../../src/audio/format.ts'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { CallError } from '../../src/base/errors.ts'
import { LiveCalls } from '../../src/call/live-calls.ts'
import type { LineSound } from '../../src/call/supervision.ts'
import type { Tool } from '../../src/call/tool.ts'
import { answerSteps, type Line, openLine } from '../fakes/line.ts'

const typesOf = (line: Line) => line.events.map(({ type }) => type)
const did = (line: Line) => line.events.flatMap((event) => (event.type === 'operator' ? [event.did] : []))
const deeds = (line: Line) => line.provider.sessions[0]?.deeds ?? []
const NEVER = new AbortController().signal
const voice = encodeMulaw(tone(1000, 1000, 8000))

/** Says it in pieces of 20 ms, as they come over a wire. */
async function say(line: Line, audio: Uint8Array): Promise<void> {
  for (let at = 0; at < audio.length; at += 160) {
    line.handle().speak(audio.subarray(at, at + 160))
    await line.run(20)
  }
}

describe('an operator who hangs up', () => {
  it('ends the call at once, also in the middle of an answer, and what was not heard is told', async () => {
    const line = openLine({ script: answerSteps(100, 'r1', 4000) })
    await line.run(1000)
    expect(line.handle().command({ type: 'hang-up' })).toBe(true)
    expect(await line.farewell).toMatchObject({
      outcome: { reason: 'operator-hung-up' },
      next: { type: 'hang-up' },
    })
    expect(typesOf(line).slice(-3)).toEqual(['operator', 'heard', 'ended'])
    expect(line.handle().command({ type: 'hang-up' })).toBe(false)
    expect(did(line)).toEqual(['hung-up'])
  })
})

describe('an operator who transfers', () => {
  it('lets the carrier put the caller through at once', async () => {
    const line = openLine({})
    await line.run(100)
    line.handle().command({ type: 'transfer', destination: 'desk', number: '+15550199' })
    expect(await line.farewell).toMatchObject({
      outcome: { reason: 'handed-over' },
      next: { type: 'transfer', destination: 'desk', number: '+15550199' },
    })
    expect(line.events).toContainEqual({ atMs: 100, type: 'operator', did: 'transferred', destination: 'desk' })
  })
})

describe('a whisper', () => {
  it('reaches the model as a note, which speaks at once when nobody else does', async () => {
    const line = openLine({})
    await line.run(100)
    line.handle().command({ type: 'whisper', text: 'Offer a refund.' })
    expect(deeds(line)).toEqual([
      { atMs: 100, type: 'note', text: expect.stringContaining('Offer a refund.') },
      { atMs: 100, type: 'respond' },
    ])
    line.stop.abort()
    await line.farewell
  })

  it('waits for the end of what is being said', async () => {
    const line = openLine({ script: answerSteps(100, 'r1', 2000) })
    await line.run(500)
    line.handle().command({ type: 'whisper', text: 'Offer a refund.' })
    expect(deeds(line).map(({ type }) => type)).toEqual(['note'])
    line.stop.abort()
    await line.farewell
  })

  it('reaches a model that takes no notes as the instructions of its next words', async () => {
    const line = openLine({ provider: { takesNotes: false } })
    await line.run(100)
    line.handle().command({ type: 'whisper', text: 'Offer a refund.' })
    expect(deeds(line)).toEqual([
      { atMs: 100, type: 'respond', instructions: expect.stringContaining('Offer a refund.') },
    ])
    line.stop.abort()
    await line.farewell
  })
})

describe('an operator who takes over', () => {
  it('is heard by the caller instead of the agent, whatever the model says meanwhile', async () => {
    const line = openLine({
      script: [...answerSteps(100, 'r1', 6000), ...answerSteps(1500, 'r2', 2000)],
    })
    await line.run(500)
    expect(line.handle().command({ type: 'take-over' })).toBe(true)
    const before = line.heard().length
    await say(line, voice)
    await line.run(2000)
    const heard = decodeMulaw(line.heard().subarray(before))
    expect(heard.length / 8).toBeGreaterThanOrEqual(1000)
    expect(heard.length / 8).toBeLessThan(1200)
    // With 60 ms of silence before it.
    expect(toneDbfs(heard.subarray(800), 8000, 1000)).toBeCloseTo(-12, 0)
    expect(toneDbfs(heard, 8000, 440)).toBeLessThan(-40)
    expect(deeds(line).filter(({ type }) => type === 'cancel').length).toBeGreaterThanOrEqual(2)
    expect(did(line)).toEqual(['took-over'])
    line.stop.abort()
    await line.farewell
  })

  it('is not interrupted by the caller, and no filler, question or goodbye is heard', async () => {
    const line = openLine({
      script: [
        { atMs: 700, event: { type: 'speech-started' } },
        { atMs: 900, event: { type: 'speech-stopped' } },
      ],
      agent: {
        bargeIn: { by: 'local+model', confirmMs: 600, onDigits: true, turnSilenceMs: 500 },
        manners: {
          ...{ idlePromptMs: 1000, idlePromptsMax: 0, maxCallMs: 3000, warnMs: 0, fillerAfterMs: 500 },
          filler: tone(440, 500, 8000),
          hold: tone(440, 500, 8000),
        },
      },
    })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    line.ear.says('onset')
    for (let i = 0; i < 9; i++) await say(line, voice)
    expect(typesOf(line)).not.toContain('held')
    expect(typesOf(line)).not.toContain('prompted')
    expect(typesOf(line)).not.toContain('ended')
    expect(toneDbfs(decodeMulaw(line.heard()), 8000, 440)).toBeLessThan(-40)
    line.stop.abort()
    await line.farewell
  })

  it('keeps the agent from leaving, and from running tools', async () => {
    const line = openLine({
      script: [
        { atMs: 800, event: { type: 'response-started', responseId: 'r1' } },
        { atMs: 810, event: { type: 'tool-call', toolCallId: 't1', name: 'end_call', args: '{}' } },
        { atMs: 820, event: { type: 'response-ended', responseId: 'r1', status: 'completed' } },
      ],
    })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    await line.run(9000)
    expect(deeds(line)).toContainEqual({
      atMs: expect.any(Number),
      ...{ type: 'answer-tool', toolCallId: 't1', output: expect.stringContaining('not done') },
    })
    expect(line.events).toContainEqual(expect.objectContaining({ type: 'tool-answered', ok: false }))
    expect(typesOf(line)).not.toContain('ended')
    line.stop.abort()
    await line.farewell
  })

  it('hands back to an agent that is told of it and goes on', async () => {
    const line = openLine({
      script: [
        // The caller, to the operator: nobody waits for the agent.
        { atMs: 1000, event: { type: 'speech-started' } },
        { atMs: 1500, event: { type: 'speech-stopped' } },
        { after: 'respond', atMs: 200, event: { type: 'response-started', responseId: 'r1' } },
      ],
    })
    await line.run(100)
    expect(line.handle().command({ type: 'hand-back' })).toBe(false)
    line.handle().command({ type: 'take-over' })
    expect(line.handle().command({ type: 'take-over' })).toBe(false)
    for (let i = 0; i < 12; i++) await say(line, voice)
    expect(line.handle().command({ type: 'hand-back' })).toBe(true)
    const asked = deeds(line).findLast(({ type }) => type === 'respond')
    expect(asked).toMatchObject({ instructions: expect.stringContaining('handed the call back') })
    const cancels = () => deeds(line).filter(({ type }) => type === 'cancel').length
    const before = cancels()
    await line.run(1000)
    expect(cancels()).toBe(before)
    expect(line.provider.sessions).toHaveLength(1)
    expect(did(line)).toEqual(['took-over', 'handed-back'])
    line.handle().speak(voice)
    await line.run(1000)
    line.stop.abort()
    await line.farewell
  })

  it('and is not heard for ten seconds has handed back: a page was closed, a microphone refused', async () => {
    const line = openLine({})
    await line.run(100)
    line.handle().command({ type: 'take-over' })
    await line.run(6000)
    line.handle().speak(voice.subarray(0, 160))
    await line.run(9980)
    expect(did(line)).toEqual(['took-over'])
    await line.run(20)
    expect(did(line)).toEqual(['took-over', 'handed-back'])
    expect(deeds(line).at(-1)).toMatchObject({ type: 'respond' })
    line.stop.abort()
    await line.farewell
  })
})

describe('an operator who listens', () => {
  it.each([mulaw8k, { encoding: 'alaw', sampleRate: 8000 } as const])(
    'hears both sides as they are heard, in mu-law, whatever the line is coded in',
    async (format) => {
      const line = openLine({ format, script: answerSteps(100, 'r1', 1000) })
      const calls = new LiveCalls()
      using _live = calls.add('CA1', line.handle())
      const sounds: LineSound[] = []
      let ended = 0
      using _listening = calls.listen(
        'CA1',
        (sound) => sounds.push(sound),
        () => ended++,
      )
      await line.run(2000)
      const of = (from: LineSound['from']) => Buffer.concat(sounds.filter((s) => s.from === from).map((s) => s.audio))
      expect(of('caller').length).toBe(16_000)
      expect(of('agent').length).toBe(8000)
      expect(toneDbfs(decodeMulaw(of('caller')), 8000, 440)).toBeCloseTo(-12, 0)
      line.stop.abort()
      await line.farewell
      expect(ended).toBe(1)
    },
  )

  it('is told at once when there is no such call', async () => {
    const calls = new LiveCalls()
    expect(await calls.command('CA9', { type: 'hang-up' })).toBe('no-call')
    await new Promise<void>((resolve) => calls.listen('CA9', () => {}, resolve))
  })
})

describe('an operator who has taken over', () => {
  const refused = new CallError('provider-lost', 'closed with 1011')

  it('goes on speaking when no model can be had any more: the call ends when they hand back', async () => {
    const line = openLine({
      script: [{ atMs: 1000, event: { type: 'closed', error: 'closed with 1011' } }],
      provider: { refusal: (attempt: number) => (attempt === 0 ? undefined : refused) },
    })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    for (let i = 0; i < 30; i++) await say(line, voice)
    expect(typesOf(line)).toContain('provider-lost')
    expect(typesOf(line)).not.toContain('ended')
    line.handle().command({ type: 'hand-back' })
    expect(await line.outcome).toMatchObject({ reason: 'provider-lost' })
  })

  it('is not cut off by a key of the caller’s, and what waits of their voice is not the agent’s', async () => {
    const line = openLine({
      callerEvents: [{ atMs: 1600, type: 'dtmf', digit: '5' }],
      agent: { bargeIn: { by: 'local+model', confirmMs: 600, onDigits: true, turnSilenceMs: 500 } },
    })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    line.handle().speak(encodeMulaw(tone(1000, 800, 8000)))
    await line.run(600)
    line.handle().speak(encodeMulaw(tone(1000, 800, 8000)))
    await line.run(2000)
    expect(typesOf(line)).not.toContain('barge-in')
    expect(line.heard().length / 8).toBeGreaterThanOrEqual(1600)
    line.handle().speak(voice)
    await line.run(100)
    line.stop.abort()
    await line.farewell
    expect(line.events.at(-1)).toMatchObject({ type: 'ended', counters: { cutMs: 0, bargeIns: 0 } })
  })

  it('does not make the agent speak into the caller’s sentence by handing back', async () => {
    const line = openLine({ script: [{ atMs: 1000, event: { type: 'speech-started' } }] })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    await line.run(1000)
    line.handle().command({ type: 'hand-back' })
    expect(deeds(line).map(({ type }) => type)).not.toContain('respond')
    line.stop.abort()
    await line.farewell
  })

  it('and whispers to a model that takes no notes is heard by it after handing back', async () => {
    const line = openLine({ provider: { takesNotes: false } })
    await line.run(100)
    line.handle().command({ type: 'take-over' })
    line.handle().command({ type: 'whisper', text: 'Offer a refund.' })
    expect(deeds(line).map(({ type }) => type)).not.toContain('respond')
    line.handle().command({ type: 'hand-back' })
    expect(deeds(line).at(-1)).toMatchObject({ instructions: expect.stringContaining('Offer a refund.') })
    line.stop.abort()
    await line.farewell
  })

  it('closes a turn that was in doubt when they did: what the caller says then is one', async () => {
    const line = openLine({
      script: answerSteps(100, 'r1', 6000),
      provider: { turnsBy: 'caller' },
      agent: { bargeIn: { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } },
    })
    await line.run(1000)
    line.ear.says('onset')
    await line.run(100)
    expect(deeds(line).at(-1)?.type).toBe('begin-turn')
    line.handle().command({ type: 'take-over' })
    expect(typesOf(line)).toContain('caller-speech-started')
    line.ear.says('ended')
    await line.run(1000)
    expect(deeds(line).map(({ type }) => type)).toContain('end-turn')
    expect(typesOf(line)).toContain('caller-speech-stopped')
    line.stop.abort()
    await line.farewell
  })

  it('is not hung up on by a tool that wanted to leave before', async () => {
    const slow: Tool = {
      declaration: { name: 'leave', description: 'Leaves.', parameters: { type: 'object' } },
      deadlineMs: 5000,
      run: (_, { leave }) =>
        new Promise((resolve) => line.clock.after(1000, () => resolve(leave({ type: 'hang-up' })), NEVER)),
    }
    const line = openLine({
      script: [{ atMs: 100, event: { type: 'tool-call', toolCallId: 't1', name: 'leave', args: '{}' } }],
      agent: { tools: [slow] },
    })
    await line.run(500)
    line.handle().command({ type: 'take-over' })
    await line.run(5000)
    line.handle().command({ type: 'hand-back' })
    await line.run(3000)
    expect(typesOf(line)).not.toContain('ended')
    line.stop.abort()
    await line.farewell
  })
})

it('a whisper while an answer is on its way asks for no second one', async () => {
  const line = openLine({
    script: [
      { atMs: 1000, event: { type: 'speech-started' } },
      { atMs: 1500, event: { type: 'speech-stopped' } },
    ],
  })
  await line.run(1600)
  line.handle().command({ type: 'whisper', text: 'Offer a refund.' })
  expect(deeds(line).map(({ type }) => type)).toContain('note')
  expect(deeds(line).map(({ type }) => type)).not.toContain('respond')
  line.stop.abort()
  await line.farewell
})

it('a listener that fails is not heard of again, and the call goes on', async () => {
  const line = openLine({ script: answerSteps(100, 'r1', 1000) })
  let heard = 0
  line.handle().listen(() => {
    heard++
    throw new Error('no')
  })
  await line.run(2000)
  expect(heard).toBe(1)
  expect(line.heard().length).toBe(8000)
  line.stop.abort()
  await line.farewell
})
