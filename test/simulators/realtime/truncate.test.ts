import { describe, expect, it } from 'vitest'
import { toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { connect, serve, serveByHand } from './raw-client.ts'

const truncate = (item_id: unknown, audio_end_ms: unknown) => ({
  type: 'conversation.item.truncate',
  item_id,
  content_index: 0,
  audio_end_ms,
})

describe('conversation.item.truncate', () => {
  it('is an unknown event, as at Qwen, unless it is switched on', async () => {
    await using server = await serve(toneScript(500, 1000))
    await using client = await connect(server)
    client.send(truncate('item', 0))
    expect((await client.next('error'))['error'].message).toBe('invalid event type: conversation.item.truncate')
  })

  it('makes the model forget the end of an item, and shows what remains', async () => {
    await using server = await serve(toneScript(500, 1000), { behaviour: { truncates: true } })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    const { item_id } = await client.next('response.audio.delta')
    await client.next('response.done')
    client.send(truncate(item_id, 300))
    expect(await client.next('conversation.item.truncated')).toMatchObject({
      item_id,
      content_index: 0,
      audio_end_ms: 300,
    })
    client.send(truncate(item_id, 301))
    expect((await client.next('error'))['error'].message).toBe('Audio content of 300ms is already shorter than 301ms')
    for (const [n, refused] of [truncate('item_of_nobody', 0), truncate(item_id, 0.5), truncate(7, 0)].entries()) {
      client.send(refused)
      expect((await client.next('error', n + 2))['error'].type).toBe('invalid_request_error')
    }
    expect(server.sessions[0]?.truncations).toEqual([{ itemId: item_id, remainsMs: 300, ofMs: 1000 }])
  })
})

describe('a typed message', () => {
  it('is read with the next answer, and only with that', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    for (const text of ['One.', 'Two.']) {
      const content = [{ type: 'input_text', text }]
      client.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
    }
    for (let i = 1; i <= 2; i++) {
      client.send({ type: 'response.create' })
      await client.next('response.done', i)
    }
    expect(minds[0]?.requests).toEqual([
      { trigger: 'create', toolOutputs: [], messages: ['One.', 'Two.'] },
      { trigger: 'create', toolOutputs: [] },
    ])
  })
})
