import { describe, expect, it } from 'vitest'
import { samplesOf } from '../../../src/audio/pcm.ts'
import { toneDbfs } from '../../../src/audio/tone.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { ask, turn, under } from './faulty.ts'
import { connect, serve } from './raw-client.ts'

describe('words of the caller', () => {
  it('are lost, empty or refused', async () => {
    const completed = 'conversation.item.input_audio_transcription.completed'
    for (const transcript of ['empty', 'never', 'failed'] as const) {
      await using session = await under({ transcript })
      turn(session.client)
      await session.client.next('response.done')
      const [words] = session.client.ofType(completed)
      if (transcript === 'empty') expect(words?.['transcript']).toBe('')
      else expect(words).toBeUndefined()
      const [failed] = session.client.ofType('conversation.item.input_audio_transcription.failed')
      expect(failed !== undefined).toBe(transcript === 'failed')
      expect(failed ?? {}).not.toHaveProperty('event_id')
    }
  })

  it('come after the answer', async () => {
    await using session = await under({ transcript: 'after-response' })
    turn(session.client)
    const words = await session.client.next('conversation.item.input_audio_transcription.completed')
    expect(words['transcript']).toBe('hello')
    expect(session.client.types.at(-2)).toBe('response.done')
  })
})

describe('a wire of bad manners', () => {
  it('mixes in events that nobody knows and frames without a type', async () => {
    await using session = await under({ unknownEvents: true, typelessFrames: true })
    ask(session.client)
    await session.client.next('response.done')
    const at = session.client.types.indexOf('response.created')
    expect(session.client.events.slice(at - 2, at)).toMatchObject([{ type: 'session.telemetry' }, { choices: [{}] }])
    expect(session.client.types[at - 1]).toBeUndefined()
  })

  it('cuts its messages into fragments', async () => {
    await using session = await under({ fragmentBytes: 1000 })
    ask(session.client)
    await session.client.next('response.done')
    const audio = session.client.ofType('response.audio.delta').map((event) => Buffer.from(event['delta'], 'base64'))
    expect(Buffer.concat(audio).length).toBe(48_000)
  })

  it('cuts samples in two', async () => {
    await using session = await under({ oddDeltas: true })
    ask(session.client)
    await session.client.next('response.done')
    const audio = session.client.ofType('response.audio.delta').map((event) => Buffer.from(event['delta'], 'base64'))
    expect(audio.map((one) => one.length % 2).slice(0, -1)).toEqual(audio.slice(1).map(() => 1))
    const whole = samplesOf(Buffer.concat(audio))
    expect(whole.length).toBe(24_000)
    expect(toneDbfs(whole, 24_000, 440)).toBeGreaterThan(-12.1)
  })

  it('sends an answer in one delta of more than a mebibyte', async () => {
    await using server = await serve(toneScript(440, 20_000), { faults: { hugeDeltas: true } })
    await using client = await connect(server)
    ask(client)
    await client.next('response.done')
    const [delta, ...others] = client.ofType('response.audio.delta')
    expect(others).toEqual([])
    expect(delta?.['delta'].length).toBeGreaterThan(1 << 20)
    expect(Buffer.from(delta?.['delta'], 'base64').length).toBe(960_000)
    expect(client.types.slice(-6)).toEqual([
      'response.audio.delta',
      'response.audio_transcript.done',
      'response.audio.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.done',
    ])
  })

  it('misspells, and speaks the other dialect', async () => {
    await using session = await under({ misspelledCommitted: true, gaNames: true })
    turn(session.client)
    await session.client.next('response.done')
    expect(session.client.types).toContain('input_audio_buffer.commited')
    expect(session.client.types).not.toContain('input_audio_buffer.committed')
    const spoken = session.client.types.filter((type) => type.startsWith('response.output_audio'))
    expect([...new Set(spoken)]).toEqual([
      'response.output_audio_transcript.delta',
      'response.output_audio.delta',
      'response.output_audio_transcript.done',
      'response.output_audio.done',
    ])
    expect(session.client.types.some((type) => type.startsWith('response.audio'))).toBe(false)
  })

  it("creates the caller's item while the caller still speaks", async () => {
    await using session = await under({}, { behaviour: { itemWhileSpeaking: true } })
    turn(session.client)
    await session.client.next('response.created')
    const turnOnly = session.client.types.slice(0, session.client.types.indexOf('response.created'))
    expect(turnOnly.filter((type) => /^(input_audio_buffer|conversation\.item\.created)/.test(type))).toEqual([
      'input_audio_buffer.speech_started',
      'conversation.item.created',
      'input_audio_buffer.speech_stopped',
      'input_audio_buffer.committed',
    ])
  })
})

describe('a model that speaks unasked', () => {
  it('does so when told to', async () => {
    await using session = await under({ strikes: [{ at: 'time', ms: 20, do: 'speak' }] })
    await session.client.next('response.done')
    expect(session.client.types).not.toContain('input_audio_buffer.committed')
  })

  it('does so when the caller stays silent after the answer was played, and not when the caller speaks', async () => {
    const clock = new ManualClock()
    await using session = await under({}, { clock })
    const { client } = session
    client.update({ turn_detection: { idle_timeout_ms: 5000, create_response: false } })
    ask(client)
    await client.next('response.done')
    await client.settled()
    clock.advance(5999)
    await client.settled()
    expect(client.ofType('response.created')).toHaveLength(1)
    clock.advance(1)
    await client.next('response.done', 2)
    await client.settled()
    clock.advance(1000)
    turn(client)
    await client.next('input_audio_buffer.committed')
    clock.advance(60_000)
    await client.settled()
    expect(client.ofType('response.created')).toHaveLength(2)
  })
})
