import { describe, expect, it } from 'vitest'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import { connect, courseOf, type Event, serve, serveByHand } from './raw-client.ts'

describe('a function call', () => {
  const tools: Script = {
    replies: [
      [
        { do: 'say', text: 'One moment.' },
        { do: 'tone', hz: 400, ms: 200 },
        { do: 'call', name: 'hours', args: '{"day":"monday"}' },
        { do: 'call', name: 'menu', args: '{}' },
      ],
      [{ do: 'say', text: 'At nine.' }],
    ],
  }

  it('is made in the documented order, and its output is answered when the client asks', async () => {
    await using server = await serve(tools)
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    const done = await client.next('response.done')
    const types = courseOf(client.events)
    expect(types.slice(types.indexOf('response.output_item.done') + 1, -1)).toEqual([...toolCourse(), ...toolCourse()])
    const [message, hours, menu] = done['response'].output
    expect(message).toMatchObject({ type: 'message', status: 'completed' })
    expect(hours).toMatchObject({ type: 'function_call', name: 'hours', arguments: ' {"day":"monday"}' })
    expect(hours.call_id).toMatch(/^call_[0-9a-f]{22}$/)
    const arguments_ = client.ofType('response.function_call_arguments.delta').map((event) => event['delta'])
    expect(arguments_.join('')).toBe(' {"day":"monday"} {}')
    expect(client.ofType('response.output_item.added').map((event) => event['output_index'])).toEqual([0, 1, 2])
    expect(done['response'].usage.output_tokens_details).not.toHaveProperty('audio_tokens')

    for (const { call_id } of [hours, menu]) {
      client.send({
        type: 'conversation.item.create',
        item: { id: 'item_mine', type: 'function_call_output', call_id, output: `of ${call_id}` },
      })
    }
    await client.settled()
    const taken = client.ofType('conversation.item.created').slice(-2)
    expect(taken.map((event) => event['item'])).toMatchObject([
      { type: 'function_call_output', call_id: hours.call_id, output: `of ${hours.call_id}` },
      { type: 'function_call_output', call_id: menu.call_id },
    ])
    expect(taken[0]?.['item'].id).not.toBe('item_mine')
    expect(client.ofType('response.created')).toHaveLength(1)
    client.send({ type: 'response.create', response: { modalities: ['text', 'audio'] } })
    expect((await client.next('response.done', 2))['response'].output[0].content[0].transcript).toBe('At nine.')
  })

  it('hands its outputs to the mind once, by name', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    if (mind !== undefined) {
      mind.answer = async function* () {
        yield { type: 'tool-call', name: 'hours', args: '{}' }
      }
    }
    client.send({ type: 'response.create' })
    const { call_id } = (await client.next('response.done'))['response'].output[0]
    client.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: 'nine' } })
    client.send({ type: 'response.create' })
    await client.next('response.done', 2)
    client.send({ type: 'response.create' })
    await client.next('response.done', 3)
    expect(mind?.requests.map((request) => request.toolOutputs)).toEqual([[], [{ name: 'hours', output: 'nine' }], []])
  })

  it('is never answered twice, and an unknown one not at all', async () => {
    await using server = await serve(tools)
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    const { call_id } = (await client.next('response.done'))['response'].output[1]
    const output = { type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output: 'x' } }
    client.send(output)
    client.send(output)
    expect((await client.next('error'))['error'].message).toBe(`Unknown function call id: ${call_id}`)
  })

  it('is answered by itself where the model is of that kind, when the last output is there', async () => {
    await using server = await serve(tools, { behaviour: { autoAnswerTools: true } })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    const [, hours, menu] = (await client.next('response.done'))['response'].output
    const answer = ({ call_id }: Event) => ({ type: 'function_call_output', call_id, output: 'x' })
    client.send({ type: 'conversation.item.create', item: answer(hours) })
    await client.settled()
    expect(client.ofType('response.created')).toHaveLength(1)
    client.send({ type: 'conversation.item.create', item: answer(menu) })
    await client.next('response.done', 2)
  })

  it('is not made by the models that never do', async () => {
    await using server = await serve(tools)
    await using client = await connect(server, 'qwen3-omni-flash-realtime')
    client.send({ type: 'response.create' })
    const done = await client.next('response.done')
    expect(done['response'].output).toHaveLength(1)
    expect(client.types).not.toContain('response.function_call_arguments.done')
  })
})

function toolCourse(): string[] {
  return [
    'response.output_item.added',
    'conversation.item.created',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'response.output_item.done',
  ]
}
