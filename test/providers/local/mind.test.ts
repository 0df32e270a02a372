import { setImmediate as settled } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import type { Domain } from '../../../src/providers/local/domain/domain.ts'
import { localMinds } from '../../../src/providers/local/mind.ts'
import type { Heard } from '../../../src/providers/local/recogniser/recogniser.ts'
import { loadSileroWeights } from '../../../src/providers/local/silero-weights.ts'
import type { SpeechLine } from '../../../src/providers/local/speech-pool.ts'
import { loadVoiceModule, makeVoice } from '../../../src/providers/local/voice.ts'
import {
  type Mind,
  MindBusy,
  type MindConfig,
  type MindEvent,
  type ReplyPart,
  type ReplyRequest,
} from '../../../src/simulators/realtime/mind.ts'

const weights = loadSileroWeights()
let spoken: Uint8Array

beforeAll(async () => {
  spoken = makeVoice(await loadVoiceModule()).say('A table for two, please.', 'slt', 16_000)
})

const config: MindConfig = {
  instructions: '',
  voice: 'rms',
  inputRate: 16_000,
  outputRate: 24_000,
  vad: { type: 'server_vad', threshold: 0.5, silenceMs: 300 },
  tools: [],
}
const silence = (ms: number) => new Uint8Array(ms * 32)
const turn: ReplyRequest = { trigger: 'turn', toolOutputs: [] }

/** A domain that repeats what it heard; `goodbye` ends, `when` asks a tool. */
const echo: Domain = {
  name: 'echo',
  grammar: '',
  greeting: 'Hello. I am a demo.',
  start: () => ({
    hear: ({ text, rejected }) => {
      if (rejected) return { sentences: ['Sorry?'] }
      if (text === 'goodbye') return { sentences: ['Bye.'], ends: true }
      if (text === 'when') return { sentences: ['I cannot look.'], toolCall: { name: 'clock', args: { zone: 'UTC' } } }
      return { sentences: [`${text}.`, 'Right?'] }
    },
    toolResult: (name, output) => ({ sentences: [`${name} says ${output}.`] }),
    interrupted: () => {
      interruptions++
    },
  }),
}
let interruptions = 0

/** A speech line without sound: it hears `text` and says the letters. */
function fakeLine(text: string) {
  const done: string[] = []
  let pushed = 0
  const line: SpeechLine = {
    start: () => done.push('start'),
    push: (samples) => {
      pushed += samples.length
    },
    finish: async (): Promise<Heard> => {
      done.push('finish')
      return { text, rejected: text === '' }
    },
    abort: () => done.push('abort'),
    say: async (sentence, voice, sampleRate) => {
      done.push(`say ${sentence}`)
      return new TextEncoder().encode(`${voice} ${sampleRate} ${sentence}`)
    },
    [Symbol.dispose]: () => done.push('close'),
  }
  return { line, done, pushedMs: () => pushed / 16 }
}

function makeMind(text: string, changes: Partial<MindConfig> = {}, maxCalls = 1) {
  const fake = fakeLine(text)
  const told: MindEvent[] = []
  const make = localMinds({ domain: echo, weights, speech: { open: () => fake.line }, maxCalls })
  const mind = make((event) => told.push(event))
  mind.configure({ ...config, ...changes })
  return { mind, make, told, ...fake }
}

/** In 20 ms pieces, as a call sends it. */
function hear(mind: Mind, ...sounds: Uint8Array[]): void {
  for (const sound of sounds) for (let at = 0; at < sound.length; at += 640) mind.hear(sound.subarray(at, at + 640))
}

async function answer(mind: Mind, request = turn, signal = new AbortController().signal): Promise<string[]> {
  const parts: string[] = []
  for await (const part of mind.reply(request, signal)) parts.push(asText(part))
  return parts
}

function asText(part: ReplyPart): string {
  if (part.type === 'text') return part.text
  if (part.type === 'audio') return new TextDecoder().decode(part.audio)
  return `${part.name}(${part.args})`
}

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

  it('greets as its domain does, or says exactly what it is told to', async () => {
    const { mind } = makeMind('')
    const create = (instructions?: string): ReplyRequest => ({
      trigger: 'create',
      toolOutputs: [],
      ...(instructions === undefined ? {} : { instructions }),
    })
    expect((await answer(mind, create('Greet the caller in one short sentence.')))[0]).toBe('Hello.')
    expect((await answer(mind, create()))[2]).toBe(' I am a demo.')
    expect((await answer(mind, create('Say exactly: Welcome! Please hold on.')))[0]).toBe('Welcome!')
    expect((await answer(mind, create('Ask the caller \u201cAre you there?\u201d now')))[0]).toBe('Are you there?')
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
    interruptions = 0
    mind.interrupted()
    expect(interruptions).toBe(1)
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

  it('calls a tool that the session offers, and says what it gave', async () => {
    const { mind } = makeMind('when', { tools: [{ name: 'clock', description: '' }] })
    hear(mind, spoken, silence(1000))
    expect(await answer(mind)).toEqual(['clock({"zone":"UTC"})'])
    const outputs = [{ name: 'clock', output: 'noon' }]
    expect((await answer(mind, { trigger: 'create', toolOutputs: outputs }))[0]).toBe('clock says noon.')
  })

  it('says what it would have said when the session offers no such tool', async () => {
    const { mind } = makeMind('when')
    hear(mind, spoken, silence(1000))
    expect((await answer(mind))[0]).toBe('I cannot look.')
  })

  it('hangs up after its goodbye when it may', async () => {
    const offered = makeMind('goodbye', { tools: [{ name: 'end_call', description: '' }] })
    hear(offered.mind, spoken, silence(1000))
    expect(await answer(offered.mind)).toEqual(['Bye.', 'rms 24000 Bye.', 'end_call({})'])
    const outputs = [{ name: 'end_call', output: 'ok' }]
    expect(await answer(offered.mind, { trigger: 'create', toolOutputs: outputs })).toEqual([])
    const without = makeMind('goodbye')
    hear(without.mind, spoken, silence(1000))
    expect(await answer(without.mind)).toEqual(['Bye.', 'rms 24000 Bye.'])
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
