import { describe, expect, it } from 'vitest'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import { tone } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import type { DialectName } from '../../../src/simulators/realtime/dialect.ts'
import type { FaultAction, Faults } from '../../../src/simulators/realtime/faults.ts'
import { scriptedMinds, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import type { RealtimeServerOptions } from '../../../src/simulators/realtime/server.ts'
import { ask, turn, under } from './faulty.ts'
import { GA_MODEL, gaStage, nextError, soundOf, speak } from './ga.ts'
import { connect, MODEL, type RawClient } from './raw-client.ts'

const names: readonly DialectName[] = ['qwen', 'openai']

interface Stage extends AsyncDisposable {
  readonly client: RawClient
  takeTurn(): void
  /** Another client of the same server. */
  join(): Promise<RawClient>
}

/** A session under these faults, whose caller can take a turn, whatever the wire. */
async function stageOf(
  dialect: DialectName,
  faults: Faults,
  rest: Partial<RealtimeServerOptions> = {},
): Promise<Stage> {
  const script = { turns: [{ transcript: 'hello' }], ...toneScript(440, 1000) }
  const stage = await (dialect === 'qwen' ? under(faults, rest) : gaStage(script, { faults, ...rest }))
  const { client } = stage
  const takeTurn = () => (dialect === 'qwen' ? turn(client) : speak(client))
  const join = () => connect(stage.server, dialect === 'qwen' ? MODEL : GA_MODEL)
  return { client, takeTurn, join, [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose]() }
}

const deltaOf = (dialect: DialectName) => (dialect === 'qwen' ? 'response.audio.delta' : 'response.output_audio.delta')

describe.each(names)('a model that breaks (%s)', (dialect) => {
  it('says that it answers and then nothing, and will not be asked again', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'response', afterDeltas: 0, do: 'hang' }] })
    ask(stage.client)
    await stage.client.next('response.created')
    stage.client.send({ type: 'response.cancel' })
    ask(stage.client)
    await stage.client.next('error')
    stage.takeTurn()
    await stage.client.next('input_audio_buffer.committed')
    await stage.client.settled()
    expect(stage.client.types).not.toContain(deltaOf(dialect))
    expect(stage.client.types).not.toContain('response.done')
    expect(stage.client.ofType('response.created')).toHaveLength(1)
  })

  it('stops in the middle of an answer that never ends', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'response', afterDeltas: 2, do: 'hang' }] })
    ask(stage.client)
    await stage.client.next(deltaOf(dialect), 2)
    await stage.client.settled()
    expect(stage.client.ofType(deltaOf(dialect))).toHaveLength(2)
    expect(stage.client.types).not.toContain('response.done')
  })

  it('hears the second turn and does not answer it', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'turn', turn: 1, do: 'nothing' }] })
    stage.takeTurn()
    await stage.client.next('response.done')
    stage.takeTurn()
    await stage.client.next('input_audio_buffer.committed', 2)
    await stage.client.settled()
    expect(stage.client.ofType('response.created')).toHaveLength(1)
    stage.takeTurn()
    await stage.client.next('response.done', 2)
  })

  it('ends an answer early', async () => {
    const details = { reason: 'max_output_tokens' } as const
    const strikes = [{ at: 'response', afterDeltas: 1, do: 'finish', status: 'incomplete', details }] as const
    await using stage = await stageOf(dialect, { strikes })
    ask(stage.client)
    const { response } = await stage.client.next('response.done')
    expect(response.status).toBe('incomplete')
    if (dialect === 'qwen') expect(response).not.toHaveProperty('status_details')
    else expect(response.status_details).toEqual({ type: 'incomplete', ...details })
    ask(stage.client)
    await stage.client.next('response.done', 2)
  })

  it('is cut in the middle of a function call, whose arguments are done all the same', async () => {
    const makeMind = scriptedMinds(systemClock, { replies: [[{ do: 'call', name: 'book', args: '{"guests":12}' }]] })
    await using stage = await stageOf(dialect, { cutCalls: true }, { makeMind })
    ask(stage.client)
    const { response } = await stage.client.next('response.done')
    expect(response).toMatchObject({ status: 'cancelled', output: [{ type: 'function_call', status: 'incomplete' }] })
    const { arguments: args, call_id } = await stage.client.next('response.function_call_arguments.done')
    expect(() => JSON.parse(args)).toThrow(SyntaxError)
    const item = { type: 'function_call_output', call_id, output: '' }
    stage.client.send({ type: 'conversation.item.create', item })
    expect((await nextError(stage.client))['message']).toContain(call_id)
  })

  it('freezes: not even a ping is answered', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'response', afterDeltas: 0, do: 'freeze' }] })
    let isAlive = false
    ask(stage.client)
    await stage.client.next('response.created')
    void stage.client.settled().then(
      () => {
        isAlive = true
      },
      () => undefined,
    )
    // Another client of the same server is served meanwhile, so there was time.
    await using other = await stage.join()
    await other.next('session.created')
    await other.settled()
    expect(isAlive).toBe(false)
    expect(stage.client.types).not.toContain(deltaOf(dialect))
  })

  it('complains of nothing, and the answer goes on', async () => {
    const strikes = [{ at: 'response', afterDeltas: 1, do: 'complain', kind: 'harmless' }] as const
    await using stage = await stageOf(dialect, { strikes })
    ask(stage.client)
    const { response } = await stage.client.next('response.done')
    expect(response.status).toBe('completed')
    expect((await nextError(stage.client))['message']).toContain('active response')
  })

  it('complains of itself, and the answer does not go on', async () => {
    const strikes = [{ at: 'response', afterDeltas: 1, do: 'complain', kind: 'recoverable' }] as const
    await using stage = await stageOf(dialect, { strikes })
    ask(stage.client)
    expect((await nextError(stage.client))['type']).toBe('server_error')
    await stage.client.settled()
    expect(stage.client.types).not.toContain('response.done')
  })

  it('refuses the account after a good start', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'open', do: 'complain', kind: 'fatal' }] })
    const closed = await stage.client.closed()
    expect(closed.code).toBe(dialect === 'qwen' ? 1007 : 3000)
    expect(closed.reason).toContain(dialect === 'qwen' ? 'Access denied' : 'invalid_api_key')
  })

  it.each<FaultAction & { code: number }>([
    { do: 'close', code: 1000, reason: '' },
    { do: 'close', code: 1001, reason: 'going away' },
    { do: 'close', code: 1011, reason: 'internal error' },
    { do: 'close', code: 1012, reason: 'restart' },
  ])('closes in the middle of an answer: %j', async (action) => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'response', afterDeltas: 1, ...action }] })
    ask(stage.client)
    expect((await stage.client.closed()).code).toBe(action.code)
  })

  it('closes in place of an answer', async () => {
    await using stage = await stageOf(dialect, { strikes: [{ at: 'turn', do: 'close', code: 1011, reason: '' }] })
    stage.takeTurn()
    expect((await stage.client.closed()).code).toBe(1011)
    expect(stage.client.types).not.toContain('response.created')
  })
})

describe('OpenAI’s model', () => {
  it('ends a session of sixty minutes with an error and a close', async () => {
    const clock = new ManualClock()
    await using stage = await gaStage({}, { clock })
    await stage.client.next('session.updated')
    clock.advance(3_599_999)
    await stage.client.settled()
    expect(stage.client.types).not.toContain('error')
    clock.advance(1)
    expect(await stage.client.closed()).toEqual({
      code: 1001,
      reason: 'Your session hit the maximum duration of 60 minutes.',
    })
    expect(await nextError(stage.client)).toMatchObject({ code: 'session_expired' })
  })

  it('is not closed for its silence', async () => {
    const clock = new ManualClock()
    await using stage = await gaStage({}, { clock, behaviour: { sessionLimitMs: Infinity } })
    await stage.client.next('session.updated')
    clock.advance(7_200_000)
    await stage.client.settled()
    expect(stage.server.sessions[0]?.isOpen).toBe(true)
  })

  it('says in response.done alone that it failed', async () => {
    await using stage = await gaStage({ replies: [[{ do: 'fail', message: 'secret' }]] })
    stage.client.send({ type: 'response.create' })
    const { response } = await stage.client.next('response.done')
    expect(response).toMatchObject({
      status: 'failed',
      status_details: { type: 'failed', error: { type: 'server_error' } },
    })
    expect(JSON.stringify(stage.client.events)).not.toContain('secret')
    expect(stage.client.types).not.toContain('error')
  })

  it.each([
    ['begin', ['response.created', 'rate_limits.updated']],
    ['end', ['response.done', 'rate_limits.updated']],
    ['never', []],
  ] as const)('may tell its limits at the %s', async (rateLimits, pair) => {
    await using stage = await gaStage({}, { behaviour: { rateLimits, conversationCreated: false } })
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    await stage.client.settled()
    const at = stage.client.types.indexOf('rate_limits.updated')
    expect(stage.client.types.slice(Math.max(0, at - 1), at + 1)).toEqual(pair)
    expect(stage.client.types).not.toContain('conversation.created')
  })

  it('cuts no sample of mu-law in two, whatever the deltas', async () => {
    await using stage = await gaStage(toneScript(440, 500), { faults: { oddDeltas: true } })
    stage.client.send({ type: 'response.create' })
    await stage.client.next('response.done')
    expect(soundOf(stage.client)).toEqual(Buffer.from(encodeMulaw(tone(440, 500, 8000))))
  })

  it('may fail to write down what was said', async () => {
    await using stage = await gaStage({ turns: [{ transcript: 'hello' }] }, { faults: { transcript: 'failed' } })
    speak(stage.client)
    const failed = await stage.client.next('conversation.item.input_audio_transcription.failed')
    expect(failed).toMatchObject({ event_id: expect.any(String), error: { type: 'server_error' } })
    expect(failed['error']).not.toHaveProperty('param')
  })
})
