import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { CallError } from '../../../src/base/errors.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { RealtimeSession, SessionEvent } from '../../../src/call/provider.ts'
import type { QwenOptions } from '../../../src/providers/qwen/options.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import { audioDelta, errorFrame, responseCreated, sessionUpdated, speechStarted } from '../realtime/frames.ts'
import { ModelPuppet, type PuppetOptions } from '../realtime/model-puppet.ts'

const key = 'sk-0123456789abcdef'
const conversation = { callId: 'call-1', instructions: 'Be brief.', tools: [] }
const never = new AbortController().signal

function optionsFor(puppet: ModelPuppet, more: Partial<QwenOptions> = {}): QwenOptions {
  return {
    url: puppet.url,
    apiKey: key,
    model: 'qwen3.5-omni-flash-realtime',
    batchMs: 20,
    clock: systemClock,
    ...more,
  }
}

async function connect(puppet: ModelPuppet, more: Partial<QwenOptions> = {}): Promise<RealtimeSession> {
  return await makeQwenProvider(optionsFor(puppet, more)).connect(conversation, never)
}

async function refusal(options: PuppetOptions, more: Partial<QwenOptions> = {}): Promise<unknown> {
  await using puppet = await ModelPuppet.start(options)
  const error: unknown = await connect(puppet, more).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  await nothingOpen(puppet)
  return error
}

async function nothingOpen(puppet: ModelPuppet): Promise<void> {
  await expect.poll(() => puppet.lines, { interval: 5, timeout: 3000 }).toBe(0)
}

/** Everything the session tells until it is closed. */
function untilClosed(session: RealtimeSession): Promise<SessionEvent[]> {
  const events: SessionEvent[] = []
  return new Promise((resolve) => {
    session.listen((event) => {
      events.push(event)
      if (event.type === 'closed') resolve(events)
    })
  })
}

function code(events: readonly SessionEvent[]): unknown {
  const end = events.at(-1)
  return end?.type === 'closed' && end.error instanceof CallError ? end.error.code : end
}

describe('opening a conversation', () => {
  test('asks for the model in the query, with the key in the header, and configures before it sends sound', async () => {
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet)
    session.append(new Uint8Array(640))
    await puppet.client.next('input_audio_buffer.append')
    const [request] = puppet.requests
    expect(request?.url).toBe('/api-ws/v1/realtime?model=qwen3.5-omni-flash-realtime')
    expect(request?.headers.authorization).toBe(`Bearer ${key}`)
    expect(request?.headers['sec-websocket-extensions']).toBeUndefined()
    expect(puppet.client.received.map((frame) => frame['type'])).toEqual([
      'session.update',
      'input_audio_buffer.append',
    ])
    expect(session.inputFormat).toEqual({ encoding: 'pcm16', sampleRate: 16000 })
    expect(session.outputFormat).toEqual({ encoding: 'pcm16', sampleRate: 24000 })
  })

  test('loses nothing that the model says right behind its confirmation', async () => {
    await using puppet = await ModelPuppet.start({
      onUpdate: (model) =>
        model.say({ type: 'news' }, sessionUpdated(), speechStarted, responseCreated('r1'), 'not json', { no: 'type' }),
    })
    await using session = await connect(puppet)
    puppet.client.say(Uint8Array.of(1, 2, 3))
    puppet.client.close(1000)
    expect((await untilClosed(session)).map(({ type }) => type)).toEqual([
      'speech-started',
      'speech-stopped',
      'response-started',
      'response-ended',
      'closed',
    ])
  })

  test('speaks 8 kHz only when the model confirms it', async () => {
    const format = (sample_rate: number) => ({ format: { type: 'pcm', sample_rate } })
    const rates = async (audio: Record<string, unknown>) => {
      await using puppet = await ModelPuppet.start({ onUpdate: (model) => model.say(sessionUpdated(audio)) })
      await using session = await connect(puppet, { narrowband: true })
      return [session.inputFormat.sampleRate, session.outputFormat.sampleRate]
    }
    expect(await rates({ audio: { input: format(8000), output: format(8000) } })).toEqual([8000, 8000])
    expect(await rates({ input_audio_format: 'pcm', output_audio_format: 'pcm' })).toEqual([16000, 24000])
    await expect(rates({ audio: { output: format(48000) } })).rejects.toMatchObject({ code: 'provider-protocol' })
  })

  test.each([
    [400, 'provider-config'],
    [401, 'provider-refused'],
    [403, 'provider-refused'],
    [404, 'provider-config'],
    [429, 'provider-busy'],
    [500, 'provider-lost'],
    [503, 'provider-lost'],
  ])('fails when the upgrade is answered with %i', async (status, expected) => {
    const error = await refusal({ refuse: status })
    expect(error).toBeInstanceOf(CallError)
    expect(error).toMatchObject({ code: expected, message: expect.stringContaining(`HTTP ${status}`) })
    expect(String(error)).not.toContain(key)
  })

  test.each([
    ["Voice 'Cherry' is not supported", 'provider-config'],
    ["Invalid modalities: ['audio']. Supported combinations are: ['text'] and ['audio', 'text'].", 'provider-config'],
    ['Access denied, please make sure your account is in good standing.', 'provider-refused'],
    ['Requests rate limit exceeded', 'provider-busy'],
    ['<50002> InternalError.Algo.ModelServingError', 'provider-lost'],
  ])('fails when the model objects to the settings: %s', async (message, expected) => {
    const error = await refusal({ onUpdate: (model) => model.say(errorFrame(message)) })
    expect(error).toMatchObject({ name: 'CallError', code: expected })
  })

  test('fails with the reason of a close that comes instead of a confirmation', async () => {
    const reason = 'Access denied, please make sure your account is in good standing.'
    const error = await refusal({ onUpdate: (model) => model.close(1007, reason) })
    expect(error).toMatchObject({ code: 'provider-refused', message: expect.stringContaining('good standing') })
  })

  test('fails when nobody listens there', async () => {
    const puppet = await ModelPuppet.start()
    const provider = makeQwenProvider(optionsFor(puppet))
    await puppet[Symbol.asyncDispose]()
    await expect(provider.connect(conversation, never)).rejects.toMatchObject({ code: 'provider-lost' })
  })

  test.each(['upgrade', 'created', 'updated'] as const)(
    'fails in 15 s when the model is silent at "%s"',
    async (silentAt) => {
      const clock = new ManualClock()
      await using puppet = await ModelPuppet.start({ silentAt })
      const opening = connect(puppet, { clock })
      await expect.poll(() => puppet.requests.length, { interval: 5 }).toBe(1)
      if (silentAt === 'updated') {
        await expect.poll(() => puppet.lines, { interval: 5 }).toBe(1)
        await puppet.client.next('session.update')
      }
      clock.advance(14_999)
      clock.advance(1)
      await expect(opening).rejects.toMatchObject({ code: 'provider-timeout' })
      await nothingOpen(puppet)
      // Before session.created the model is told nothing.
      if (silentAt === 'created') expect(puppet.client.received).toEqual([])
    },
  )

  test.each(['upgrade', 'created', 'updated'] as const)(
    'is given up at once when the caller is gone at "%s"',
    async (silentAt) => {
      await using puppet = await ModelPuppet.start({ silentAt })
      const gone = new AbortController()
      const opening = makeQwenProvider(optionsFor(puppet)).connect(conversation, gone.signal)
      await expect.poll(() => puppet.requests.length, { interval: 5 }).toBe(1)
      const reason = new Error('the caller hung up')
      gone.abort(reason)
      await expect(opening).rejects.toBe(reason)
      await nothingOpen(puppet)
    },
  )

  test('is not even tried when the caller is gone already', async () => {
    await using puppet = await ModelPuppet.start()
    const reason = new Error('gone')
    await expect(makeQwenProvider(optionsFor(puppet)).connect(conversation, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    )
    expect(puppet.requests).toHaveLength(0)
  })
})

describe('a conversation that ends by itself', () => {
  const idle = 'Your session was closed because no response was generated for 180 seconds.'
  const freeTier =
    'The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis'
  const long = `${freeTier}, please disable the "use free tier only" mode in the management console.`

  test.each([
    ['the idle close', 1007, idle, 'provider-lost'],
    [
      'an account in arrears',
      1007,
      'Access denied, please make sure your account is in good standing.',
      'provider-refused',
    ],
    ['a used-up free tier', 1007, `${freeTier}`, 'provider-refused'],
    ['a bad parameter', 1007, '<400> InternalError.Algo.InvalidParameter: top_k', 'provider-config'],
    ['a backend time-out', 1011, 'Response timeout', 'provider-lost'],
    ['a plain close', 1000, '', 'provider-lost'],
    ['a restart', 1012, '', 'provider-lost'],
    ['a rate limit', 1013, 'Allocated quota exceeded, please increase your quota limit.', 'provider-busy'],
    ['words nobody knows', 1007, 'who knows', 'provider-lost'],
  ])('is told as such: %s', async (_, closeCode, reason, expected) => {
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet)
    puppet.client.say(responseCreated('r1'))
    puppet.client.close(closeCode, reason)
    const events = await untilClosed(session)
    expect(code(events)).toBe(expected)
    expect(events.map(({ type }) => type)).toEqual(['response-started', 'response-ended', 'closed'])
  })

  test.each([
    ["Invalid modalities: ['audio'].", 'provider-config'],
    ['Allocated quota exceeded', 'provider-busy'],
    ['The free tier of the model has been exhausted.', 'provider-refused'],
    // Harmless, so it does not explain the close that happens to follow.
    ['Internal service error: null', 'provider-lost'],
  ])('with a reason too long for a close frame is explained by the error before it: %s', async (message, expected) => {
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet)
    puppet.client.say(errorFrame(message))
    puppet.client.closeOverlong(1007, 'words that nobody knows '.repeat(10))
    expect(code(await untilClosed(session))).toBe(expected)
  })

  test('with a reason too long for a close frame is explained by it all the same', async () => {
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet)
    puppet.client.closeOverlong(1007, long)
    const events = await untilClosed(session)
    expect(code(events)).toBe('provider-refused')
    expect(events.at(-1)).toMatchObject({
      error: { message: expect.stringMatching(/\(1007: The free tier .*console\.\)$/) },
    })
    await nothingOpen(puppet)
  })

  test('by a broken connection is a lost line', async () => {
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet)
    puppet.client.reset()
    expect(code(await untilClosed(session))).toBe('provider-lost')
  })

  test('because it answers no ping any more is a lost line', async () => {
    const clock = new ManualClock()
    await using puppet = await ModelPuppet.start()
    await using session = await connect(puppet, { clock })
    const events: SessionEvent[] = []
    session.listen((event) => events.push(event))
    clock.advance(10_000)
    // The pong has been read when a frame sent after it has been told.
    session.append(new Uint8Array(640))
    await puppet.client.next('input_audio_buffer.append')
    puppet.client.say(speechStarted)
    await expect.poll(() => events.length, { interval: 5 }).toBe(1)
    puppet.client.freeze()
    clock.advance(10_000)
    expect(events).toHaveLength(1)
    clock.advance(10_000)
    expect(code(events)).toBe('provider-lost')
  })
})

test('a megabyte of sound in one frame arrives whole', async () => {
  await using puppet = await ModelPuppet.start()
  await using session = await connect(puppet)
  puppet.client.say(responseCreated('r1'), audioDelta('r1', new Uint8Array(1_500_001)))
  puppet.client.close(1000)
  const heard = (await untilClosed(session)).flatMap((event) => (event.type === 'audio' ? [event.audio.length] : []))
  expect(heard).toEqual([1_500_000])
})

test('hanging up closes with 1000, tells nothing more and leaves no connection', async () => {
  await using puppet = await ModelPuppet.start()
  const session = await connect(puppet)
  const events: SessionEvent[] = []
  session.listen((event) => events.push(event))
  await session[Symbol.asyncDispose]()
  await session[Symbol.asyncDispose]()
  expect(await puppet.client.gone).toEqual({ code: 1000, reason: '' })
  await nothingOpen(puppet)
  expect(events).toEqual([])
})

test('hanging up on a model that does not say goodbye takes a second', async () => {
  await using puppet = await ModelPuppet.start()
  const session = await connect(puppet)
  puppet.client.freeze()
  const from = performance.now()
  await session[Symbol.asyncDispose]()
  expect(performance.now() - from).toBeLessThan(2500)
})
