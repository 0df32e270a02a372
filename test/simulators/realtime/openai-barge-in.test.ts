import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type Script, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { gaStage, nextError, soundOf, speak } from './ga.ts'
import type { RawClient } from './raw-client.ts'

const long: Script = toneScript(440, 5000)
/** Sent as it sounds, on a clock that stands still: an answer that has begun and does not end. */
const slow = () => ({ clock: new ManualClock(), behaviour: { speedFactor: 1 } })

async function begun(client: RawClient): Promise<string> {
  client.send({ type: 'response.create' })
  const { response_id } = await client.next('response.output_audio.delta')
  return response_id
}

describe('a caller who speaks over OpenAI’s model', () => {
  it('ends the answer, and the reason is the turn', async () => {
    await using stage = await gaStage(long, slow())
    await begun(stage.client)
    speak(stage.client, 200, 0)
    const { response } = await stage.client.next('response.done')
    expect(response).toMatchObject({
      status: 'cancelled',
      status_details: { type: 'cancelled', reason: 'turn_detected' },
      output: [{ status: 'incomplete' }],
    })
    const after = stage.client.types.slice(stage.client.types.indexOf('input_audio_buffer.speech_started'))
    expect(after).toEqual([
      'input_audio_buffer.speech_started',
      'response.output_audio.delta',
      'response.output_audio_transcript.done',
      'response.output_audio.done',
      'response.content_part.done',
      'conversation.item.done',
      'response.output_item.done',
      'response.done',
    ])
  })

  it('does not end it when the client said so', async () => {
    await using stage = await gaStage(long, slow())
    const turn_detection = { type: 'server_vad', interrupt_response: false, create_response: false }
    stage.client.update({ type: 'realtime', audio: { input: { turn_detection } } })
    await begun(stage.client)
    speak(stage.client, 200, 600)
    await stage.client.next('conversation.item.done')
    await stage.client.settled()
    expect(stage.client.types).not.toContain('response.done')
  })

  it.each([
    ['wait', 2],
    ['drop', 1],
  ] as const)('is answered after the answer or never, as the server does it (%s)', async (busyTurn, answers) => {
    const { clock, behaviour } = slow()
    await using stage = await gaStage(long, { clock, behaviour: { ...behaviour, busyTurn } })
    const turn_detection = { type: 'server_vad', interrupt_response: false, silence_duration_ms: 200 }
    stage.client.update({ type: 'realtime', audio: { input: { turn_detection } } })
    await begun(stage.client)
    speak(stage.client)
    stage.client.send({ type: 'response.cancel' })
    await stage.client.next('response.done')
    await stage.client.settled()
    expect(stage.client.ofType('response.created')).toHaveLength(answers)
  })
})

describe('a client that stops OpenAI’s model', () => {
  it.each([true, false])('cancels the answer, whether it names it (%s) or not', async (isNamed) => {
    await using stage = await gaStage(long, slow())
    const response_id = await begun(stage.client)
    stage.client.send({ type: 'response.cancel', ...(isNamed ? { response_id } : {}) })
    const { response } = await stage.client.next('response.done')
    expect(response).toMatchObject({ id: response_id, status: 'cancelled' })
    expect(response.status_details).toEqual({ type: 'cancelled', reason: 'client_cancelled' })
  })

  it.each([{}, { response_id: 'resp_other' }])('is told when there is no such answer %j', async (which) => {
    await using stage = await gaStage(long, slow())
    if ('response_id' in which) await begun(stage.client)
    stage.client.send({ type: 'response.cancel', event_id: 'mine', ...which })
    expect(await nextError(stage.client)).toEqual({
      type: 'invalid_request_error',
      code: 'response_cancel_not_active',
      message: 'Cancellation failed: no active response found',
      param: null,
      event_id: 'mine',
    })
    expect(stage.client.types).not.toContain('response.done')
  })

  it('is told that one answer is under way when it asks for another', async () => {
    await using stage = await gaStage(long, slow())
    const id = await begun(stage.client)
    stage.client.send({ type: 'response.create' })
    const error = await nextError(stage.client)
    expect(error).toMatchObject({ code: 'conversation_already_has_active_response', event_id: null })
    expect(error['message']).toContain(id)
  })
})

describe('a client that tells OpenAI’s model what was heard', () => {
  it('cuts the sound, and the words are gone', async () => {
    await using stage = await gaStage(toneScript(440, 500))
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    const { item_id } = await stage.client.next('response.output_audio.delta')
    stage.client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 120 })
    const truncated = await stage.client.next('conversation.item.truncated')
    expect(truncated).toMatchObject({ item_id, content_index: 0, audio_end_ms: 120 })
    expect(stage.server.sessions[0]?.truncations).toEqual([{ itemId: item_id, remainsMs: 120, ofMs: 500 }])
    expect(stage.server.sessions[0]?.items).toMatchObject([{ id: item_id, text: '' }])
  })

  it('is refused when the item never was that long', async () => {
    await using stage = await gaStage(toneScript(440, 500))
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    expect(soundOf(stage.client).length).toBe(4000)
    const { item_id } = await stage.client.next('response.output_audio.delta')
    stage.client.send({
      type: 'conversation.item.truncate',
      item_id,
      content_index: 0,
      audio_end_ms: 501,
      event_id: 't',
    })
    expect(await nextError(stage.client)).toMatchObject({
      code: 'invalid_value',
      message: 'Audio content of 500ms is already shorter than 501ms',
      event_id: 't',
    })
    expect(stage.server.sessions[0]?.truncations).toEqual([])
  })

  it('is refused for an item that is not there, or that was never sound', async () => {
    await using stage = await gaStage(long)
    const truncate = (item_id: string) =>
      stage.client.send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 0 })
    truncate('item_none')
    expect(await nextError(stage.client)).toMatchObject({ code: 'item_truncate_invalid_item_id' })
    const content = [{ type: 'input_text', text: 'hello' }]
    stage.client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
    truncate((await stage.client.next('conversation.item.added'))['item'].id)
    expect(await nextError(stage.client, 2)).toMatchObject({ message: expect.stringContaining('Only model output') })
  })
})
