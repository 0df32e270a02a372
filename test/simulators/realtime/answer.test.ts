import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import { type Script, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { connect, serve, serveByHand } from './raw-client.ts'

const spoken: Script = {
  replies: [
    [
      { do: 'say', text: 'For how many?' },
      { do: 'tone', hz: 500, ms: 500 },
    ],
  ],
}

describe('an answer that the client asks for', () => {
  it('is made with its one-off instructions and modalities', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    client.send({ type: 'response.create', response: { instructions: 'Say exactly: hello', modalities: ['text'] } })
    const done = await client.next('response.done')
    expect(done['response'].modalities).toEqual(['text'])
    expect(done['response'].output).toEqual([])
    expect(minds[0]?.requests).toEqual([{ trigger: 'create', instructions: 'Say exactly: hello', toolOutputs: [] }])
    client.send({ type: 'response.create', response: { modalities: ['audio'] } })
    expect((await client.next('error'))['error']).toMatchObject({ code: 'invalid_value', param: 'response.modalities' })
  })

  it('is text alone when it asked for nothing and the model is of that kind', async () => {
    await using server = await serve(spoken, { behaviour: { bareCreateTextOnly: true } })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    await client.next('response.done')
    client.send({ type: 'response.create', response: {} })
    await client.next('response.done', 2)
    expect(client.ofType('response.text.done')).toHaveLength(1)
    expect(client.ofType('response.audio.done')).toHaveLength(1)
  })

  it('is refused while another is active or the caller speaks', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    mind?.speak()
    client.send({ type: 'response.create' })
    expect((await client.next('error'))['error']).toEqual({
      type: 'invalid_request_error',
      code: 'invalid_value',
      message: 'Cannot create response while user is speaking.',
      param: 'response.create',
    })
    if (mind !== undefined) mind.answer = () => endless()
    mind?.hush()
    await client.next('response.created')
    client.send({ type: 'response.create' })
    expect((await client.next('error', 2))['error'].message).toBe('Conversation already has an active response')
  })

  it('comes no faster than the tempo allows', async () => {
    const clock = new ManualClock()
    await using server = await serve(toneScript(440, 1000), { clock, behaviour: { speedFactor: 4 } })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    for (let deltas = 1; deltas < 5; deltas++) {
      await client.next('response.audio.delta', deltas)
      await client.settled()
      clock.advance(49)
      await client.settled()
      expect(client.ofType('response.audio.delta')).toHaveLength(deltas)
      clock.advance(1)
    }
    await client.next('response.done')
    expect(clock.now()).toBe(200)
  })

  it('fails with an error, and the session goes on', async () => {
    const failures: unknown[] = []
    const fail: Script = {
      replies: [
        [
          { do: 'say', text: 'Well' },
          { do: 'fail', message: 'secret' },
        ],
        [],
      ],
    }
    await using server = await serve(fail, { failed: (error) => failures.push(error) })
    await using client = await connect(server)
    client.send({ type: 'response.create' })
    const done = await client.next('response.done')
    expect(done['response']).toMatchObject({ status: 'failed', output: [{ status: 'incomplete' }] })
    const [error] = client.ofType('error')
    expect(error?.['error']).toMatchObject({ type: 'server_error', code: 'COMMON_ERROR' })
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(failures).toHaveLength(1)
    client.send({ type: 'response.create' })
    expect((await client.next('response.done', 2))['response'].status).toBe('completed')
  })
})

async function* endless() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    yield { type: 'audio', audio: new Uint8Array(480) } as const
  }
}
