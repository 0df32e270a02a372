import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Webhooks } from '../../src/after-call/webhooks.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import {
  answered,
  ended,
  eventually,
  expectNothingPrivate,
  KeptCalls,
  NOON,
  openReceiver,
  openStage,
  quiet,
  words,
} from './stage.ts'

const secret = 'a-secret-of-an-operator'

type Verify = (secret: string, header: unknown, body: string, now: number, toleranceS?: number) => boolean

/** The example of the documentation, as it is printed there. */
async function documentedVerify(): Promise<Verify> {
  const page = readFileSync(new URL('../../docs/after-call.md', import.meta.url), 'utf8')
  const code = /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
  const module: { verifyWebhook: Verify } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  return module.verifyWebhook
}

/** Webhooks by themselves, on a clock that is moved by hand. */
function openWebhooks(url: string, random = 0) {
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const counted: string[] = []
  const settled: string[] = []
  const webhooks = new Webhooks({
    ...{ url, secret, clock, log, now: () => NOON + clock.now(), random: () => random },
    count: (outcome) => void counted.push(outcome),
    settled: ({ key }) => void settled.push(key),
  })
  const send = (callId: string, type: 'call.ended' | 'call.analysed' = 'call.ended', body = '{}') =>
    webhooks.send({ callId, type, key: `${callId}:${type}`, body })
  return {
    clock,
    counted,
    settled,
    records,
    webhooks,
    send,
    [Symbol.asyncDispose]: () => webhooks[Symbol.asyncDispose](),
  }
}

describe('webhooks', () => {
  it('tell of the end of a call, then of its analysis, signed as the documentation checks it', async () => {
    const verify = await documentedVerify()
    await using receiver = await openReceiver()
    await using stage = openStage(undefined, { webhook: { url: receiver.url, secret } })
    stage.happen('CA1', answered, ...words, ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(receiver.received).toHaveLength(2))
    const [end, analysed] = receiver.received.map(({ headers, body }) => ({ headers, body, told: JSON.parse(body) }))
    expect(end?.headers).toMatchObject({
      'offhook-event': 'call.ended',
      'idempotency-key': `CA1:call.ended:${NOON}:1`,
      'content-type': 'application/json',
    })
    expect(end?.told).toEqual({
      id: `CA1:call.ended:${NOON}:1`,
      type: 'call.ended',
      call: {
        ...{ callId: 'CA1', agent: 'shop', provider: 'scripted', from: '+15550001', to: '+15550002' },
        ...{ openedAt: '2026-06-01T12:00:00.000Z', endedAt: '2026-06-01T12:00:00.000Z' },
        ...{ reason: 'caller-hung-up', code: null, durationMs: 0, streams: 1, turns: 1, bargeIns: 0, tools: 0 },
        ...{ losses: 0, usage: [], latency: { greetingMs: 300, responseP50Ms: 700, overlapMs: 10 } },
        counters: { callerMs: 4000, agentMs: 0, heardMs: 0, cutMs: 0, lateMs: 0, turns: 1, bargeIns: 0 },
      },
      links: { call: 'https://line.test/calls/CA1' },
    })
    expect(analysed?.headers['offhook-event']).toBe('call.analysed')
    expect(analysed?.told).toMatchObject({ type: 'call.analysed', analysis: { by: 'counts' } })
    const header = end?.headers['offhook-signature']
    const [body, nowS] = [end?.body ?? '', NOON / 1000 + 2]
    expect(verify(secret, header, body, nowS)).toBe(true)
    expect(verify(secret, header, `${body} `, nowS)).toBe(false)
    expect(verify('another-secret-of-his', header, body, nowS)).toBe(false)
    expect(verify(secret, header, body, nowS + 301)).toBe(false)
    expect(verify(secret, undefined, body, nowS)).toBe(false)
    expectNothingPrivate(stage.records)
  })

  it('tell anew, with keys of their own, of a call that comes back after it was over', async () => {
    await using receiver = await openReceiver()
    await using stage = openStage(undefined, { webhook: { url: receiver.url, secret } })
    stage.happen('CA1', answered, ended('caller-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(stage.counted.filter((one) => one === 'webhook delivered')).toHaveLength(2))
    stage.clock.advance(60_000)
    stage.happen('CA1', { ...answered, resumed: true }, ended('agent-hung-up'))
    stage.clock.advance(2000)
    await eventually(() => expect(receiver.received).toHaveLength(4))
    expect(receiver.received.map(({ headers }) => headers['idempotency-key'])).toEqual([
      `CA1:call.ended:${NOON}:1`,
      `CA1:call.analysed:${NOON}:1`,
      `CA1:call.ended:${NOON}:2`,
      `CA1:call.analysed:${NOON}:2`,
    ])
    const ends = receiver.received.map(({ body }) => JSON.parse(body).call)
    expect(ends.map((call) => [call.streams, call.reason])).toEqual([
      ...[
        [1, 'caller-hung-up'],
        [1, 'caller-hung-up'],
      ],
      ...[
        [2, 'agent-hung-up'],
        [2, 'agent-hung-up'],
      ],
    ])
  })

  it('come again, with the same key and a new time, until they are taken', async () => {
    await using receiver = await openReceiver((response, count) => response.writeHead(count === 1 ? 503 : 204).end())
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    await eventually(() => expect(stage.counted).toEqual(['retried']))
    stage.clock.advance(4999)
    await quiet()
    expect(receiver.received).toHaveLength(1)
    stage.clock.advance(1)
    await eventually(() => expect(stage.counted).toEqual(['retried', 'delivered']))
    const [first, second] = receiver.received.map(({ headers }) => headers)
    expect(second?.['idempotency-key']).toBe(first?.['idempotency-key'])
    expect(second?.['offhook-signature']).not.toBe(first?.['offhook-signature'])
    expect(stage.settled).toEqual(['CA1:call.ended'])
  })

  it('wait as long as the receiver asks for, and after an answer that does not come', async () => {
    await using receiver = await openReceiver((response, count) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '60' }).end()
      else if (count === 3) response.end()
    })
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    await eventually(() => expect(stage.counted).toEqual(['retried']))
    stage.clock.advance(59_000)
    await quiet()
    expect(receiver.received).toHaveLength(1)
    stage.clock.advance(1000)
    await eventually(() => expect(receiver.received).toHaveLength(2))
    stage.clock.advance(10_000)
    await eventually(() => expect(stage.counted).toEqual(['retried', 'retried']))
    stage.clock.advance(10_000)
    await eventually(() => expect(stage.counted).toEqual(['retried', 'retried', 'delivered']))
  })

  it('are not sent again when they are refused, and follow no redirect', async () => {
    await using receiver = await openReceiver((response, count) =>
      response.writeHead(count === 1 ? 400 : 307, { location: '/elsewhere' }).end(),
    )
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    stage.send('CA2')
    await eventually(() => expect(stage.counted).toEqual(['refused', 'refused']))
    stage.clock.advance(3_600_000)
    await quiet()
    expect(receiver.received).toHaveLength(2)
    expect(stage.records.map(({ fields }) => fields['status']).sort()).toEqual([307, 400])
  })

  it('stop when their receiver is gone', async () => {
    await using receiver = await openReceiver((response) => response.writeHead(410).end())
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    stage.send('CA1', 'call.analysed')
    await eventually(() => expect(stage.counted).toContain('refused'))
    stage.send('CA2')
    stage.clock.advance(3_600_000)
    await quiet()
    expect(receiver.received).toHaveLength(1)
    // Each of the two once.
    expect(stage.counted.toSorted()).toEqual(['dropped', 'refused'])
    expect(stage.settled).toEqual(['CA1:call.ended'])
  })

  it('never tell of an analysis before the end of its call', async () => {
    await using receiver = await openReceiver((response, count) => response.writeHead(count < 3 ? 500 : 200).end())
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    stage.send('CA1', 'call.analysed')
    await eventually(() => expect(stage.counted).toHaveLength(1))
    stage.clock.advance(5000)
    await eventually(() => expect(stage.counted).toHaveLength(2))
    stage.clock.advance(10_000)
    await eventually(() => expect(receiver.received).toHaveLength(4))
    expect(receiver.received.map(({ headers }) => headers['offhook-event'])).toEqual([
      'call.ended',
      'call.ended',
      'call.ended',
      'call.analysed',
    ])
  })

  it('are given up after an hour', async () => {
    await using receiver = await openReceiver((response) => response.writeHead(500).end())
    await using stage = openWebhooks(receiver.url)
    stage.send('CA1')
    for (let attempt = 1; stage.counted.at(-1) !== 'given-up'; attempt++) {
      await eventually(() => expect(stage.counted).toHaveLength(attempt))
      stage.clock.advance(600_000)
    }
    expect(stage.clock.now()).toBeGreaterThan(2_400_000)
    expect(stage.clock.now()).toBeLessThanOrEqual(7_200_000)
    expect(stage.records.at(-1)?.message).toBe('webhook given up')
  })

  it('hold no memory for a receiver that does not answer: those of the oldest calls go', async () => {
    await using receiver = await openReceiver(() => {})
    await using stage = openWebhooks(receiver.url)
    for (let i = 0; i < 1003; i++) stage.send(`CA${i}`)
    expect(stage.counted).toEqual(['dropped', 'dropped', 'dropped'])
    stage.send('big', 'call.ended', 'x'.repeat(15_999_000))
    expect(stage.counted.length).toBeGreaterThan(400)
    expect(stage.records.map(({ message }) => message)).toContain('webhooks given up: too many wait')
    const disposed = stage.webhooks[Symbol.asyncDispose]()
    await quiet()
    stage.clock.advance(3000)
    await disposed
  })

  it('on their way when the house closes get there, and those that wait are told of after the next start', async () => {
    const kept = new KeptCalls()
    let held: (() => void) | undefined
    await using receiver = await openReceiver((response, count) => {
      if (count === 1) response.writeHead(503).end()
      else if (count === 2) held = () => response.end()
      else response.end()
    })
    const webhook = { url: receiver.url, secret }
    const clock = new ManualClock()
    const first = openStage(kept, { clock, webhook })
    first.happen('CA1', { ...answered, callId: 'CA1' }, ended('caller-hung-up'))
    clock.advance(2000)
    await eventually(() => expect(first.counted).toContain('webhook retried'))
    first.happen('CA2', { ...answered, callId: 'CA2' }, ended('caller-hung-up'))
    clock.advance(2000)
    await eventually(() => expect(held).toBeDefined())
    const closing = first.afterCall[Symbol.asyncDispose]()
    held?.()
    await closing
    expect(first.counted.filter((one) => one === 'webhook delivered').length).toBeGreaterThanOrEqual(1)
    const delivered = new Set(receiver.received.slice(1).map(({ headers }) => headers['idempotency-key']))
    expect([...delivered]).not.toContain(`CA1:call.ended:${NOON}:1`)
    await using next = openStage(kept, { clock, webhook })
    const told = () => receiver.received.slice(1).map(({ headers }) => String(headers['idempotency-key']))
    await eventually(() => expect(new Set(told()).size).toBe(4))
    await quiet()
    // Each once: what was delivered is not told again.
    expect(told()).toHaveLength(4)
    expect(next.counted.filter((one) => one !== 'webhook delivered')).toEqual([])
  })
})
