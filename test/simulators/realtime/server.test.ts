import { connect as connectTcp } from 'node:net'
import { describe, expect, it } from 'vitest'
import { samplesOf } from '../../../src/audio/pcm.ts'
import { toneDbfs } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { families } from '../../../src/simulators/realtime/family.ts'
import { MindBusy } from '../../../src/simulators/realtime/mind.ts'
import { scriptedMinds, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import { startRealtimeServer } from '../../../src/simulators/realtime/server.ts'
import { connect, KEY, MODEL, type RawClient, refusal, serve, serveByHand, silence, speech } from './raw-client.ts'

describe('the door', () => {
  it('answers another path with 404, a wrong or missing key with 401, an unknown model with 400', async () => {
    await using server = await serve({})
    const other = server.url.replace('realtime', 'inference')
    expect(await refusal(`${other}?model=${MODEL}`, KEY)).toMatchObject({ status: 404 })
    const wrong = await refusal(`${server.url}?model=${MODEL}`, 'sk-wrong')
    expect(wrong).toMatchObject({ status: 401, body: { code: 'InvalidApiKey' } })
    expect(await refusal(`${server.url}?model=${MODEL}`, undefined)).toMatchObject({ status: 401 })
    expect(await refusal(`${server.url}?model=gpt-realtime`, KEY)).toMatchObject({ status: 400 })
    expect(await refusal(server.url, KEY)).toMatchObject({ status: 400 })
    expect(server.sessions).toEqual([])
  })

  it('lets in a model of its owner, or any', async () => {
    await using owned = await serve({}, { models: { 'embedded-demo': families.qwen35 } })
    await using client = await connect(owned, 'embedded-demo')
    expect((await client.next('session.created'))['session'].model).toBe('embedded-demo')
    expect(await refusal(`${owned.url}?model=constructor`, KEY)).toMatchObject({ status: 400 })
    await using open = await serve({}, { unknownModel: families.qwen3 })
    await using other = await connect(open, 'whatever')
    expect((await other.next('session.created'))['session'].voice).toBe('Cherry')
  })

  it('answers 429 when no mind is free, and 500 when none can be made', async () => {
    const failures: unknown[] = []
    const makeMind = (_tell: unknown, { model }: { model: string }) => {
      throw model === MODEL ? new MindBusy('all taken') : new Error('no weights')
    }
    await using server = await serve({}, { makeMind, failed: (error) => failures.push(error) })
    expect(await refusal(`${server.url}?model=${MODEL}`, KEY)).toMatchObject({ status: 429 })
    const broken = await refusal(`${server.url}?model=qwen3-omni-flash-realtime`, KEY)
    expect(broken).toMatchObject({ status: 500, body: { code: 'InternalError' } })
    expect(JSON.stringify(broken.body)).not.toContain('weights')
    expect(failures).toHaveLength(1)
  })

  it('refuses or stalls the upgrade when told to', async () => {
    await using server = await serve(
      {},
      { faults: { refuseUpgrade: { status: 403, code: 'AccessDenied', message: 'no' } } },
    )
    expect(await refusal(`${server.url}?model=${MODEL}`, KEY)).toMatchObject({
      status: 403,
      body: { code: 'AccessDenied' },
    })
    await using stalling = await serve({}, { faults: { stallUpgrade: true } })
    const socket = connectTcp(stalling.port, '127.0.0.1')
    socket.write(upgradeRequest(`Authorization: Bearer ${KEY}`))
    let answered = false
    socket.on('data', () => {
      answered = true
    })
    await refusal(stalling.url.replace('realtime', 'other'), KEY)
    // The server ends without having said a word to it.
    await stalling[Symbol.asyncDispose]()
    await new Promise((resolve) => socket.once('close', resolve))
    expect(answered).toBe(false)
  })

  it('lets the mind go when the handshake breaks after it was made', async () => {
    const { server, minds } = await serveByHand()
    await using _server = server
    const socket = connectTcp(server.port, '127.0.0.1')
    socket.write(upgradeRequest(`Authorization: Bearer ${KEY}\r\nSec-WebSocket-Version: 99`))
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
    await server[Symbol.asyncDispose]()
    expect(minds.map((mind) => mind.disposals)).toEqual([1])
  })
})

describe('the server', () => {
  it('lets its owner see what each session was sent, within bounds', async () => {
    const seen: number[] = []
    await using server = await serve(
      {},
      {
        inspection: { audioBytes: 5000, events: 2 },
        opened: (session) => seen.push(session.index),
      },
    )
    await using client = await connect(server)
    await using second = await connect(server, 'qwen3-omni-flash-realtime')
    client.update({ instructions: 'be kind' })
    client.append(speech(200))
    client.send({ type: 'response.cancel' })
    await client.settled()
    await second.next('session.created')
    const [session, other] = server.sessions
    expect(seen).toEqual([0, 1])
    expect(other?.model).toBe('qwen3-omni-flash-realtime')
    expect(session?.config).toMatchObject({ instructions: 'be kind' })
    expect(session?.received.audioBytes).toBe(6400)
    expect(Buffer.from(session?.received.audio ?? [])).toEqual(Buffer.from(speech(200).subarray(0, 5000)))
    expect(session?.received.events).toMatchObject([
      { type: 'input_audio_buffer.append', count: 10, bytes: 6400, event: { type: 'input_audio_buffer.append' } },
      { type: 'response.cancel', count: 1 },
    ])
    expect(JSON.stringify(session?.received.events)).not.toContain('"audio":')
  })

  it('remembers how a session ended, and only so many of them', async () => {
    const { server, minds } = await serveByHand({ inspection: { closedSessions: 1 } })
    await using _server = server
    const first = await connect(server)
    await first.next('session.created')
    const [session] = server.sessions
    first.close()
    await first.closed()
    await using second = await connect(server)
    await second.next('session.created')
    expect(session).toMatchObject({ isOpen: false, closed: { code: 1000 } })
    expect(minds[0]?.disposals).toBe(1)
    second.terminate()
    await using third = await connect(server)
    await third.next('session.created')
    expect(server.sessions.map((one) => one.index)).toEqual([1, 2])
  })

  it('closes its sessions and lets their minds go when it ends', async () => {
    const { server, minds } = await serveByHand()
    const client = await connect(server)
    const other = await connect(server)
    await server[Symbol.asyncDispose]()
    expect((await client.closed()).code).toBe(1001)
    expect((await other.closed()).code).toBe(1001)
    expect(minds.map((mind) => mind.disposals)).toEqual([1, 1])
    await expect(connect(server)).rejects.toThrow('ECONNREFUSED')
  })

  it('keeps its sessions apart', async () => {
    await using server = await serve({}, {})
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(server)))
    for (const [index, client] of clients.entries()) {
      client.update({ instructions: `number ${index}` })
      client.append(silence(index * 20))
    }
    await Promise.all(clients.map((client) => client.settled()))
    for (const [index, client] of clients.entries()) {
      expect((await client.next('session.updated'))['session'].instructions).toBe(`number ${index}`)
    }
    expect(server.sessions.map((session) => session.received.audioBytes).sort((a, b) => a - b)).toEqual(
      clients.map((_, index) => index * 640),
    )
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()))
  })

  it('carries a failing mind: an error for the client, the reason for the owner, and the session goes on', async () => {
    const failures: unknown[] = []
    const { server, minds } = await serveByHand({ failed: (error) => failures.push(error) })
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    if (mind === undefined) throw new TypeError('no mind')
    mind.hear = () => {
      throw new Error('deaf: secret')
    }
    client.append(silence(20))
    const error = await client.next('error')
    expect(error['error']).toMatchObject({ type: 'server_error', code: 'COMMON_ERROR' })
    expect(JSON.stringify(error)).not.toContain('secret')
    client.update({})
    await client.next('session.updated')
    mind[Symbol.asyncDispose] = () => Promise.reject(new Error('cannot let go'))
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
    expect(failures.map(String)).toEqual(['Error: deaf: secret', 'Error: cannot let go'])
  })

  it('does not wait for ever for a mind that cannot let go, nor for a client that does not close', async () => {
    const { server, minds } = await serveByHand()
    const client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    if (mind === undefined) throw new TypeError('no mind')
    mind[Symbol.asyncDispose] = () => new Promise(() => undefined)
    client.pause()
    const begun = performance.now()
    await server[Symbol.asyncDispose]()
    expect(performance.now() - begun).toBeLessThan(4000)
    client.resume()
    expect((await client.closed()).code).toBeGreaterThan(1000)
  })

  it('asks a mind for no more than a slow client can read', async () => {
    const { server, minds } = await serveByHand({ behaviour: { deltaMs: 5000 } })
    await using _server = server
    await using client = await connect(server)
    await client.next('session.created')
    const [mind] = minds
    if (mind === undefined) throw new TypeError('no mind')
    // 36 MB of audio, 48 of base64: without a brake the server would give the client up at 32.
    const pieces = 150
    let asked = 0
    mind.answer = async function* () {
      for (; asked < pieces; asked++) yield { type: 'audio', audio: new Uint8Array(240_000) }
    }
    client.pause()
    client.send({ type: 'response.create' })
    for (let before = -1; before !== asked || asked === 0; ) {
      before = asked
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(asked).toBeLessThan(pieces / 2)
    client.resume()
    await client.next('response.done')
    expect(client.ofType('response.audio.delta')).toHaveLength(pieces)
  })

  it('gives each of twenty callers its own tone and no other', async () => {
    const hzOf = (index: number) => 300 + 100 * index
    await using server = await startRealtimeServer({
      apiKey: KEY,
      makeMind: scriptedMinds(systemClock, ({ index }) => toneScript(hzOf(index), 400)),
      behaviour: { speedFactor: 20 },
    })
    const clients: RawClient[] = []
    for (let index = 0; index < 20; index++) clients.push(await connect(server))
    for (const client of clients) client.send({ type: 'response.create' })
    await Promise.all(clients.map((client) => client.next('response.done')))
    for (const [index, client] of clients.entries()) {
      const deltas = client.ofType('response.audio.delta').map((event) => Buffer.from(event['delta'], 'base64'))
      const samples = samplesOf(Buffer.concat(deltas))
      const loud = clients.flatMap((_, other) => (toneDbfs(samples, 24_000, hzOf(other)) > -50 ? [other] : []))
      expect(loud).toEqual([index])
      await client[Symbol.asyncDispose]()
    }
  })

  it('does not start with a tempo that makes no sense, or without a key', async () => {
    await expect(serve({}, { behaviour: { speedFactor: 0 } })).rejects.toThrow(RangeError)
    await expect(serve({}, { behaviour: { deltaMs: 0 } })).rejects.toThrow(RangeError)
    await expect(serve({}, { behaviour: { idleCloseMs: -1 } })).rejects.toThrow(RangeError)
    await expect(serve({}, { behaviour: { sessionLimitMs: Number.NaN } })).rejects.toThrow(RangeError)
    await expect(serve({}, { apiKey: '' })).rejects.toThrow(RangeError)
  })
})

function upgradeRequest(headers: string): string {
  const head = `GET /api-ws/v1/realtime?model=${MODEL} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
  return `${head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n\r\n`
}
