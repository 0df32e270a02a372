import { describe, expect, it } from 'vitest'
import { tone } from '../../src/audio/tone.ts'
import type { SessionEvent } from '../../src/call/provider.ts'
import { plainManners } from '../fakes/agent.ts'
import { type Line, openLine } from '../fakes/line.ts'

const filler = tone(300, 400, 8000)
const manners = { ...plainManners, fillerAfterMs: 1300, filler, hold: filler }
const BEEP_BYTES = 400 * 8
const tell = (line: Line, event: SessionEvent) => line.provider.sessions[0]?.tell(event)
/** 1.5 s of an answer, and a few bytes that fill no frame. */
const sound = Buffer.alloc(24 * 1500 * 2 + 100)

describe('a line on which nobody is heard', () => {
  it('is covered when an answer breaks off in the middle, and the model is given up when no more of it comes', async () => {
    const line = openLine({ agent: { manners } })
    await line.run(100)
    tell(line, { type: 'response-started', responseId: 'r1' })
    tell(line, { type: 'audio', responseId: 'r1', itemId: 'i1', audio: sound })
    await line.run(1600)
    const heard = line.heard().length
    await line.run(1150)
    expect(line.heard().length - heard).toBeLessThanOrEqual(160)
    await line.run(200)
    expect(line.heard().length - heard).toBeGreaterThan(160)
  })

  it('is covered when our ear has heard the caller stop and the model says nothing of it', async () => {
    const line = openLine({ agent: { manners } })
    await line.run(100)
    line.ear.says('onset')
    await line.run(400)
    tell(line, { type: 'speech-started' })
    line.ear.says('ended')
    await line.run(1100)
    expect(line.heard()).toHaveLength(0)
    await line.run(300)
    expect(line.heard().length).toBeGreaterThan(0)
    expect(line.events.filter(({ type }) => type === 'caller-speech-stopped')).toHaveLength(1)
    await line.run(9000)
    expect(line.provider.sessions).toHaveLength(2)
  })

  it('is not covered while the caller speaks, and what covers it yields to the caller', async () => {
    const line = openLine({ agent: { manners } })
    await line.run(100)
    tell(line, { type: 'speech-started' })
    await line.run(3000)
    expect(line.heard()).toHaveLength(0)
    tell(line, { type: 'speech-stopped' })
    await line.run(1400)
    expect(line.heard().length).toBeGreaterThan(0)
    const cleared = () => line.leg.actions.filter(({ type }) => type === 'clear').length
    expect(cleared()).toBe(0)
    line.ear.says('onset')
    await line.run(40)
    expect(cleared()).toBe(1)
    expect(line.heard().length).toBeLessThan(BEEP_BYTES)
  })

  it('is covered from the caller’s own end on, not from when the model knew of it', async () => {
    const line = openLine({ agent: { manners } })
    await line.run(100)
    line.ear.says('onset')
    await line.run(100)
    tell(line, { type: 'speech-started' })
    await line.run(300)
    line.ear.says('ended')
    // The ear says so 200 ms after the last sound.
    await line.run(500)
    tell(line, { type: 'speech-stopped' })
    await line.run(500)
    expect(line.heard()).toHaveLength(0)
    await line.run(200)
    expect(line.heard().length).toBeGreaterThan(0)
  })

  it('is nobody’s concern when what was heard of the caller was no turn', async () => {
    const line = openLine({ agent: { manners } })
    await line.run(100)
    tell(line, { type: 'speech-started' })
    tell(line, { type: 'speech-stopped' })
    tell(line, { type: 'turn-refused' })
    await line.run(20_000)
    expect(line.heard()).toHaveLength(0)
    expect(line.provider.sessions[0]?.deeds.filter(({ type }) => type !== 'cancel')).toEqual([])
  })

  it('belongs to a tool as long as that is at work: the model is not hurried, and not given up when it is done', async () => {
    const answered = Promise.withResolvers<string>()
    const declaration = { name: 'look', description: '', parameters: {} }
    const look = { declaration, deadlineMs: 30_000, run: () => answered.promise }
    const line = openLine({ agent: { manners, tools: [look] } })
    await line.run(100)
    tell(line, { type: 'response-started', responseId: 'r1' })
    tell(line, { type: 'tool-call', toolCallId: 't1', name: 'look', args: '{}' })
    tell(line, { type: 'response-ended', responseId: 'r1', status: 'completed' })
    await line.run(20_000)
    answered.resolve('seven')
    await line.run(4000)
    expect(line.provider.sessions).toHaveLength(1)
    expect(line.provider.sessions[0]?.deeds).toMatchObject([{ type: 'answer-tool' }])
  })
})
