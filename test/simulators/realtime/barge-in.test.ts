import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { ReplyPart } from '../../../src/simulators/realtime/mind.ts'
import type { RealtimeServerOptions } from '../../../src/simulators/realtime/server.ts'
import {
  connect,
  type Event,
  type HandMind,
  type RawClient,
  serve,
  serveByHand,
  silence,
  speech,
} from './raw-client.ts'

/** Words, then a second of sound, each delta full of its own number; then nothing: cut it or wait for ever. */
async function* longAnswer(): AsyncGenerator<ReplyPart> {
  yield { type: 'text', text: 'We are open' }
  yield { type: 'audio', audio: Uint8Array.from({ length: 48_000 }, (_, i) => Math.floor(i / 9600)) }
  await new Promise(() => undefined)
}

/** A session whose first answer has sent two deltas and has three to come. */
async function inAnswer(
  options: Partial<RealtimeServerOptions>,
): Promise<{ client: RawClient; mind: HandMind; clock: ManualClock } & AsyncDisposable> {
  const clock = new ManualClock()
  const { server, minds } = await serveByHand({
    clock,
    ...options,
    behaviour: { speedFactor: 4, ...options.behaviour },
  })
  const client = await connect(server)
  await client.next('session.created')
  const [mind] = minds
  if (mind === undefined) throw new TypeError('no mind')
  mind.answer = longAnswer
  client.send({ type: 'response.create' })
  await client.next('response.audio.delta')
  await client.settled()
  clock.advance(50)
  await client.next('response.audio.delta', 2)
  await client.settled()
  client.events.length = 0
  const end = async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
  return { client, mind, clock, [Symbol.asyncDispose]: end }
}

const soundOf = (event: Event) => Buffer.from(event['delta'], 'base64')

describe('a caller who speaks over the answer', () => {
  it('ends it in the documented order, and is answered anew', async () => {
    await using call = await inAnswer({})
    const { client, mind } = call
    mind.speak()
    mind.answer = async function* () {
      yield { type: 'text', text: 'Yes?' }
    }
    mind.hush()
    const done = await client.next('response.done', 2)
    expect(client.types).toEqual([
      'input_audio_buffer.speech_started',
      'response.audio.delta',
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.created',
      'response.created',
      'response.output_item.added',
      'conversation.item.created',
      'response.content_part.added',
      'response.audio_transcript.delta',
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    const [cut] = client.ofType('response.done')
    expect(cut?.['response']).toMatchObject({ status: 'cancelled', output: [{ status: 'incomplete' }] })
    expect(cut?.['response']).not.toHaveProperty('status_details')
    expect(client.ofType('response.output_item.done')[0]?.['item'].status).toBe('incomplete')
    expect(client.ofType('response.audio_transcript.done')[0]?.['transcript']).toBe('We are open')
    expect(done['response']).toMatchObject({ status: 'completed' })
    expect(done['response'].id).not.toBe(cut?.['response'].id)
    // What was on its way, not something new.
    const [late] = client.ofType('response.audio.delta')
    expect(late?.['response_id']).toBe(cut?.['response'].id)
    expect(soundOf(late ?? {}).equals(Buffer.alloc(9600, 2))).toBe(true)
    expect(mind).toMatchObject({ interruptions: 1, requests: [{ trigger: 'create' }, { trigger: 'turn' }] })
  })

  it('stops the mind that makes it', async () => {
    await using call = await inAnswer({})
    expect(call.mind.stopped).toBe(0)
    call.mind.speak()
    await call.client.next('response.done')
    await call.client.settled()
    expect(call.mind.stopped).toBe(1)
    call.clock.advance(60_000)
    await call.client.settled()
    expect(call.client.types.at(-1)).toBe('response.done')
  })

  it('does not wait for a mind that is in the middle of a thought', async () => {
    await using call = await inAnswer({})
    const { client, mind } = call
    let aborted = false
    mind.answer = async function* (signal) {
      signal.addEventListener('abort', () => {
        aborted = true
      })
      yield { type: 'text', text: 'Let me' }
      await new Promise(() => undefined)
    }
    client.send({ type: 'response.cancel' })
    client.send({ type: 'response.create' })
    await client.next('response.audio_transcript.delta')
    mind.speak()
    const done = await client.next('response.done', 2)
    expect(done['response'].output[0].content[0].transcript).toBe('Let me')
    expect(aborted).toBe(true)
  })

  it.each([
    ['incomplete', 0],
    ['completed', 2],
    ['cancelled', 5],
  ] as const)('sees status %s and %i late deltas when the model is of that kind', async (doneStatus, lateDeltas) => {
    await using call = await inAnswer({ behaviour: { interruption: { doneStatus, lateDeltas } } })
    call.mind.speak()
    const done = await call.client.next('response.done')
    expect(done['response'].status).toBe(doneStatus)
    // Those under way, then silence.
    const late = call.client.ofType('response.audio.delta').map((event) => soundOf(event)[0])
    expect(late).toEqual([2, 3, 4, 0, 0].slice(0, lateDeltas))
  })

  it('sees no end of the answer when the model is of that kind, and is answered all the same', async () => {
    await using call = await inAnswer({ behaviour: { interruption: { doneStatus: 'never', lateDeltas: 0 } } })
    call.mind.speak()
    await call.client.settled()
    expect(call.client.types).toEqual(['input_audio_buffer.speech_started'])
    call.mind.hush()
    await call.client.next('response.created')
  })

  it('is answered after a tail that takes its time', async () => {
    await using call = await inAnswer({ behaviour: { interruption: { doneDelayMs: 300 } } })
    const { client, mind, clock } = call
    mind.speak()
    mind.answer = async function* () {}
    mind.hush()
    client.send({ type: 'response.cancel' })
    await client.settled()
    expect(client.types).not.toContain('response.done')
    expect(client.types).not.toContain('error')
    clock.advance(300)
    await client.next('response.done', 2)
    await client.settled()
    expect(mind.requests.map((request) => request.trigger)).toEqual(['create', 'turn'])
    const types = client.types
    expect(types.indexOf('response.done')).toBeLessThan(types.indexOf('response.created'))
    expect(types.indexOf('input_audio_buffer.committed')).toBeLessThan(types.indexOf('response.done'))
    expect(mind.interruptions).toBe(1)
  })

  it('does not end it where the client wished so; the turn is answered after it', async () => {
    await using call = await inAnswer({})
    const { client, mind, clock } = call
    client.update({ turn_detection: { interrupt_response: false } })
    await client.settled()
    mind.speak()
    mind.hush()
    await client.settled()
    expect(client.types).not.toContain('response.done')
    expect(mind.interruptions).toBe(0)
    clock.advance(50)
    await client.next('response.audio.delta', 1)
    client.send({ type: 'response.cancel' })
    await client.next('response.created')
    expect(mind.requests.at(-1)?.trigger).toBe('turn')
  })

  it('has nothing to end when all is sent, but the mind knows that it was talked over', async () => {
    const clock = new ManualClock()
    const { server, minds } = await serveByHand({ clock })
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    if (mind === undefined) throw new TypeError('no mind')
    mind.answer = async function* () {
      yield { type: 'audio', audio: new Uint8Array(48_000) }
    }
    client.send({ type: 'response.create' })
    await client.next('response.done')
    clock.advance(900)
    mind.speak()
    mind.hush()
    await client.next('response.done', 2)
    expect(client.ofType('response.done').map((event) => event['response'].status)).toEqual(['completed', 'completed'])
    expect(mind.interruptions).toBe(1)
    clock.advance(1000)
    mind.speak()
    await client.settled()
    expect(mind.interruptions).toBe(1)
  })

  it('before the first sound of the answer leaves nothing of it', async () => {
    await using server = await serve({
      replies: [
        [
          { do: 'pause', ms: 60_000 },
          { do: 'say', text: 'late' },
        ],
      ],
    })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    await client.next('response.created')
    client.append(speech(200), silence(20))
    const done = await client.next('response.done')
    expect(done['response']).toMatchObject({ status: 'cancelled', output: [] })
    expect(client.types.slice(2)).toEqual(['input_audio_buffer.speech_started', 'response.done'])
  })
})

describe('a client that cancels', () => {
  it('gets the tail of the answer', async () => {
    await using call = await inAnswer({ behaviour: { interruption: { lateDeltas: 0 } } })
    call.client.send({ type: 'response.cancel' })
    const done = await call.client.next('response.done')
    expect(done['response'].status).toBe('cancelled')
    expect(call.client.types).toEqual([
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    expect(call.mind.interruptions).toBe(1)
  })

  it('gets an error when nothing is active, and no harm is done', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.send({ type: 'response.cancel' })
    expect((await client.next('error'))['error']).toEqual({
      type: 'invalid_request_error',
      code: '',
      message: 'Conversation has none active response',
      param: '',
    })
    client.update({})
    await client.next('session.updated')
  })

  it('is not heeded when the model is of that kind', async () => {
    await using call = await inAnswer({ behaviour: { acceptCancel: false } })
    call.client.send({ type: 'response.cancel' })
    await call.client.settled()
    call.clock.advance(50)
    await call.client.next('response.audio.delta')
    expect(call.client.types).not.toContain('response.done')
  })
})
