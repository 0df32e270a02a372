import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../src/base/manual-clock.ts'
import {
  arrearage,
  backendFailed,
  type FaultAction,
  type Faults,
  freeTierExhausted,
  idleClose,
  responseTimeout,
} from '../../../src/simulators/realtime/faults.ts'
import { invalidRequest } from '../../../src/simulators/realtime/wire-error.ts'
import { ask, turn, under } from './faulty.ts'
import { connect, serve, serveByHand, silence } from './raw-client.ts'

describe('a session that breaks', () => {
  it('never greets', async () => {
    await using session = await under({ noSessionCreated: true })
    await session.client.next('session.updated')
    expect(session.client.types).not.toContain('session.created')
  })

  it('greets late and acknowledges late', async () => {
    const clock = new ManualClock()
    await using session = await under({}, { clock, behaviour: { createdDelayMs: 1000, updatedDelayMs: 3000 } })
    await session.client.settled()
    expect(session.client.types).toEqual([])
    clock.advance(1000)
    await session.client.next('session.created')
    await session.client.settled()
    expect(session.client.types).toEqual(['session.created'])
    clock.advance(2000)
    await session.client.next('session.updated')
  })

  it('is closed before the greeting, for the account', async () => {
    await using session = await under({ strikes: [{ at: 'open', ...arrearage }] })
    expect(await session.client.closed()).toMatchObject({
      code: 1007,
      reason: expect.stringContaining('Access denied'),
    })
    expect(session.client.types).toEqual([])
  })

  it('is closed in place of the acknowledgement, for a parameter found bad late', async () => {
    const reason = '<400> InternalError.Algo.InvalidParameter: bad range'
    await using session = await under({ strikes: [{ at: 'update', do: 'close', code: 1007, reason }] })
    expect(await session.client.closed()).toEqual({ code: 1007, reason })
    expect(session.client.types).toEqual(['session.created'])
  })

  it('is closed with a reason that no close frame may hold', async () => {
    await using session = await under({ strikes: [{ at: 'response', afterDeltas: 0, ...freeTierExhausted }] })
    if (freeTierExhausted.do !== 'close') throw new TypeError('a close was expected')
    expect(Buffer.byteLength(freeTierExhausted.reason)).toBeGreaterThan(123)
    ask(session.client)
    // What a client of RFC 6455 makes of it: a broken connection.
    expect(await session.client.closed()).toEqual({ code: 1006, reason: '' })
    expect(session.client.types.at(-1)).toBe('response.created')
  })

  it('is closed in the middle of an answer', async () => {
    await using session = await under({ strikes: [{ at: 'response', afterDeltas: 2, ...responseTimeout }] })
    ask(session.client)
    expect(await session.client.closed()).toEqual({ code: 1011, reason: 'Response timeout' })
    expect(session.client.ofType('response.audio.delta')).toHaveLength(2)
    expect(session.client.types).not.toContain('response.done')
  })

  it('is reset in the middle of its second answer', async () => {
    await using session = await under({ strikes: [{ at: 'response', response: 1, afterDeltas: 1, do: 'reset' }] })
    ask(session.client)
    await session.client.next('response.done')
    ask(session.client)
    expect(await session.client.closed()).toMatchObject({ code: 1006 })
    expect(session.client.ofType('response.done')).toHaveLength(1)
  })

  it('fails behind the wire, and the answer never ends', async () => {
    await using session = await under({ strikes: [{ at: 'response', afterDeltas: 1, ...backendFailed }] })
    ask(session.client)
    const { error } = await session.client.next('error')
    expect(error).toMatchObject({ code: 'COMMON_ERROR', message: expect.stringContaining('<50002>') })
    await session.client.settled()
    expect(session.client.types).not.toContain('response.done')
    ask(session.client)
    await session.client.next('response.done')
  })

  it('fails before the mind is asked', async () => {
    const { server, minds } = await serveByHand({
      faults: { strikes: [{ at: 'response', afterDeltas: 0, ...backendFailed }] },
    })
    await using _server = server
    await using client = await connect(server)
    ask(client)
    await client.next('error')
    await client.settled()
    expect(client.types).toEqual(['session.created', 'response.created', 'error'])
    expect(minds[0]?.requests).toEqual([])
  })

  it('ends with an error and then a close', async () => {
    const close = { code: 1007, reason: 'quota' }
    const error = invalidRequest('Allocated quota exceeded')
    await using session = await under({ strikes: [{ at: 'time', ms: 20, do: 'error', error, close }] })
    expect((await session.client.next('error'))['error']).toEqual(error)
    expect(await session.client.closed()).toEqual(close)
  })

  it('falls silent and stays open', async () => {
    await using session = await under({ strikes: [{ at: 'response', afterDeltas: 1, do: 'silence' }] })
    ask(session.client)
    await session.client.next('response.audio.delta')
    session.client.send({ type: 'response.cancel' })
    await session.client.settled()
    expect(session.client.types.at(-1)).toBe('response.audio.delta')
  })

  it('is closed when no response was generated for three minutes, however much was said', async () => {
    const clock = new ManualClock()
    await using session = await under({}, { clock })
    ask(session.client)
    await session.client.next('response.done')
    clock.advance(179_999)
    turn(session.client)
    await session.client.next('response.done', 2)
    clock.advance(179_999)
    session.client.append(silence(20))
    await session.client.settled()
    clock.advance(1)
    const closed = await session.client.closed()
    const expected = idleClose()
    expect(closed).toEqual({ code: 1007, reason: expected.do === 'close' ? expected.reason : '' })
  })

  it('is closed at its age, and not at all where that is switched off', async () => {
    const clock = new ManualClock()
    const behaviour = { sessionLimitMs: 60_000, idleCloseMs: Infinity }
    await using session = await under({}, { clock, behaviour })
    await session.client.next('session.updated')
    clock.advance(60_000)
    expect(await session.client.closed()).toMatchObject({ code: 1007 })
    const endless = { sessionLimitMs: Infinity, idleCloseMs: Infinity }
    await using other = await under({}, { clock, behaviour: endless })
    await other.client.next('session.updated')
    clock.advance(10_000_000)
    await other.client.settled()
  })

  it('breaks when its owner says so', async () => {
    for (const action of [{ do: 'reset' }, idleClose(300)] as FaultAction[]) {
      await using server = await serve({})
      await using client = await connect(server)
      await client.next('session.created')
      server.sessions[0]?.strike(action)
      const { code, reason } = await client.closed()
      expect([code, reason.includes('300 seconds')]).toEqual(action.do === 'reset' ? [1006, false] : [1007, true])
      server.sessions[0]?.strike(action)
    }
  })

  it('breaks only where it was chosen', async () => {
    const faults = ({ index }: { index: number }): Faults => (index === 1 ? { noSessionCreated: true } : {})
    await using server = await serve({}, { faults })
    await using first = await connect(server)
    await using second = await connect(server)
    await first.next('session.created')
    await second.settled()
    expect(second.types).toEqual([])
  })
})
