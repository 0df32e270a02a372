import { expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { SessionEvent } from '../../../src/call/provider.ts'
import type { OpenAiOptions } from '../../../src/providers/openai/options.ts'
import { makeOpenAiProvider } from '../../../src/providers/openai/provider.ts'
import { ModelPuppet, type PuppetOptions } from '../realtime/model-puppet.ts'
import * as frames from './ga-frames.ts'

const never = new AbortController().signal
const conversation = { callId: 'call-1', instructions: 'Be brief.', tools: [] }

function reach(puppet: ModelPuppet, more: Partial<OpenAiOptions> = {}) {
  const base = { apiKey: 'sk-1', model: 'gpt-realtime', auth: 'bearer', batchMs: 20, clock: systemClock } as const
  return makeOpenAiProvider({ ...base, url: puppet.url, ...more })
}

async function opened(more: Partial<OpenAiOptions> = {}, how: PuppetOptions = {}) {
  const puppet = await ModelPuppet.start(how)
  const session = await reach(puppet, more).connect(conversation, never)
  const events: SessionEvent[] = []
  const waiting: (() => void)[] = []
  session.listen((event) => {
    events.push(event)
    for (const wake of waiting.splice(0)) wake()
  })
  return {
    ...{ puppet, session, events },
    async until(type: SessionEvent['type']) {
      while (!events.some((event) => event.type === type)) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]()
      await puppet[Symbol.asyncDispose]()
    },
  }
}

test('the key goes into the header of its door, the model into the query, and nothing of the beta', async () => {
  await using openai = await opened()
  await using azure = await opened({ auth: 'api-key', model: 'my-deployment' })
  const [there] = openai.puppet.requests
  const [here] = azure.puppet.requests
  expect([there?.headers.authorization, there?.headers['api-key'], there?.headers['openai-beta']]).toEqual([
    'Bearer sk-1',
    undefined,
    undefined,
  ])
  expect([here?.headers.authorization, here?.headers['api-key']]).toEqual([undefined, 'sk-1'])
  expect(new URL(here?.url ?? '', 'ws://x').searchParams.get('model')).toBe('my-deployment')
})

test("the caller's mu-law goes up untouched, and the model's comes down untouched", async () => {
  await using call = await opened()
  const up = Uint8Array.from({ length: 160 }, (_, i) => i)
  call.session.append(up)
  const sent = await call.puppet.client.next('input_audio_buffer.append')
  expect(sent).toEqual({ type: 'input_audio_buffer.append', audio: Buffer.from(up).toString('base64') })
  const down = Uint8Array.from({ length: 161 }, (_, i) => 255 - i)
  call.puppet.client.say(frames.responseCreated('r1'), frames.audioDelta('r1', 'i1', down))
  await call.until('audio')
  expect(call.session.inputFormat).toEqual({ encoding: 'mulaw', sampleRate: 8000 })
  expect(call.events.at(-1)).toMatchObject({ type: 'audio', responseId: 'r1', itemId: 'i1' })
  expect(call.events.flatMap((event) => (event.type === 'audio' ? [...event.audio] : []))).toEqual([...down])
})

test("the caller's words come in pieces and are told whole each time", async () => {
  await using call = await opened()
  call.puppet.client.say(...frames.callerSaid('u1', 'How late is it?'), frames.responseCreated('r1'))
  await call.until('response-started')
  const told = call.events.flatMap((event) => (event.type === 'transcript' ? [[event.text, event.final]] : []))
  expect(told).toEqual([
    ['How', false],
    ['How late is it?', false],
    ['How late is it?', true],
  ])
})

test('an answer is stopped by its name, and what was heard of it is told to the millisecond', async () => {
  await using call = await opened()
  call.puppet.client.say(frames.responseCreated('r1'), frames.audioDelta('r1', 'i1', new Uint8Array(4000)))
  await call.until('audio')
  call.session.cancel()
  call.session.truncate('i1', 320.5, 'Good')
  expect(await call.puppet.client.next('response.cancel')).toEqual({ type: 'response.cancel', response_id: 'r1' })
  expect(await call.puppet.client.next('conversation.item.truncate')).toEqual({
    ...{ type: 'conversation.item.truncate', event_id: expect.any(String), item_id: 'i1', content_index: 0 },
    audio_end_ms: 320,
  })
  const details = { type: 'cancelled', reason: 'client_cancelled' }
  call.puppet.client.say(frames.responseDone('r1', 'cancelled', details))
  await call.until('response-ended')
  expect(call.events.at(-1)).toMatchObject({
    ...{ type: 'response-ended', status: 'cancelled' },
    usage: { inputTokens: 9, inputAudioTokens: 7, outputTokens: 5, outputAudioTokens: 0 },
  })
})

test('a tool call that was cut is none, although its arguments were said to be done', async () => {
  await using call = await opened()
  call.puppet.client.say(frames.responseCreated('r1'), ...frames.toolCall('r1', 'c1', 'end_call', '', 'incomplete'))
  call.puppet.client.say(frames.responseDone('r1', 'cancelled', { type: 'cancelled', reason: 'turn_detected' }))
  await call.until('response-ended')
  expect(call.events.map(({ type }) => type)).toEqual(['response-started', 'response-ended'])
})

test('words for one answer do not make the model forget what it is, and a note is typed', async () => {
  await using call = await opened({ language: 'de' })
  call.session.note('The caller pressed 1.')
  call.session.respond('Greet.')
  expect(await call.puppet.client.next('conversation.item.create')).toMatchObject({
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'The caller pressed 1.' }] },
  })
  expect(await call.puppet.client.next('response.create')).toEqual({
    type: 'response.create',
    response: { instructions: expect.stringMatching(/^Be brief\.\n\nSpeak German .+\n\nGreet\.$/) },
  })
})

test('a model that insists on ending the turns itself ends them', async () => {
  const stated = frames.sessionUpdated({ audio: { input: { turn_detection: { type: 'server_vad' } } } })
  await using call = await opened({ turnDetection: 'manual' }, { onUpdate: (client) => client.say(stated) })
  expect(call.session.turnsBy).toBe('model')
})

test.each([
  [401, 'provider-refused'],
  [403, 'provider-refused'],
  [404, 'provider-config'],
  [429, 'provider-busy'],
  [503, 'provider-lost'],
])('an upgrade refused with %i has one meaning', async (status, code) => {
  await using puppet = await ModelPuppet.start({ refuse: status })
  await expect(reach(puppet).connect(conversation, never)).rejects.toMatchObject({ code })
})
