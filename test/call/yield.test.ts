import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { type Line, type LineOptions, openLine } from '../fakes/line.ts'

const listening = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const

/** An answer of which no two frames sound alike: 100 ms of sound every 25 ms, from 20 ms after its start on. */
function speech(atMs: number, id: string, ms: number, itemId = `item-${id}`): unknown[] {
  const pieces = ms / 100
  return [
    { atMs, event: { type: 'response-started', responseId: id } },
    ...Array.from({ length: pieces }, (_, i) => ({
      atMs: atMs + 20 + i * 25,
      event: { type: 'audio', responseId: id, itemId, audio: { hz: 303.7 + 17.3 * i, ms: 100 } },
    })),
    { atMs: atMs + 20 + pieces * 25, event: { type: 'response-ended', responseId: id, status: 'completed' } },
  ]
}

const open = (options: LineOptions) => openLine({ ...options, agent: { bargeIn: listening, ...options.agent } })

/** The ear hears this in the caller's next frame. */
async function hears(line: Line, news: 'onset' | 'sustained' | 'ended'): Promise<void> {
  line.ear.says(news)
  await line.run(20)
}

const all = <T extends CallEvent['type']>(line: Line, type: T) =>
  line.events.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
const deeds = (line: Line) => line.provider.sessions[0]?.deeds ?? []
const done = (line: Line) => deeds(line).map(({ type }) => type)
/** Sound that the carrier was given after it was cleared, or at all. */
const sentOn = (line: Line) =>
  line.leg.actions
    .slice(line.leg.actions.findIndex(({ type }) => type === 'clear') + 1)
    .filter(({ type }) => type === 'play')
const clears = (line: Line) => line.leg.actions.filter(({ type }) => type === 'clear')

/** What the caller hears of these answers when nothing disturbs them. */
async function undisturbed(script: readonly unknown[], ms: number): Promise<string> {
  const line = open({ script })
  await line.run(ms)
  return Buffer.from(line.heard()).toString('hex')
}

const soundOf = (line: Line) => Buffer.from(line.heard()).toString('hex')

describe('a caller who may be speaking over the agent', () => {
  it('makes it silent at once, and it goes on where it was when nothing follows: no sound is lost or said twice', async () => {
    const script = speech(100, 'r1', 4000)
    for (const atMs of [140, 500, 1000, 1500, 3000, 3900]) {
      const line = open({ script })
      await line.run(atMs)
      await hears(line, 'onset')
      expect(all(line, 'held')).toEqual([{ type: 'held', atMs: atMs + 20, by: 'local', yieldMs: 80 }])
      expect(clears(line).map((clear) => clear.atMs)).toEqual([atMs + 20])
      await hears(line, 'ended')
      await line.run(560)
      expect(sentOn(line)).toEqual([])
      await line.run(20)
      expect(all(line, 'resumed')).toEqual([{ type: 'resumed', atMs: atMs + 620, heldMs: 600 }])
      await line.run(5000)
      expect(soundOf(line)).toBe(await undisturbed(script, 6000))
      expect(all(line, 'heard')).toMatchObject([{ heardMs: 4000, wholly: true }])
      expect(done(line)).toEqual([])
      expect(all(line, 'barge-in')).toEqual([])
    }
  })

  it('may clear his throat again and again', async () => {
    const script = [...speech(100, 'r1', 2000), ...speech(1500, 'r2', 1000)]
    const line = open({ script })
    await line.run(300)
    for (let i = 0; i < 6; i++) {
      await hears(line, 'onset')
      await hears(line, 'ended')
      await line.run(700)
    }
    await line.run(6000)
    expect(all(line, 'held')).toHaveLength(all(line, 'resumed').length)
    expect(all(line, 'held').length).toBeGreaterThan(4)
    expect(soundOf(line)).toBe(await undisturbed(script, 6000))
    expect(all(line, 'heard')).toMatchObject([
      { itemId: 'item-r1', heardMs: 2000, wholly: true },
      { itemId: 'item-r2', heardMs: 1000, wholly: true },
    ])
  })

  it('is given the deadline of the first hold, whatever else the ear hears in it', async () => {
    const line = open({ script: speech(100, 'r1', 4000) })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(200)
    await hears(line, 'onset')
    await line.run(600)
    expect(all(line, 'held')).toHaveLength(1)
    expect(all(line, 'resumed')).toMatchObject([{ atMs: 1620 }])
  })

  it('keeps waiting for the rest of an answer that the model makes during the hold', async () => {
    const script = speech(100, 'r1', 6000)
    const line = open({ script })
    await line.run(200)
    await hears(line, 'onset')
    await line.run(300)
    expect(sentOn(line)).toEqual([])
    await line.run(8000)
    expect(soundOf(line)).toBe(await undisturbed(script, 8000))
  })

  it('stops it for good when he goes on: first the sound, then the model, once, which is told what was heard', async () => {
    const words = { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text: 'One two three four', final: true }
    const line = open({ script: [...speech(100, 'r1', 8000), { atMs: 1000, event: words }] })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(140)
    await hears(line, 'sustained')
    expect(all(line, 'held')).toHaveLength(1)
    expect(all(line, 'barge-in')).toEqual([
      { type: 'barge-in', atMs: 1180, by: 'local', heardMs: 900, unheardMs: expect.any(Number), yieldMs: 80 },
    ])
    const heardText = all(line, 'heard')[0]?.heardText
    expect(heardText).toBe('One ')
    expect(deeds(line)).toEqual([
      { atMs: 1180, type: 'cancel' },
      { atMs: 1180, type: 'truncate', itemId: 'item-r1', heardMs: 900, heardText },
    ])
    await line.run(3000)
    expect(clears(line).map(({ atMs }) => atMs)).toEqual([1020])
    expect(sentOn(line)).toEqual([])
    expect(all(line, 'resumed')).toEqual([])
    expect(line.heard()).toHaveLength(900 * 8)
  })

  it('is not cut off because the model agrees with the ear: a cough deceives both until it is over', async () => {
    const script = [...speech(100, 'r1', 4000), { atMs: 1100, event: { type: 'speech-started' } }]
    const voice = open({ script })
    await voice.run(1000)
    await hears(voice, 'onset')
    await voice.run(200)
    expect(all(voice, 'barge-in')).toEqual([])
    await hears(voice, 'sustained')
    expect(all(voice, 'barge-in')).toMatchObject([{ atMs: 1240, by: 'local', yieldMs: 80, heardMs: 900 }])

    const cough = open({ script })
    await cough.run(1000)
    await hears(cough, 'onset')
    await cough.run(200)
    await hears(cough, 'ended')
    await cough.run(1000)
    expect(all(cough, 'barge-in')).toEqual([])
    expect(all(cough, 'resumed')).toMatchObject([{ atMs: 1620, heldMs: 600 }])
    expect(done(cough)).toEqual([])
  })

  it('is waited for a moment when the model alone hears him; the ear decides, and has its time for that', async () => {
    const script = [...speech(100, 'r1', 4000), { atMs: 1000, event: { type: 'speech-started' } }]
    const noise = open({ script })
    await noise.run(6000)
    expect(all(noise, 'held')).toEqual([{ type: 'held', atMs: 1000, by: 'model' }])
    expect(all(noise, 'resumed')).toMatchObject([{ atMs: 1300, heldMs: 300 }])
    expect(done(noise)).toEqual([])
    expect(all(noise, 'heard')).toMatchObject([{ heardMs: 4000, wholly: true }])

    const voice = open({ script })
    await voice.run(1200)
    await hears(voice, 'onset')
    await voice.run(200)
    await hears(voice, 'sustained')
    expect(all(voice, 'resumed')).toEqual([])
    expect(all(voice, 'barge-in')).toMatchObject([{ atMs: 1440, by: 'local', heardMs: 880 }])
    expect(done(voice)).toEqual(['cancel', 'truncate'])
  })

  it('is not waited for any more when the model was mistaken twice: its ear is deceived by an echo, or by music', async () => {
    const hears = (atMs: number) => [
      { atMs, event: { type: 'speech-started' } },
      { atMs: atMs + 100, event: { type: 'speech-stopped' } },
    ]
    const line = open({ script: [...speech(100, 'r1', 5000), ...[1000, 2000, 3000, 4000].flatMap(hears)] })
    await line.run(8000)
    expect(all(line, 'held')).toMatchObject([{ atMs: 1000 }, { atMs: 2000 }])
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 5000, wholly: true }])
  })

  it('stops the tail of an answer that the model has long finished', async () => {
    const line = open({ script: speech(100, 'r1', 4000) })
    await line.run(3000)
    expect(all(line, 'response-ended')).toHaveLength(1)
    await hears(line, 'onset')
    await line.run(100)
    await hears(line, 'sustained')
    expect(all(line, 'barge-in')).toMatchObject([{ heardMs: 2900, unheardMs: 1100 }])
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 2900, wholly: false }])
  })

  it('stops an answer that has begun and made no sound yet; what comes of it later is dropped', async () => {
    const line = open({
      script: [
        { atMs: 100, event: { type: 'response-started', responseId: 'r1' } },
        ...speech(600, 'r1', 1000).slice(1),
      ],
    })
    await line.run(200)
    await hears(line, 'onset')
    await line.run(100)
    await hears(line, 'sustained')
    await line.run(3000)
    expect(all(line, 'barge-in')).toMatchObject([{ atMs: 340, heardMs: 0, unheardMs: 0 }])
    expect(done(line)).toEqual(['cancel'])
    expect(line.heard()).toHaveLength(0)
    line.stop.abort()
    await line.run(20)
    expect(all(line, 'ended')[0]?.counters).toMatchObject({ lateMs: 1000, agentMs: 0, bargeIns: 1 })
  })

  it('is not spoken into by an answer whose first sound comes during the hold', async () => {
    const script = speech(100, 'r1', 1000)
    const line = open({ script: script.map((step, i) => (i === 0 ? step : later(step, 400))) })
    await line.run(400)
    await hears(line, 'onset')
    await line.run(500)
    expect(sentOn(line)).toEqual([])
    await line.run(3000)
    expect(all(line, 'resumed')).toMatchObject([{ atMs: 1020 }])
    expect(soundOf(line)).toBe(await undisturbed(script, 3000))
  })

  it('stops all that waits: two answers are both cut, each with what was heard of it', async () => {
    const line = open({ script: [...speech(100, 'r1', 1000), ...speech(500, 'r2', 1000)] })
    await line.run(600)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    expect(deeds(line)).toMatchObject([
      { type: 'cancel' },
      { type: 'truncate', itemId: 'item-r1', heardMs: 500 },
      { type: 'truncate', itemId: 'item-r2', heardMs: 0 },
    ])
    expect(all(line, 'heard')).toMatchObject([
      { itemId: 'item-r1', heardMs: 500, wholly: false },
      { itemId: 'item-r2', heardMs: 0, wholly: false },
    ])
  })

  it('hears the answer to what he said, whose first frames nothing of the old one rings into', async () => {
    const line = open({ script: [...speech(100, 'r1', 4000), ...speech(2000, 'r2', 1000)] })
    await line.run(1000)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    await line.run(4000)
    const alone = await undisturbed(speech(100, 'r2', 1000), 2000)
    expect(soundOf(line).slice(-alone.length)).toBe(alone)
    expect(line.heard()).toHaveLength((900 + 1000) * 8)
  })

  it('has heard no more of an answer for what the agent says later: its memory keeps the words that were heard', async () => {
    const text = 'words '.repeat(20)
    for (const status of ['cancelled', 'completed']) {
      const cut = speech(100, 'r1', 8000).map((step) => withStatus(step, status))
      const line = open({
        script: [
          ...cut,
          { atMs: 1000, event: { type: 'transcript', speaker: 'agent', itemId: 'item-r1', text, final: true } },
          ...speech(3000, 'r2', 500),
        ],
      })
      await line.run(1000)
      await hears(line, 'onset')
      await hears(line, 'sustained')
      await line.run(4000)
      line.stop.abort()
      await line.run(20)
      expect(all(line, 'heard')[0]?.heardText).toBe('words words ')
      expect((await line.farewell).said).toEqual([{ speaker: 'agent', heard: 'words words ', unheard: text.slice(12) }])
    }
  })

  it('is given the whole time by each hold: none is ended by the deadline of one before', async () => {
    const script = [...speech(100, 'r1', 4000), ...speech(1100, 'r2', 2000)]
    const cut = open({ script })
    await cut.run(1000)
    await hears(cut, 'onset')
    await hears(cut, 'sustained')
    await hears(cut, 'ended')
    await cut.run(340)
    await hears(cut, 'onset')
    await cut.run(1000)
    expect(all(cut, 'held').map(({ atMs }) => atMs)).toEqual([1020, 1420])
    expect(all(cut, 'resumed')).toMatchObject([{ atMs: 2020, heldMs: 600 }])

    const empty = { atMs: 300, event: { type: 'response-ended', responseId: 'r0', status: 'completed' } }
    const begun = { atMs: 100, event: { type: 'response-started', responseId: 'r0' } }
    const idle = open({ script: [begun, empty, ...speech(500, 'r1', 2000)] })
    await idle.run(180)
    await hears(idle, 'onset')
    await idle.run(180)
    await hears(idle, 'onset')
    await idle.run(220)
    await hears(idle, 'onset')
    await idle.run(1000)
    expect(all(idle, 'held').map(({ atMs }) => atMs)).toEqual([200, 640])
    expect(all(idle, 'resumed')).toMatchObject([{ atMs: 400 }, { atMs: 1240, heldMs: 600 }])
  })

  it('hears each answer as if it were the first, though they follow each other', async () => {
    const line = open({ script: [...speech(100, 'r1', 1000), ...speech(2000, 'r2', 1000)] })
    await line.run(5000)
    const alone = await undisturbed(speech(100, 'r2', 1000), 2000)
    expect(soundOf(line)).toBe(alone + alone)
  })

  it('may hang up during the hold: what was heard is told, and nothing is left behind', async () => {
    const line = open({ script: speech(100, 'r1', 4000), callerEvents: [{ atMs: 1200, type: 'closed', by: 'caller' }] })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(200)
    expect(await line.outcome).toEqual({ reason: 'caller-hung-up' })
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 900, wholly: false }])
    expect(all(line, 'resumed')).toEqual([])
    expect(line.events.at(-1)).toMatchObject({ type: 'ended', counters: { heardMs: 900, agentMs: 4000, cutMs: 3100 } })
    expect(line.alarms()).toBe(0)
  })

  it('is not held for when the agent is silent', async () => {
    const line = open({ script: speech(100, 'r1', 400) })
    await line.run(1500)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    await line.run(1000)
    expect(all(line, 'held')).toEqual([])
    expect(clears(line)).toEqual([])
  })

  it('gives the ear what he was hearing, and asks it to be careful only while the agent speaks', async () => {
    const line = open({ script: speech(500, 'r1', 1000) })
    await line.run(400)
    expect([line.ear.careful, line.ear.playedBytes]).toEqual([false, 0])
    await line.run(400)
    expect(line.ear.careful).toBe(true)
    await line.run(2000)
    expect(line.ear.careful).toBe(false)
    expect(line.ear.playedBytes).toBe(8000)
  })
})

const withStatus = (step: unknown, status: string): unknown => {
  const { event } = step as { readonly event: { readonly type: string } }
  return event.type === 'response-ended' ? { ...(step as object), event: { ...event, status } } : step
}

const later = (step: unknown, ms: number): unknown => ({
  ...(step as object),
  atMs: (step as { readonly atMs: number }).atMs + ms,
})

describe('who is asked', () => {
  const spoken = [...speech(100, 'r1', 4000), { atMs: 1500, event: { type: 'speech-started' } }]

  it('may be the model alone: its word stops the agent at once, the ear is not asked', async () => {
    const line = open({ script: spoken, agent: { bargeIn: { ...listening, by: 'model' } } })
    await line.run(1000)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    expect([...all(line, 'held'), ...all(line, 'barge-in')]).toEqual([])
    await line.run(1000)
    expect(all(line, 'barge-in')).toMatchObject([{ atMs: 1500, by: 'model', heardMs: 1380 }])
    expect(clears(line).map(({ atMs }) => atMs)).toEqual([1500])
  })

  it('may be nobody: the agent says what it has to say', async () => {
    const line = open({ script: spoken, agent: { bargeIn: { ...listening, by: 'off' } } })
    await line.run(1000)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    await line.run(5000)
    expect([...all(line, 'held'), ...all(line, 'barge-in'), ...clears(line)]).toEqual([])
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 4000, wholly: true }])
  })

  it('may be the keypad: a digit stops the agent where that is wished, also when nothing else does', async () => {
    const callerEvents = [{ atMs: 1000, type: 'dtmf', digit: '1' }] as const
    for (const by of ['local+model', 'model', 'off'] as const) {
      const bargeIn = { ...listening, by, onDigits: true }
      const line = open({ script: speech(100, 'r1', 4000), callerEvents, agent: { bargeIn } })
      await line.run(1200)
      expect(all(line, 'barge-in')).toMatchObject([{ atMs: 1000, by: 'digits' }])
      expect(done(line)).toEqual(['cancel', 'truncate'])
    }
    const line = open({ script: speech(100, 'r1', 4000), callerEvents })
    await line.run(1200)
    expect(all(line, 'barge-in')).toEqual([])
  })
})

describe('turns that the call decides', () => {
  const provider = { turnsBy: 'caller' } as const

  it('begin with the voice and end after a silence, each told once', async () => {
    const line = open({ provider })
    await line.run(500)
    await hears(line, 'onset')
    // An answer that was asked for and has not begun would talk over him.
    expect(deeds(line)).toEqual([
      { atMs: 520, type: 'cancel' },
      { atMs: 520, type: 'begin-turn' },
    ])
    await line.run(1000)
    await hears(line, 'ended')
    await line.run(200)
    await hears(line, 'onset')
    await line.run(500)
    await hears(line, 'ended')
    expect(all(line, 'caller-speech-stopped')).toEqual([])
    await line.run(2000)
    expect(done(line)).toEqual(['cancel', 'begin-turn', 'end-turn'])
    expect(all(line, 'caller-speech-started')).toMatchObject([{ atMs: 520 }])
    // The silence counts from the last voice: 200 ms of it were over when the ear said so.
    expect(all(line, 'caller-speech-stopped')).toMatchObject([{ atMs: 2580 }])
    expect(deeds(line)[2]).toEqual({ atMs: 2580, type: 'end-turn' })
  })

  it('are answered, and the latency counts from the end of the voice', async () => {
    const script = speech(100, 'r1', 1000).map((step) => ({ ...(step as object), after: 'end-turn' }))
    const line = open({ provider, script })
    await hears(line, 'onset')
    await hears(line, 'ended')
    await line.run(3000)
    const [audible] = all(line, 'agent-audible')
    expect(audible?.latencyMs).toBe(500 + 100)
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 1000, wholly: true }])
  })

  it('are none when a sound made the agent wait and nothing followed', async () => {
    const line = open({ provider, script: speech(100, 'r1', 4000) })
    await line.run(1000)
    await hears(line, 'onset')
    await hears(line, 'ended')
    await line.run(5000)
    expect(all(line, 'resumed')).toHaveLength(1)
    expect(done(line).filter((type) => type !== 'drop-turn' && type !== 'begin-turn')).toEqual([])
    expect(done(line).filter((type) => type === 'begin-turn')).toHaveLength(
      done(line).filter((type) => type === 'drop-turn').length,
    )
    expect(all(line, 'caller-speech-started')).toEqual([])
  })

  it('begin with what stops the agent, and end as any other', async () => {
    const line = open({ provider, script: speech(100, 'r1', 4000) })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(200)
    await hears(line, 'sustained')
    await line.run(300)
    await hears(line, 'ended')
    await line.run(2000)
    expect(all(line, 'barge-in')).toHaveLength(1)
    expect(done(line).filter((type) => type === 'begin-turn' || type === 'end-turn')).toEqual([
      'begin-turn',
      'end-turn',
    ])
    expect(done(line).filter((type) => type === 'cancel' || type === 'truncate')).toEqual(['cancel', 'truncate'])
    expect(all(line, 'caller-speech-started')).toHaveLength(1)
    expect(all(line, 'caller-speech-stopped')).toHaveLength(1)
  })

  it('do not begin with a key that stops the agent', async () => {
    const line = open({
      provider,
      script: speech(100, 'r1', 4000),
      callerEvents: [{ atMs: 1000, type: 'dtmf', digit: '1' }],
      agent: { bargeIn: { ...listening, onDigits: true } },
    })
    await line.run(1400)
    expect(all(line, 'barge-in')).toHaveLength(1)
    expect(done(line)).toEqual(['cancel', 'truncate'])
    expect(all(line, 'caller-speech-stopped')).toEqual([])
  })

  it('are forgotten when a key stops an agent that was waiting: nobody is left to end them', async () => {
    const line = open({
      provider,
      script: speech(100, 'r1', 4000),
      callerEvents: [{ atMs: 1200, type: 'dtmf', digit: '1' }],
      agent: { bargeIn: { ...listening, onDigits: true } },
    })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(300)
    expect(done(line)).toEqual(['begin-turn', 'cancel', 'truncate', 'drop-turn'])
  })

  it('are begun by a voice that outlasts a hold of nothing', async () => {
    const line = open({
      provider,
      script: [
        { atMs: 100, event: { type: 'response-started', responseId: 'r1' } },
        { atMs: 1100, event: { type: 'response-ended', responseId: 'r1', status: 'completed' } },
      ],
    })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(160)
    await hears(line, 'sustained')
    await line.run(500)
    await hears(line, 'ended')
    await line.run(1000)
    expect(done(line).filter((type) => type.endsWith('turn'))).toEqual(['begin-turn', 'end-turn'])
  })

  it('need our own ear, also where barge-in was to be the model’s', async () => {
    const line = open({ provider, script: speech(100, 'r1', 4000), agent: { bargeIn: { ...listening, by: 'model' } } })
    await line.run(1000)
    await hears(line, 'onset')
    await hears(line, 'sustained')
    expect(all(line, 'barge-in')).toMatchObject([{ by: 'local' }])
  })

  it('are taken while the agent speaks, where it lets nobody stop it, and are answered after', async () => {
    const line = open({ provider, script: speech(100, 'r1', 3000), agent: { bargeIn: { ...listening, by: 'off' } } })
    await line.run(1000)
    await hears(line, 'onset')
    await line.run(300)
    await hears(line, 'ended')
    await line.run(4000)
    expect(all(line, 'barge-in')).toEqual([])
    expect(done(line)).toEqual(['begin-turn', 'end-turn'])
  })
})
