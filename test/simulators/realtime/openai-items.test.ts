import { describe, expect, it } from 'vitest'
import { GA_MODEL, gaStage, nextError, speak } from './ga.ts'
import { connect, type RawClient, serveByHand, speech } from './raw-client.ts'

const text = (role: string, words: string) => ({
  type: 'message',
  role,
  content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text: words }],
})

function add(client: RawClient, item: object, rest: object = {}): void {
  client.send({ type: 'conversation.item.create', item, ...rest })
}

describe('a conversation that is told to OpenAI’s model again', () => {
  it('is there in the order in which it was told, and the server’s owner can look', async () => {
    await using stage = await gaStage({})
    add(stage.client, text('system', 'This call was interrupted.'))
    add(stage.client, text('user', 'A table for two.'))
    add(stage.client, text('assistant', 'For which day?'))
    await stage.client.next('conversation.item.done', 3)
    expect(stage.server.sessions[0]?.items).toMatchObject([
      { type: 'message', role: 'system', text: 'This call was interrupted.' },
      { type: 'message', role: 'user', text: 'A table for two.' },
      { type: 'message', role: 'assistant', text: 'For which day?' },
    ])
    const added = stage.client.ofType('conversation.item.added')
    expect(added[1]).toMatchObject({ previous_item_id: added[0]?.['item'].id, item: { status: 'completed' } })
  })

  it('reaches the mind but for what the model said itself', async () => {
    const { server, minds } = await serveByHand({ dialect: 'openai' })
    await using _server = server
    await using client = await connect(server, GA_MODEL)
    add(client, text('user', 'A table for two.'))
    add(client, text('assistant', 'For which day?'))
    client.send({ type: 'response.create', response: { instructions: 'Go on.' } })
    await client.next('response.done')
    expect(minds[0]?.requests).toMatchObject([{ messages: ['A table for two.'], instructions: 'Go on.' }])
  })

  it('is there in the place that the client wants', async () => {
    await using stage = await gaStage({})
    add(stage.client, { id: 'item_a', ...text('user', 'a') })
    add(stage.client, { id: 'item_c', ...text('user', 'c') })
    add(stage.client, { id: 'item_b', ...text('user', 'b') }, { previous_item_id: 'item_a' })
    add(stage.client, { id: 'item_0', ...text('system', '0') }, { previous_item_id: 'root' })
    await stage.client.next('conversation.item.done', 4)
    expect(stage.server.sessions[0]?.items.map((item) => item.id)).toEqual(['item_0', 'item_a', 'item_b', 'item_c'])
    expect(stage.client.ofType('conversation.item.added').map((event) => event['previous_item_id'])).toEqual([
      null,
      'item_a',
      'item_a',
      null,
    ])
  })

  it('holds calls of tools too, whose outputs are then taken', async () => {
    await using stage = await gaStage({})
    add(stage.client, { type: 'function_call', call_id: 'call_1', name: 'look_up', arguments: '{}' })
    add(stage.client, { type: 'function_call_output', call_id: 'call_1', output: 'found' })
    await stage.client.next('conversation.item.done', 2)
    expect(stage.server.sessions[0]?.items).toMatchObject([
      { type: 'function_call', callId: 'call_1', text: '{}' },
      { type: 'function_call_output', callId: 'call_1', text: 'found' },
    ])
  })

  it.each([
    [{ item: text('assistant', 'x') }, undefined],
    [{ item: { ...text('user', 'x'), content: [{ type: 'output_text', text: 'x' }] } }, 'invalid_value'],
    [{ item: { ...text('assistant', 'x'), content: [{ type: 'input_text', text: 'x' }] } }, 'invalid_value'],
    [{ item: { type: 'reference' } }, 'invalid_value'],
    [{ item: { ...text('user', 'x'), words: 'x' } }, 'unknown_parameter'],
    [{}, 'missing_required_parameter'],
    [{ item: text('user', 'x'), previous_item_id: 'item_none' }, 'item_create_invalid_previous_item_id'],
    [{ item: { id: 'item_twice', ...text('user', 'x') } }, 'item_create_duplicate_item_id'],
    [{ item: { type: 'function_call_output', call_id: 'call_x', output: '' } }, 'invalid_tool_call_id'],
  ])('%j ends as %s', async (fields, code) => {
    await using stage = await gaStage({})
    add(stage.client, { id: 'item_twice', ...text('user', 'first') })
    stage.client.send({ type: 'conversation.item.create', event_id: 'add-1', ...fields })
    if (code === undefined) await stage.client.next('conversation.item.done', 2)
    else expect(await nextError(stage.client)).toMatchObject({ code, event_id: 'add-1' })
  })
})

describe('an item of OpenAI’s wire', () => {
  it('can be looked at and taken away', async () => {
    await using stage = await gaStage({ turns: [{ transcript: 'hello' }] })
    speak(stage.client)
    const { item_id } = await stage.client.next('conversation.item.input_audio_transcription.completed')
    stage.client.send({ type: 'conversation.item.retrieve', item_id })
    expect((await stage.client.next('conversation.item.retrieved'))['item']).toMatchObject({
      id: item_id,
      role: 'user',
      content: [{ type: 'input_audio', transcript: 'hello' }],
    })
    stage.client.send({ type: 'conversation.item.delete', item_id })
    expect(await stage.client.next('conversation.item.deleted')).toMatchObject({ item_id })
    for (const event of ['retrieve', 'delete']) {
      stage.client.send({ type: `conversation.item.${event}`, item_id, event_id: event })
      await stage.client.settled()
    }
    expect(stage.client.ofType('error').map((event) => event['error'])).toMatchObject([
      { code: 'item_retrieve_invalid_item_id', event_id: 'retrieve' },
      { code: 'item_delete_invalid_item_id', event_id: 'delete' },
    ])
  })

  it('is none when the answer is out of band', async () => {
    await using stage = await gaStage({ replies: [[{ do: 'say', text: 'aside' }]] })
    stage.client.send({ type: 'response.create', response: { conversation: 'none', output_modalities: ['text'] } })
    const { response } = await stage.client.next('response.done')
    expect(response.conversation_id).toBeNull()
    expect(response.output).toHaveLength(1)
    expect(stage.server.sessions[0]?.items).toEqual([])
    expect(stage.client.types.filter((type) => type.startsWith('conversation.item'))).toEqual([])
  })

  it('is a call of a tool, answered by the client', async () => {
    await using stage = await gaStage({
      replies: [[{ do: 'call', name: 'look_up', args: '{"day":"Friday"}' }], [{ do: 'say', text: 'Found.' }]],
    })
    stage.client.send({ type: 'response.create' })
    const done = await stage.client.next('response.function_call_arguments.done')
    expect(done).toMatchObject({ name: 'look_up', arguments: '{"day":"Friday"}', output_index: 0 })
    expect((await stage.client.next('response.done'))['response'].output).toMatchObject([
      { type: 'function_call', status: 'completed', call_id: done['call_id'], arguments: '{"day":"Friday"}' },
    ])
    add(stage.client, { type: 'function_call_output', call_id: done['call_id'], output: 'one table' })
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done', 2)
    expect(stage.server.sessions[0]?.items.map((item) => [item.type, item.text])).toEqual([
      ['function_call', '{"day":"Friday"}'],
      ['function_call_output', 'one table'],
      ['message', 'Found.'],
    ])
  })
})

describe('the items of Qwen’s wire', () => {
  it('can be looked at by the server’s owner as well', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    add(client, { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'so far' }] })
    client.append(speech(20))
    await client.settled()
    minds[0]?.speak()
    minds[0]?.tell({ type: 'transcript', text: 'hello', final: true })
    minds[0]?.hush()
    await client.next('response.done')
    expect(server.sessions[0]?.items.map((item) => [item.role, item.text])).toEqual([
      ['user', 'so far'],
      ['user', 'hello'],
    ])
  })
})
