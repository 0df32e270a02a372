import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { DialectName } from '../../../src/simulators/realtime/dialect.ts'
import { bearer, GA_MODEL, refusedWith } from './ga.ts'
import { connect, KEY, RawClient, serve } from './raw-client.ts'

const wrong = { Authorization: 'Bearer nobody' }

describe('the entrance of each service', () => {
  it.each([
    ['qwen', '/api-ws/v1/realtime'],
    ['openai', '/v1/realtime'],
    ['azure', '/openai/v1/realtime'],
  ] as const)('%s is at %s', async (dialect, path) => {
    await using server = await serve({}, { dialect })
    expect(new URL(server.url).pathname).toBe(path)
    const answer = await fetch(server.url.replace('ws:', 'http:'))
    expect(answer.status).toBe(404)
  })

  it('OpenAI refuses in the body of its errors', async () => {
    await using server = await serve({}, { dialect: 'openai' })
    expect(await refusedWith(`${server.url}?model=${GA_MODEL}`, wrong)).toEqual({
      status: 401,
      body: {
        error: {
          message: 'Incorrect API key provided.',
          type: 'invalid_request_error',
          param: null,
          code: 'invalid_api_key',
        },
      },
    })
    expect(await refusedWith(`${server.url}?model=gpt-2`, bearer)).toMatchObject({
      status: 404,
      body: { error: { code: 'model_not_found' } },
    })
    expect(await refusedWith(server.url.replace('/v1/', '/v2/'), bearer)).toMatchObject({ status: 404 })
  })

  it('Azure wants the key in its own header and takes any deployment', async () => {
    await using server = await serve({}, { dialect: 'azure' })
    const url = `${server.url}?model=our-voices`
    expect(await refusedWith(url, bearer)).toMatchObject({ status: 401, body: { error: { code: '401' } } })
    expect(await refusedWith(server.url, { 'api-key': KEY })).toMatchObject({
      status: 404,
      body: { error: { code: 'DeploymentNotFound' } },
    })
    const ws = new WebSocket(url, { headers: { 'api-key': KEY } })
    await using client = new RawClient(ws)
    await once(ws, 'open')
    expect((await client.next('session.created'))['session']).toMatchObject({ type: 'realtime', model: 'our-voices' })
  })

  it.each([
    ['qwen', 403, { code: 'AccessDenied' }],
    ['qwen', 429, { code: 'Throttling.RateQuota' }],
    ['qwen', 503, { code: 'ServiceUnavailable' }],
    ['openai', 403, { error: { type: 'invalid_request_error' } }],
    ['openai', 429, { error: { code: 'rate_limit_exceeded' } }],
    ['openai', 500, { error: { type: 'server_error' } }],
    ['azure', 429, { error: { code: '429' } }],
  ] as const)('%s refuses with %i when it is told to', async (dialect, status, body) => {
    await using server = await serve({}, { dialect, faults: { refuseUpgrade: status } })
    const headers = dialect === 'azure' ? { 'api-key': KEY } : bearer
    expect(await refusedWith(`${server.url}?model=${modelOf(dialect)}`, headers)).toMatchObject({ status, body })
  })
})

describe('a service that is down', () => {
  it.each(['qwen', 'openai'] as const)('lets nobody in until it is up again (%s)', async (dialect) => {
    await using server = await serve({}, { dialect })
    const url = `${server.url}?model=${modelOf(dialect)}`
    await using before = await connect(server, modelOf(dialect))
    await before.next('session.created')
    server.refuse({ refuseUpgrade: 503 })
    expect(await refusedWith(url, bearer)).toMatchObject({ status: 503 })
    server.refuse({ resetUpgrade: true })
    const [error] = await once(new WebSocket(url, { headers: bearer }), 'error')
    expect(error).toMatchObject({ code: 'ECONNRESET' })
    server.refuse(undefined)
    await using after = await connect(server, modelOf(dialect))
    await after.next('session.created')
    // Whoever was in stayed in, until he is told to go.
    expect(server.sessions).toMatchObject([{ isOpen: true }, { isOpen: true }])
    for (const session of server.sessions) session.strike({ do: 'close', code: 1012, reason: 'restart' })
    expect(await before.closed()).toEqual({ code: 1012, reason: 'restart' })
  })
})

describe('a fault of one attempt', () => {
  it.each(['qwen', 'openai'] as const)('is not one of the next (%s)', async (dialect) => {
    const strikes = [{ at: 'time', ms: 0, do: 'reset' }] as const
    await using server = await serve({}, { dialect, faults: [{ refuseUpgrade: 500 }, { strikes }] })
    const url = `${server.url}?model=${modelOf(dialect)}`
    expect(await refusedWith(url, wrong)).toMatchObject({ status: 401 })
    expect(await refusedWith(url, bearer)).toMatchObject({ status: 500 })
    await using second = await connect(server, modelOf(dialect))
    expect(await second.closed()).toMatchObject({ code: 1006 })
    await using third = await connect(server, modelOf(dialect))
    await third.next('session.created')
    await third.settled()
    expect(server.sessions.map((session) => session.isOpen)).toEqual([false, true])
  })

  it('is chosen by the number of the attempt, the refused ones counted, and of the session', async () => {
    const seen: object[] = []
    await using server = await serve(
      {},
      {
        faults: (info) => {
          seen.push(info)
          return info.attempt === 0 ? { refuseUpgrade: 429 } : {}
        },
      },
    )
    const model = modelOf('qwen')
    expect(await refusedWith(`${server.url}?model=${model}`, bearer)).toMatchObject({ status: 429 })
    await using client = await connect(server, model)
    await client.next('session.created')
    expect(seen).toEqual([
      { attempt: 0, index: 0, model },
      { attempt: 1, index: 0, model },
    ])
  })
})

function modelOf(dialect: DialectName): string {
  return dialect === 'qwen' ? 'qwen3.5-omni-flash-realtime' : GA_MODEL
}
