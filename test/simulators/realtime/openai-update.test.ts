import { describe, expect, it } from 'vitest'
import { toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { gaStage, nextError } from './ga.ts'

const script = toneScript(440, 100)
const input = (fields: object) => ({ type: 'realtime', audio: { input: fields } })
const output = (fields: object) => ({ type: 'realtime', audio: { output: fields } })
const vad = (fields: object) => input({ turn_detection: { type: 'server_vad', ...fields } })
const tool = { type: 'function', name: 'look_up', description: 'Looks it up.', parameters: { type: 'object' } }

/** An update, the code of its refusal, and the field at fault. */
const refusals: readonly (readonly [unknown, string, string])[] = [
  [{ instructions: 'hi' }, 'missing_required_parameter', 'session.type'],
  [{ type: 'transcription' }, 'invalid_value', 'session.type'],
  [{ type: 'realtime', foo: 1 }, 'unknown_parameter', 'session.foo'],
  [{ type: 'realtime', voice: 'marin' }, 'unknown_parameter', 'session.voice'],
  [{ type: 'realtime', modalities: ['text'] }, 'unknown_parameter', 'session.modalities'],
  [{ type: 'realtime', turn_detection: null }, 'unknown_parameter', 'session.turn_detection'],
  [{ type: 'realtime', temperature: 0.8 }, 'unknown_parameter', 'session.temperature'],
  [{ type: 'realtime', instructions: 5 }, 'invalid_type', 'session.instructions'],
  [{ type: 'realtime', output_modalities: ['audio', 'text'] }, 'invalid_value', 'session.output_modalities'],
  [{ type: 'realtime', output_modalities: ['video'] }, 'invalid_value', 'session.output_modalities'],
  [{ type: 'realtime', output_modalities: 'audio' }, 'invalid_type', 'session.output_modalities'],
  [{ type: 'realtime', audio: { middle: {} } }, 'unknown_parameter', 'session.audio.middle'],
  [input({ rate: 8000 }), 'unknown_parameter', 'session.audio.input.rate'],
  [input({ format: { type: 'audio/wav' } }), 'invalid_value', 'session.audio.input.format.type'],
  [input({ format: { type: 'audio/pcm', rate: 16_000 } }), 'invalid_value', 'session.audio.input.format.rate'],
  [input({ format: { type: 'audio/pcmu', rate: 8000 } }), 'invalid_value', 'session.audio.input.format.rate'],
  [input({ transcription: { modell: 'x' } }), 'unknown_parameter', 'session.audio.input.transcription.modell'],
  [input({ noise_reduction: { type: 'loud' } }), 'invalid_value', 'session.audio.input.noise_reduction.type'],
  [input({ turn_detection: { type: 'smart' } }), 'invalid_value', 'session.audio.input.turn_detection.type'],
  [vad({ threshold: 1.5 }), 'decimal_above_max_value', 'session.audio.input.turn_detection.threshold'],
  [vad({ threshold: -0.5 }), 'decimal_below_min_value', 'session.audio.input.turn_detection.threshold'],
  [vad({ silence_duration_ms: '200' }), 'invalid_type', 'session.audio.input.turn_detection.silence_duration_ms'],
  [vad({ create_response: 1 }), 'invalid_type', 'session.audio.input.turn_detection.create_response'],
  [vad({ idle_timeout_ms: 100 }), 'decimal_below_min_value', 'session.audio.input.turn_detection.idle_timeout_ms'],
  [vad({ eagerness: 'low' }), 'unknown_parameter', 'session.audio.input.turn_detection.eagerness'],
  [
    input({ turn_detection: { type: 'semantic_vad', threshold: 0.5 } }),
    'unknown_parameter',
    'session.audio.input.turn_detection.threshold',
  ],
  [output({ voice: 'Cherry' }), 'invalid_value', 'session.audio.output.voice'],
  [output({ speed: 3 }), 'decimal_above_max_value', 'session.audio.output.speed'],
  [
    { type: 'realtime', tools: [{ type: 'function', function: tool }] },
    'unknown_parameter',
    'session.tools[0].function',
  ],
  [{ type: 'realtime', tools: [{ ...tool, meta: {} }] }, 'unknown_parameter', 'session.tools[0].meta'],
  [{ type: 'realtime', tools: [{ ...tool, name: 'a b' }] }, 'invalid_value', 'session.tools[0].name'],
]

describe('a session.update of OpenAI’s wire', () => {
  it.each(refusals)('%j is refused as %s', async (session, code, param) => {
    await using stage = await gaStage(script)
    await stage.client.next('session.updated')
    const before = stage.server.sessions[0]?.config
    stage.client.send({ type: 'session.update', event_id: 'update-1', session })
    expect(await nextError(stage.client)).toMatchObject({
      type: 'invalid_request_error',
      code,
      param,
      event_id: 'update-1',
    })
    expect(stage.server.sessions[0]?.config).toEqual(before)
    expect(stage.client.ofType('session.updated')).toHaveLength(1)
  })

  it('changes what it names and nothing else', async () => {
    await using stage = await gaStage(script)
    const { session: before } = await stage.client.next('session.updated')
    stage.client.update({ ...vad({ threshold: 0.7 }), instructions: 'be brief', tools: [tool], tool_choice: 'none' })
    const { session: after } = await stage.client.next('session.updated', 2)
    const { input: heard, output: spoken } = before.audio
    expect(after).toEqual({
      ...before,
      instructions: 'be brief',
      tools: [tool],
      tool_choice: 'none',
      audio: { input: { ...heard, turn_detection: { ...heard.turn_detection, threshold: 0.7 } }, output: spoken },
    })
  })

  it('takes every voice, format and eagerness there is', async () => {
    await using stage = await gaStage(script)
    stage.client.update({ ...input({ format: { type: 'audio/pcma' }, noise_reduction: { type: 'near_field' } }) })
    stage.client.update(output({ voice: { id: 'voice_1234' }, format: { type: 'audio/pcma' }, speed: 1.1 }))
    stage.client.update(input({ turn_detection: { type: 'semantic_vad' } }))
    stage.client.update(input({ turn_detection: null }))
    const { session } = await stage.client.next('session.updated', 5)
    expect(session.audio).toMatchObject({
      input: { format: { type: 'audio/pcma' }, noise_reduction: { type: 'near_field' }, turn_detection: null },
      output: { voice: 'voice_1234', format: { type: 'audio/pcma' }, speed: 1.1 },
    })
    expect(stage.client.types).not.toContain('error')
  })

  it('changes the voice until the model was heard, and not after', async () => {
    await using stage = await gaStage(script)
    stage.client.update(output({ voice: 'cedar' }))
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    stage.client.update(output({ voice: 'cedar', speed: 1 }))
    await stage.client.next('session.updated', 3)
    stage.client.update(output({ voice: 'marin' }))
    expect(await nextError(stage.client)).toMatchObject({ code: 'cannot_update_voice', param: null })
    // Unlike another service, this one does not close over a voice.
    stage.client.send({ type: 'response.create' })
    expect((await stage.client.next('response.done', 2))['response'].audio.output.voice).toBe('cedar')
  })

  it('does not take what is asked of one response in the words of the old interface', async () => {
    await using stage = await gaStage(script)
    stage.client.send({ type: 'response.create', response: { modalities: ['audio', 'text'] } })
    expect(await nextError(stage.client)).toMatchObject({ code: 'unknown_parameter', param: 'response.modalities' })
  })

  it.each([
    ['session.finish', {}],
    ['input_image_buffer.append', { image: '' }],
    ['transcription_session.update', { session: {} }],
  ])('%s is no event of it', async (type, fields) => {
    await using stage = await gaStage(script)
    stage.client.send({ type, event_id: 'odd-one', ...fields })
    expect(await nextError(stage.client)).toMatchObject({ code: 'invalid_value', param: 'type', event_id: 'odd-one' })
  })
})
