import { describe, expect, it } from 'vitest'
import { samplesOf } from '../../../src/audio/pcm.ts'
import { toneDbfs } from '../../../src/audio/tone.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type Script, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { connect, courseOf, type RawClient, serve, serveByHand, silence, speech } from './raw-client.ts'

const twoWords: Script = {
  turns: [{ guesses: ['I would', 'I would like'], transcript: 'I would like a table' }],
  replies: [
    [
      { do: 'say', text: 'For how many?' },
      { do: 'tone', hz: 500, ms: 500 },
    ],
  ],
}

/** The sound of every audio delta, joined. */
function soundOf(client: RawClient): Buffer {
  return Buffer.concat(client.ofType('response.audio.delta').map((event) => Buffer.from(event['delta'], 'base64')))
}

describe('a turn that the model hears the end of', () => {
  it('is answered in the documented order', async () => {
    await using server = await serve(twoWords)
    await using client = await connect(server)
    client.update({ turn_detection: { type: 'server_vad', silence_duration_ms: 300 } })
    client.append(silence(400), speech(600), silence(400))
    const done = await client.next('response.done')
    expect(courseOf(client.events)).toEqual([
      'session.created',
      'session.updated',
      'input_audio_buffer.speech_started',
      'conversation.item.input_audio_transcription.delta',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
      'conversation.item.created',
      'conversation.item.input_audio_transcription.completed',
      'response.created',
      'response.output_item.added',
      'conversation.item.created',
      'response.content_part.added',
      'response.audio_transcript.delta',
      'response.audio.delta',
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    const [started, stopped] = [client.events[2], await client.next('input_audio_buffer.speech_stopped')]
    expect(started).toMatchObject({ audio_start_ms: 100 })
    expect(stopped).toMatchObject({ audio_end_ms: 1000, item_id: started?.['item_id'] })
    expect(client.ofType('conversation.item.created')[0]?.['item']).toEqual({
      id: started?.['item_id'],
      object: 'realtime.item',
      type: 'message',
      status: 'in_progress',
      role: 'user',
      content: [{ type: 'input_audio' }],
    })
    const guesses = client.ofType('conversation.item.input_audio_transcription.delta')
    expect(guesses.map(({ text, stash }) => [text, stash])).toEqual([
      ['I ', 'would'],
      ['I would ', 'like'],
    ])
    expect(await client.next('conversation.item.input_audio_transcription.completed')).toMatchObject({
      item_id: started?.['item_id'],
      content_index: 0,
      transcript: 'I would like a table',
    })
    const added = (await client.next('response.output_item.added'))['item']
    expect(done['response']).toMatchObject({
      object: 'realtime.response',
      status: 'completed',
      modalities: ['text', 'audio'],
      voice: 'Tina',
      output: [
        {
          id: added.id,
          type: 'message',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'audio', transcript: 'For how many?' }],
        },
      ],
    })
    // 600 ms of input count as a second at 7 tokens, 500 ms of output as one at 12.5.
    expect(done['response'].usage).toMatchObject({
      input_tokens_details: { audio_tokens: 7 },
      output_tokens_details: { text_tokens: 4, audio_tokens: 13 },
    })
    const { total_tokens, input_tokens, output_tokens } = done['response'].usage
    expect(total_tokens).toBe(input_tokens + output_tokens)
    const part = (await client.next('response.content_part.done'))['part']
    expect(part).toEqual({ type: 'audio', text: 'For how many?' })
    const words = client.ofType('response.audio_transcript.delta').map((event) => event['delta'])
    expect(words.join('')).toBe('For how many?')
    for (const event of client.events.slice(8)) expect(event['event_id']).toMatch(/^event_[A-Za-z0-9]{21}$/)
    const ids = new Set(client.events.map((event) => event['event_id']))
    expect(ids.size).toBe(client.events.length)
  })

  it('is answered with the very sound of the script', async () => {
    await using server = await serve(toneScript(650, 2300))
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    await client.next('response.done')
    const samples = samplesOf(soundOf(client))
    expect(samples.length).toBe(55_200)
    expect(toneDbfs(samples, 24_000, 650)).toBeGreaterThan(-12.2)
    expect(toneDbfs(samples, 24_000, 450)).toBeLessThan(-50)
    const sizes = client.ofType('response.audio.delta').map((event) => Buffer.from(event['delta'], 'base64').length)
    expect(Math.max(...sizes)).toBe(0.2 * 48_000)
  })

  it('is written, not spoken, in a text session', async () => {
    await using server = await serve(twoWords)
    await using client = await connect(server)
    client.update({ modalities: ['text'] })
    client.send({ type: 'response.create' })
    const done = await client.next('response.done')
    expect(courseOf(client.events).slice(2)).toEqual([
      'response.created',
      'response.output_item.added',
      'conversation.item.created',
      'response.content_part.added',
      'response.text.delta',
      'response.text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
    expect(done['response'].output[0].content).toEqual([{ type: 'text', text: 'For how many?' }])
    expect(done['response'].usage.output_tokens_details.audio_tokens).toBe(0)
  })

  it('is not answered when the mind does not accept it; only the semantic VAD says so', async () => {
    for (const type of ['server_vad', 'semantic_vad']) {
      await using server = await serve({ turns: [{ accepted: false }] })
      await using client = await connect(server)
      client.update({ turn_detection: { type, silence_duration_ms: 200 } })
      client.append(speech(300), silence(300))
      await client.next('input_audio_buffer.speech_stopped')
      if (type === 'semantic_vad') {
        const { error } = await client.next('error')
        expect(error.message).toBe('Input speech was not accepted by semantic turn detection')
      }
      await client.settled()
      const isTurn = type === 'server_vad'
      expect(client.types.includes('input_audio_buffer.committed')).toBe(isTurn)
      expect(client.types).not.toContain('response.created')
    }
  })

  it('gets its own words, also when they come after the next turn began', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    mind?.speak()
    mind?.hush()
    mind?.speak()
    mind?.tell({ type: 'transcript', text: 'second gue', final: false })
    mind?.tell({ type: 'transcript', text: 'first', final: true })
    mind?.hush()
    mind?.speak()
    mind?.hush()
    mind?.tell({ type: 'transcript', text: 'second', final: true })
    mind?.tell({ type: 'transcript', text: 'third', final: true })
    mind?.tell({ type: 'transcript', text: 'nobody said this', final: true })
    await client.settled()
    const [first, second, third] = client.ofType('input_audio_buffer.speech_started').map((event) => event['item_id'])
    const finals = client.ofType('conversation.item.input_audio_transcription.completed')
    expect(finals.map((event) => [event['item_id'], event['transcript']])).toEqual([
      [first, 'first'],
      [second, 'second'],
      [third, 'third'],
    ])
    const [guess] = client.ofType('conversation.item.input_audio_transcription.delta')
    expect(guess?.['item_id']).toBe(second)
  })

  it('gets no transcript in a session that wants none, and no guesses from an older model', async () => {
    await using server = await serve(twoWords)
    await using client = await connect(server)
    await using old = await connect(server, 'qwen3-omni-flash-realtime')
    client.update({ input_audio_transcription: null, turn_detection: { silence_duration_ms: 300 } })
    old.update({ turn_detection: { silence_duration_ms: 300 } })
    for (const one of [client, old]) {
      one.append(speech(600), silence(400))
      await one.next('response.done')
    }
    expect(client.types.filter((type) => type.includes('transcription'))).toEqual([])
    expect(old.types.filter((type) => type.includes('transcription'))).toEqual([
      'conversation.item.input_audio_transcription.completed',
    ])
  })

  it('is left to the client when it asked for no answers, unless the model does not heed that', async () => {
    for (const heedVadFlags of [true, false]) {
      await using server = await serve(twoWords, { behaviour: { heedVadFlags } })
      await using client = await connect(server)
      client.update({ turn_detection: { silence_duration_ms: 200, create_response: false } })
      client.append(speech(300), silence(300))
      await client.next('input_audio_buffer.committed')
      await client.settled()
      expect(client.types.includes('response.created')).toBe(!heedVadFlags)
    }
  })
})

describe('a turn that the client ends', () => {
  it('is committed, then answered when the client asks', async () => {
    await using server = await serve(twoWords)
    await using client = await connect(server)
    client.update({ turn_detection: null })
    client.append(speech(400), silence(2000))
    client.send({ type: 'input_audio_buffer.commit' })
    await client.settled()
    client.send({ type: 'response.create', response: { instructions: null, modalities: ['audio', 'text'] } })
    await client.next('response.done')
    expect(courseOf(client.events).slice(2, 6)).toEqual([
      'input_audio_buffer.committed',
      'conversation.item.created',
      'conversation.item.input_audio_transcription.completed',
      'response.created',
    ])
    expect(client.types).not.toContain('input_audio_buffer.speech_started')
  })

  it('cannot be empty, and cannot be ended by hand while the model listens for its end', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    client.append(speech(20))
    client.send({ type: 'input_audio_buffer.commit' })
    expect((await client.next('error'))['error'].message).toBe('Internal service error: null')
    client.update({ turn_detection: null })
    client.send({ type: 'input_audio_buffer.clear' })
    await client.next('input_audio_buffer.cleared')
    client.send({ type: 'input_audio_buffer.commit' })
    expect((await client.next('error', 2))['error'].type).toBe('invalid_request_error')
    client.append(speech(20))
    client.send({ type: 'input_audio_buffer.commit' })
    await client.next('input_audio_buffer.committed')
    expect(minds[0]).toMatchObject({ commits: 1, clears: 1, config: { vad: undefined } })
  })

  it('does not hear speech that the mind tells of by itself', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    client.update({ turn_detection: null })
    await client.next('session.updated')
    minds[0]?.speak()
    minds[0]?.hush()
    await client.settled()
    expect(client.types).toEqual(['session.created', 'session.updated'])
  })
})

describe('a turn that the client ends, at a model that is slow to take it,', () => {
  it('loses an answer that is asked for too soon, without a word', async () => {
    const clock = new ManualClock()
    await using server = await serve(twoWords, { clock, behaviour: { turnTakingMs: 200 } })
    await using client = await connect(server)
    client.update({ turn_detection: null })
    client.append(speech(400))
    client.send({ type: 'input_audio_buffer.commit' })
    client.send({ type: 'response.create' })
    await client.settled()
    expect(client.types.slice(-2)).not.toContain('conversation.item.created')
    clock.advance(200)
    await client.next('conversation.item.created')
    expect(client.types).not.toContain('response.created')
    expect(client.types).not.toContain('error')
    client.send({ type: 'response.create' })
    await client.next('response.created')
  })

  it('has its item only with the answer, where the model does it so', async () => {
    await using server = await serve(twoWords, { behaviour: { itemAfterCreate: true } })
    await using client = await connect(server)
    client.update({ turn_detection: null })
    client.append(speech(400))
    client.send({ type: 'input_audio_buffer.commit' })
    await client.settled()
    expect(client.types).not.toContain('conversation.item.created')
    client.send({ type: 'response.create' })
    await client.next('response.created')
    const { item_id } = await client.next('input_audio_buffer.committed')
    expect((await client.next('conversation.item.created'))['item'].id).toBe(item_id)
  })
})
