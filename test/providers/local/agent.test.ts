import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalAgent, startLocalAgent } from '../../../src/providers/local/agent.ts'
import { localPackages, requirePackages } from '../../../src/providers/local/packages.ts'
import { loadVoiceModule, makeVoice, type Voice } from '../../../src/providers/local/voice.ts'
import { type Received, WireCaller } from './wire-caller.ts'

let agent: LocalAgent
let mouth: Voice

beforeAll(async () => {
  agent = await startLocalAgent({ maxCalls: 2 })
  mouth = makeVoice(await loadVoiceModule())
})

afterAll(async () => {
  await agent[Symbol.asyncDispose]()
})

const session = { turn_detection: { type: 'server_vad', threshold: 0.5, silence_duration_ms: 400 } }
const say = (caller: WireCaller, sentence: string) => caller.speak(mouth.say(sentence, 'slt', 16_000))
const typesOf = (events: readonly Received[]) => events.map((event) => event.type)
const soundOf = (events: readonly Received[]) => events.filter((event) => event.type === 'response.audio.delta')

describe('the embedded agent on its wire', () => {
  it('hears a caller\u2019s sentence and answers it, in the order of the protocol', async () => {
    await using caller = await WireCaller.call(agent, session)
    await say(caller, 'What are your opening hours?')
    await caller.until('response.done')
    const seen = new Set<string>()
    const order = typesOf(caller.events).filter((type) => !seen.has(type) && seen.add(type))
    expect(order).toEqual([
      'session.created',
      'session.updated',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.created',
      'response.created',
      'conversation.item.input_audio_transcription.completed',
      'response.output_item.added',
      'response.content_part.added',
      'response.audio_transcript.delta',
      'response.audio.delta',
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    const words = await caller.until('conversation.item.input_audio_transcription.completed')
    expect(words['transcript']).toBe('what are your opening hours')
  })

  it('stops when the caller talks over it, and answers what the caller said instead', async () => {
    await using caller = await WireCaller.call(agent, session)
    caller.send({
      type: 'response.create',
      response: {
        instructions: `Say exactly: ${'This is a long story that nobody wants to hear to its end. '.repeat(8)}`,
      },
    })
    const story = await caller.until('response.created')
    await caller.until('response.audio.delta')
    const overAt = caller.events.length
    await say(caller, 'What are your opening hours?')
    const cut = await caller.until('response.done', overAt)
    expect((cut['response'] as { status: string }).status).toBe('cancelled')
    const stopped = caller.events.indexOf(cut)
    await caller.until('response.done', stopped + 1)
    const storyId = (story['response'] as { id: string }).id
    const late = soundOf(caller.events.slice(stopped)).filter((event) => event['response_id'] === storyId)
    expect(late).toEqual([])
    expect(soundOf(caller.events.slice(stopped)).length).toBeGreaterThan(0)
  })

  it('greets as what it is, when it is asked to open the call', async () => {
    await using caller = await WireCaller.call(agent, session)
    caller.send({ type: 'response.create', response: { instructions: 'Greet the caller in one short sentence.' } })
    await caller.until('response.done')
    const text = await caller.until('response.audio_transcript.done')
    expect(text['transcript']).toMatch(/demo/i)
  })

  it('takes two calls at once and refuses the third, until one has ended', async () => {
    const first = await WireCaller.call(agent, session)
    await using _second = await WireCaller.call(agent, session)
    await expect(WireCaller.call(agent, session)).rejects.toThrow('HTTP 429')
    await first[Symbol.asyncDispose]()
    await expect
      .poll(() => WireCaller.call(agent, session).then((caller) => caller[Symbol.asyncDispose]()))
      .toBeUndefined()
  })

  it('is closed to whoever does not have the key of this start', async () => {
    await expect(WireCaller.call({ ...agent, apiKey: 'guess' })).rejects.toThrow('HTTP 401')
  })

  it('says which package is missing and what to do', () => {
    requirePackages(localPackages)
    expect(() => requirePackages(['soundswallower', 'no-such-voice'])).toThrow(
      'the embedded agent needs no-such-voice: run `npm install no-such-voice`, or set DASHSCOPE_API_KEY',
    )
  })

  it('refuses to serve no calls, or to start for a caller who has given up', async () => {
    await expect(startLocalAgent({ maxCalls: 0 })).rejects.toThrow(RangeError)
    await expect(startLocalAgent({ signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow('given up')
  })
})
