import { setImmediate as settled } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import { loadVoiceModule, makeVoice } from '../../../src/providers/local/voice.ts'
import { MindBusy } from '../../../src/simulators/realtime/mind.ts'

import { answer, asText, hear, interruptions, makeMind, silence, spoken, turn } from './mind-stage.ts'

describe('the embedded agent\u2019s mind', () => {
  it('hears a turn, tells its words, and answers sentence by sentence', async () => {
    const { mind, told, pushedMs } = makeMind('for two')
    hear(mind, silence(1000), spoken, silence(1000))
    expect(told.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
    await settled()
    expect(told[2]).toEqual({ type: 'transcript', text: 'for two', final: true })
    expect(await answer(mind)).toEqual(['for two.', 'rms 24000 for two.', ' Right?', 'rms 24000 Right?'])
    // What is recognised begins before the decision and ends with it.
    const [started, stopped] = told as { atMs: number }[]
    const turnMs = (stopped?.atMs ?? 0) - (started?.atMs ?? 0)
    expect(started?.atMs).toBeGreaterThan(900)
    expect(started?.atMs).toBeLessThan(1250)
    expect(pushedMs()).toBeGreaterThan(turnMs + 400)
    expect(pushedMs()).toBeLessThan(turnMs + 800)
  })

  it('ends a turn as soon as the silence that the session asks for is over, counted in the caller\u2019s own sound', () => {
    const { mind, told } = makeMind('', { vad: { type: 'server_vad', threshold: 0.5, silenceMs: 400 } })
    hear(mind, silence(1000), spoken)
    let waitedMs = 0
    for (; told.length < 2 && waitedMs < 2000; waitedMs += 20) hear(mind, silence(20))
    expect(told.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
    // The voice's own last 0.2 s are silence already; and what is heard is judged in windows of 32 ms.
    expect(waitedMs).toBeGreaterThan(150)
    expect(waitedMs).toBeLessThanOrEqual(400 + 2 * 32)
  })

  it('is not woken by a tone or by silence', () => {
    const { mind, told } = makeMind('')
    hear(mind, silence(1000), bytesOfSamples(tone(440, 3000, 16_000)), silence(1000))
    expect(told).toEqual([])
  })

  it('hears the same at every rate a session may have', async () => {
    const voice = makeVoice(await loadVoiceModule())
    for (const inputRate of [8000, 24_000, 48_000]) {
      const { mind, told } = makeMind('', { inputRate })
      mind.hear(new Uint8Array(inputRate * 2))
      mind.hear(voice.say('A table for two, please.', 'slt', inputRate))
      mind.hear(new Uint8Array(inputRate * 2))
      expect(told.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
    }
  })

  it('stops between two sentences when it is interrupted, and its dialogue knows', async () => {
    const { mind } = makeMind('for two')
    hear(mind, spoken, silence(1000))
    const cut = new AbortController()
    const parts: string[] = []
    for await (const part of mind.reply(turn, cut.signal)) {
      parts.push(asText(part))
      if (part.type === 'audio') cut.abort()
    }
    expect(parts).toHaveLength(2)
    interruptions.count = 0
    mind.interrupted()
    expect(interruptions.count).toBe(1)
  })

  it('does not wait for a sentence that is being made when it is interrupted', async () => {
    const { mind, line } = makeMind('for two')
    line.say = () => new Promise(() => {})
    hear(mind, spoken, silence(1000))
    const cut = new AbortController()
    const parts = answer(mind, turn, cut.signal)
    await settled()
    cut.abort()
    expect(await parts).toEqual([])
  })

  it('takes what was said until the client commits for one turn, when it is the client that decides', async () => {
    const { mind, told, done } = makeMind('for two', { vad: undefined })
    hear(mind, spoken, silence(2000), spoken, silence(2000))
    expect(told).toEqual([])
    mind.commit()
    expect(done).toEqual(['start', 'finish'])
    expect((await answer(mind, { trigger: 'create', toolOutputs: [] }))[0]).toBe('for two.')
    expect(told).toEqual([{ type: 'transcript', text: 'for two', final: true }])
  })

  it('hears each turn of a client that sends no silence between them', () => {
    const { mind, done } = makeMind('for two', { vad: undefined })
    hear(mind, spoken)
    mind.commit()
    hear(mind, spoken)
    mind.clear()
    hear(mind, spoken)
    expect(done).toEqual(['start', 'finish', 'start', 'abort', 'start'])
    mind.commit()
    expect(done.slice(5)).toEqual(['finish'])
  })

  it('forgets a turn that the client clears', () => {
    const { mind, told, done } = makeMind('for two')
    hear(mind, spoken)
    mind.clear()
    hear(mind, silence(1000))
    expect(done).toEqual(['start', 'abort'])
    expect(told.at(-1)).toMatchObject({ type: 'speech-stopped', accepted: false })
  })

  it('gives the recogniser no more than twenty seconds of a turn', () => {
    const { mind, pushedMs } = makeMind('')
    for (let i = 0; i < 20; i++) hear(mind, spoken)
    expect(pushedMs()).toBeGreaterThan(19_000)
    expect(pushedMs()).toBeLessThanOrEqual(20_032)
  })

  it('refuses a call beyond its limit, and takes the next when one has ended', async () => {
    const { mind, make, done } = makeMind('', {}, 1)
    expect(() => make(() => {})).toThrow(MindBusy)
    await mind[Symbol.asyncDispose]()
    await mind[Symbol.asyncDispose]()
    expect(done).toEqual(['close'])
    make(() => {})
    expect(() => make(() => {})).toThrow(MindBusy)
  })

  it('tells nothing after it was disposed', async () => {
    const { mind, told } = makeMind('for two')
    hear(mind, spoken, silence(1000))
    await mind[Symbol.asyncDispose]()
    hear(mind, spoken, silence(1000))
    await settled()
    expect(told.map((event) => event.type)).toEqual(['speech-started', 'speech-stopped'])
  })
})
