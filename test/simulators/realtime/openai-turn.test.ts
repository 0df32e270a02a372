import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import { tone } from '../../../src/audio/tone.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type Script, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { gaStage, soundOf, speak, telephone } from './ga.ts'
import { courseOf, type RawClient, silence, speech } from './raw-client.ts'

const heard: Script = {
  turns: [{ transcript: 'I would like a table' }],
  replies: [
    [
      { do: 'say', text: 'For how many?' },
      { do: 'tone', hz: 440, ms: 300 },
    ],
  ],
}

/** The events as the makers' own client reads them: a file that its package does not offer to others. */
const sdk = createRequire(createRequire(import.meta.url).resolve('@openai/agents/realtime'))
const { realtimeServerEventSchema }: { realtimeServerEventSchema: { safeParse(event: unknown): { error?: Error } } } =
  sdk(join(dirname(sdk.resolve('@openai/agents-realtime')), 'openaiRealtimeEvents.js'))

/** Every event so far is one that the makers' client knows, in every field that it names. */
function expectOfficial(client: RawClient): void {
  for (const event of client.events) {
    expect(realtimeServerEventSchema.safeParse(event).error, JSON.stringify(event).slice(0, 500)).toBeUndefined()
  }
}

describe('a turn on OpenAI’s wire', () => {
  it('is answered in the order and in the words of the GA interface', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client)
    await stage.client.next('response.done')
    expect(courseOf(stage.client.events)).toEqual([
      'session.created',
      'conversation.created',
      'session.updated',
      'input_audio_buffer.speech_started',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.added',
      'conversation.item.done',
      'conversation.item.input_audio_transcription.delta',
      'conversation.item.input_audio_transcription.completed',
      'response.created',
      'rate_limits.updated',
      'response.output_item.added',
      'conversation.item.added',
      'response.content_part.added',
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio_transcript.done',
      'response.output_audio.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ])
    expectOfficial(stage.client)
  })

  it('prints the session as it was set up', async () => {
    await using stage = await gaStage(heard)
    const { session: created } = await stage.client.next('session.created')
    expect(created).toMatchObject({
      type: 'realtime',
      object: 'realtime.session',
      output_modalities: ['audio'],
      audio: { input: { format: { type: 'audio/pcm', rate: 24_000 }, transcription: null }, output: { speed: 1 } },
    })
    const { session: updated } = await stage.client.next('session.updated')
    expect(updated.id).toBe(created.id)
    expect(updated.audio).toEqual({
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model: 'gpt-4o-transcribe' },
        noise_reduction: null,
        turn_detection: {
          type: 'server_vad',
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 200,
          create_response: true,
          interrupt_response: true,
          idle_timeout_ms: null,
        },
      },
      output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 },
    })
  })

  it('hears and speaks mu-law: a byte a sample, 8000 in a second', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client)
    const { audio_end_ms } = await stage.client.next('input_audio_buffer.speech_stopped')
    // The voice, and the silence that ended the turn.
    expect(audio_end_ms).toBe(400)
    await stage.client.next('response.done')
    expect(soundOf(stage.client)).toEqual(Buffer.from(encodeMulaw(tone(440, 300, 8000))))
  })

  it('hears and speaks 24 kHz PCM16 when nothing else was asked for', async () => {
    await using stage = await gaStage(heard)
    const format = { type: 'audio/pcm', rate: 24_000 }
    stage.client.update({ type: 'realtime', audio: { input: { format }, output: { format } } })
    // At 24 kHz what is made for 16 kHz lasts two thirds.
    stage.client.append(speech(300), silence(450))
    await stage.client.next('response.done')
    expect(soundOf(stage.client).length).toBe(300 * 48)
  })

  it('says the caller’s words bit by bit, then whole', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client)
    const { transcript, usage } = await stage.client.next('conversation.item.input_audio_transcription.completed')
    const deltas = stage.client.ofType('conversation.item.input_audio_transcription.delta')
    expect(deltas.length).toBeGreaterThan(2)
    expect(deltas.map((event) => event['delta']).join('')).toBe('I would like a table')
    expect(transcript).toBe('I would like a table')
    expect(usage).toMatchObject({ type: 'tokens' })
  })

  it('says no words of the caller until it is asked to', async () => {
    await using stage = await gaStage(heard)
    stage.client.update({ type: 'realtime', audio: { input: { transcription: null } } })
    speak(stage.client)
    await stage.client.next('response.done')
    expect(stage.client.types.filter((type) => type.includes('transcription'))).toEqual([])
  })

  it('orders the items by the one before', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client)
    await stage.client.next('response.done')
    const [caller, agent] = stage.client.ofType('conversation.item.added')
    expect(stage.client.ofType('input_audio_buffer.committed')[0]).toMatchObject({
      item_id: caller?.['item'].id,
      previous_item_id: null,
    })
    expect(caller).toMatchObject({ previous_item_id: null, item: { role: 'user', status: 'completed' } })
    expect(agent).toMatchObject({ previous_item_id: caller?.['item'].id, item: { status: 'in_progress' } })
  })

  it('says of a response what it was, and what it cost', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client)
    const { response } = await stage.client.next('response.done')
    expect(response).toMatchObject({
      object: 'realtime.response',
      status: 'completed',
      status_details: null,
      conversation_id: expect.stringMatching(/^conv_/),
      output_modalities: ['audio'],
      audio: { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } },
      output: [{ role: 'assistant', content: [{ type: 'output_audio', transcript: 'For how many?' }] }],
      usage: {
        input_token_details: { audio_tokens: 10, cached_tokens: 0 },
        output_token_details: { audio_tokens: 20 },
      },
    })
    expect((await stage.client.next('response.created'))['response'].usage).toBeNull()
  })

  it('writes when it is asked for text', async () => {
    await using stage = await gaStage(heard)
    stage.client.send({ type: 'response.create', response: { output_modalities: ['text'] } })
    const { response } = await stage.client.next('response.done')
    expect(response.output[0].content).toEqual([{ type: 'output_text', text: 'For how many?' }])
    expect(
      stage.client
        .ofType('response.output_text.delta')
        .map((event) => event['delta'])
        .join(''),
    ).toBe('For how many?')
    expect(stage.client.types).not.toContain('response.output_audio.delta')
    expectOfficial(stage.client)
  })

  it('is the client’s to end when no turn detection is wanted, from 100 ms of sound on', async () => {
    await using stage = await gaStage(heard)
    stage.client.update({ type: 'realtime', audio: { input: { turn_detection: null } } })
    speak(stage.client, 80, 0)
    stage.client.send({ type: 'input_audio_buffer.commit', event_id: 'too-early' })
    expect((await stage.client.next('error'))['error']).toMatchObject({
      code: 'input_audio_buffer_commit_empty',
      event_id: 'too-early',
    })
    speak(stage.client, 200, 0)
    stage.client.send({ type: 'input_audio_buffer.commit' })
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    expect(stage.client.types).not.toContain('input_audio_buffer.speech_started')
    expect(stage.client.ofType('input_audio_buffer.committed')).toHaveLength(1)
  })

  it('may be ended by the client in the middle of speech', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client, 200, 0)
    const { item_id } = await stage.client.next('input_audio_buffer.speech_started')
    stage.client.send({ type: 'input_audio_buffer.commit' })
    expect(await stage.client.next('input_audio_buffer.committed')).toMatchObject({ item_id })
    speak(stage.client, 0, 400)
    await stage.client.settled()
    expect(stage.client.types).not.toContain('input_audio_buffer.speech_stopped')
  })

  it('leaves nothing to commit when the server has ended it', async () => {
    await using stage = await gaStage(heard)
    speak(stage.client, 200, 200)
    await stage.client.next('response.done')
    stage.client.send({ type: 'input_audio_buffer.commit' })
    expect((await stage.client.next('error'))['error']).toMatchObject({ code: 'input_audio_buffer_commit_empty' })
  })

  it('comes of silence when the caller says nothing for as long as was asked', async () => {
    const clock = new ManualClock()
    await using stage = await gaStage(toneScript(440, 100), { clock })
    const turn_detection = { ...telephone.audio.input.turn_detection, idle_timeout_ms: 6000 }
    stage.client.update({ type: 'realtime', audio: { input: { turn_detection } } })
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    speak(stage.client, 0, 6100)
    await stage.client.settled()
    clock.advance(6099)
    await stage.client.settled()
    expect(stage.client.types).not.toContain('input_audio_buffer.timeout_triggered')
    clock.advance(1)
    const timeout = await stage.client.next('input_audio_buffer.timeout_triggered')
    expect(timeout).toMatchObject({ audio_start_ms: 100, audio_end_ms: 6100 })
    expect(await stage.client.next('input_audio_buffer.committed')).toMatchObject({ item_id: timeout['item_id'] })
    await stage.client.next('response.done', 2)
    expect(stage.server.sessions[0]?.items.map((item) => item.role)).toEqual(['assistant', 'user', 'assistant'])
  })

  it('waits longer under semantic VAD when the model is not eager', async () => {
    await using stage = await gaStage(heard)
    const set = (eagerness: string) =>
      stage.client.update({
        type: 'realtime',
        audio: { input: { turn_detection: { type: 'semantic_vad', eagerness } } },
      })
    set('low')
    speak(stage.client, 200, 900)
    await stage.client.settled()
    expect(stage.client.types).not.toContain('input_audio_buffer.speech_stopped')
    speak(stage.client, 0, 200)
    await stage.client.next('response.done')
    set('high')
    const { session } = await stage.client.next('session.updated', 3)
    expect(session.audio.input.turn_detection).toEqual({
      type: 'semantic_vad',
      eagerness: 'high',
      create_response: true,
      interrupt_response: true,
    })
    speak(stage.client, 200, 260)
    await stage.client.next('response.done', 2)
  })
})
