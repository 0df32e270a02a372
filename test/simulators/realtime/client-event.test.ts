import { describe, expect, it } from 'vitest'
import { connect, serve, serveByHand, silence } from './raw-client.ts'

const QWEN3 = 'qwen3-omni-flash-realtime-2025-12-01'
const TURBO = 'qwen-omni-turbo-realtime-latest'

describe('what a client sends', () => {
  it('is refused and forgotten when it is no event or none that is known', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    const bad = [
      '{"type":',
      '[]',
      'null',
      '{}',
      Buffer.from('{"type":"response.cancel"}'),
      '{"type":"session.destroy"}',
    ]
    for (const message of bad) client.sendRaw(message)
    await client.next('error', bad.length)
    expect(client.ofType('error').map((event) => event['error'].type)).toEqual(bad.map(() => 'invalid_request_error'))
    client.update({})
    await client.next('session.updated')
  })

  it('is sound in base64 of any length: half a sample waits for the other half', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    const sound = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
    for (const [from, to] of [
      [0, 1],
      [1, 334],
      [334, 334],
      [334, 999],
      [999, 1000],
    ]) {
      const audio = Buffer.from(sound.subarray(from, to)).toString('base64')
      client.send({ type: 'input_audio_buffer.append', audio })
    }
    await client.settled()
    expect(minds[0]?.heard).toEqual(Buffer.from(sound))
    expect(client.types).not.toContain('error')
    for (const audio of ['not base64!', 'abc', undefined, 7]) client.send({ type: 'input_audio_buffer.append', audio })
    expect((await client.next('error', 4))['error'].param).toBe('audio')
    expect(minds[0]?.heard.length).toBe(1000)
  })

  it('is no image before there was sound', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    client.send({ type: 'input_image_buffer.append', image: '/9j/' })
    expect((await client.next('error'))['error'].message).toBe('Error append image before append audio.')
    client.append(silence(20))
    client.send({ type: 'input_image_buffer.append', image: '/9j/' })
    await client.settled()
    expect(client.ofType('error')).toHaveLength(1)
  })

  it('is a text item only for the newer models, which give it an id of their own', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    await using old = await connect(server, QWEN3)
    const item = { id: 'item_1', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }
    client.send({ type: 'conversation.item.create', item })
    old.send({ type: 'conversation.item.create', item })
    const created = (await client.next('conversation.item.created'))['item']
    expect(created).toMatchObject({ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] })
    expect(created.id).not.toBe('item_1')
    expect((await old.next('error'))['error'].message).toContain('item type')
  })

  it('ends the session with session.finish on the older models, and is refused on the newer', async () => {
    await using server = await serve({})
    await using client = await connect(server)
    await using old = await connect(server, TURBO)
    client.send({ type: 'session.finish' })
    expect((await client.next('error'))['error'].message).toBe('invalid event type: session.finish')
    old.send({ type: 'session.finish' })
    await old.next('session.finished')
    expect(await old.closed()).toMatchObject({ code: 1000 })
    await using refusing = await serve({}, { behaviour: { sessionFinish: 'refuse' } })
    await using other = await connect(refusing, TURBO)
    other.send({ type: 'session.finish' })
    await other.next('error')
  })
})
