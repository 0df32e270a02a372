import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../src/call/events.ts'
import { noCounters } from '../../src/call/events.ts'
import { startTraces } from '../../src/operator/traces.ts'
import { makeLogRecorder } from '../fakes/log.ts'

interface SpanJson {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly unknown[] }[]
  readonly status: { readonly code?: number; readonly message?: string }
}

/** A collector as OTLP over HTTP has it, JSON only. */
async function openCollector(status = 200) {
  const requests: { headers: IncomingMessage['headers']; url: string; body: string }[] = []
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    requests.push({ headers: request.headers, url: request.url ?? '', body: Buffer.concat(chunks).toString() })
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const resources = () => requests.flatMap(({ body }) => JSON.parse(body).resourceSpans)
  return {
    requests,
    resources,
    endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    spans: (): SpanJson[] =>
      resources().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }: { spans: SpanJson[] }) => spans)),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

const PRIVATE = 'what nobody but the two is to know'
const NUMBER = '+15550100'
const BEGAN = Date.UTC(2026, 0, 1)
const callId = `CA${'0123456789abcdef'.repeat(2)}`
const answered: CallEvent = {
  ...{ type: 'answered', atMs: 0, callId, provider: 'qwen', agent: 'front desk', from: NUMBER, to: NUMBER },
}

/** What happens in a call, and when it is heard of: later events arrive later, but their own times count. */
async function traced(events: readonly CallEvent[], headers?: string) {
  await using collector = await openCollector()
  const { log, records } = makeLogRecorder()
  let now = BEGAN
  const where = { endpoint: collector.endpoint, headers, serviceName: 'front office' }
  const traces = await startTraces({ ...where, log, now: () => now, delayMs: 60_000 })
  for (const event of events) {
    now = BEGAN + event.atMs + (event.type === 'answered' ? 0 : 3)
    traces.take(callId, event)
  }
  await traces[Symbol.asyncDispose]()
  const spans = collector.spans()
  const named = (name: string) => spans.filter((span) => span.name === name)
  return { spans, named, records, requests: [...collector.requests], resources: collector.resources() }
}

const attributesOf = ({ attributes }: SpanJson) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
const spanTimes = ({ startTimeUnixNano, endTimeUnixNano }: SpanJson) =>
  [startTimeUnixNano, endTimeUnixNano].map((time) => Number(BigInt(time) / 1_000_000n) - BEGAN)

const aCall: readonly CallEvent[] = [
  answered,
  { type: 'connected', atMs: 240, provider: 'qwen' },
  { type: 'agent-audible', atMs: 900, responseId: 'r1' },
  { type: 'caller-speech-started', atMs: 2000 },
  { type: 'barge-in', atMs: 2100, by: 'local', heardMs: 900, unheardMs: 500, yieldMs: 90 },
  // A pause in a sentence.
  { type: 'caller-speech-started', atMs: 2500 },
  { type: 'caller-speech-stopped', atMs: 3000 },
  { type: 'said', atMs: 3100, speaker: 'caller', itemId: 'i1', text: PRIVATE, place: 0 },
  { type: 'tool-called', atMs: 3200, toolCallId: 't1', name: 'balance_of' },
  { type: 'tool-answered', atMs: 3500, toolCallId: 't1', name: 'balance_of', ok: false, output: PRIVATE, place: 1 },
  { type: 'agent-audible', atMs: 3900, responseId: 'r2', latencyMs: 900 },
  { type: 'operator', atMs: 4000, did: 'whispered', text: PRIVATE },
  { type: 'held', atMs: 4100, by: 'model' },
  { type: 'resumed', atMs: 4700, heldMs: 600 },
  { type: 'provider-lost', atMs: 5000, code: 'provider-lost' },
  { type: 'provider-restored', atMs: 5600, provider: 'openai' },
  { type: 'caller-speech-started', atMs: 7000 },
  { type: 'caller-speech-stopped', atMs: 7500 },
  { type: 'dtmf', atMs: 7600, digit: '7' },
  {
    ...{ type: 'ended', atMs: 8000, reason: 'caller-hung-up', latency: { overlapMs: 0 } },
    counters: { ...noCounters, turns: 2, bargeIns: 1 },
  },
  { type: 'analysed', atMs: 9000, analysis: { by: 'counts', result: { summary: PRIVATE } } },
]

describe('the trace of a call', () => {
  it('has the call, its turns, its tools and its reconnections, each at its own time, in one trace that the call names', async () => {
    const { spans, named } = await traced(aCall)
    expect(spans.map(({ name }) => name).toSorted()).toEqual(['call', 'connect', 'reconnect', 'tool', 'turn', 'turn'])
    const [call] = named('call')
    if (call === undefined) throw new Error('no call')
    for (const { traceId, name, parentSpanId } of spans) {
      expect(traceId).toBe(callId.slice(2))
      expect(parentSpanId ?? '', name).toBe(name === 'call' ? '' : call.spanId)
    }
    expect(attributesOf(call)).toEqual({
      ...{ 'offhook.call_id': callId, 'offhook.agent': 'front desk', 'offhook.provider': 'qwen' },
      ...{ 'offhook.resumed': false, 'offhook.reason': 'caller-hung-up', 'offhook.turns': 2, 'offhook.barge_ins': 1 },
    })
    expect([call, ...named('connect')].map(spanTimes)).toEqual([
      [0, 8000],
      [0, 240],
    ])
    expect(named('turn').map(spanTimes)).toEqual([
      [2000, 3900],
      [7000, 8000],
    ])
    expect(named('turn').map(attributesOf)).toEqual([
      { 'offhook.answered': true, 'offhook.latency_ms': 900 },
      { 'offhook.answered': false },
    ])
    const [tool, reconnect] = [...named('tool'), ...named('reconnect')]
    expect([tool, reconnect].map((span) => span && [spanTimes(span), span.status.code])).toEqual([
      [[3200, 3500], 2],
      [[5000, 5600], 1],
    ])
    expect(call.events.map(({ name }) => name)).toEqual(['agent-audible', 'barge-in', 'operator', 'held', 'resumed'])
    expect(call.status.code).toBe(1)
  })

  it('has no word, no number and no key in it', async () => {
    const { requests } = await traced(aCall)
    const text = JSON.stringify(requests.map(({ body }) => body))
    for (const secret of [PRIVATE, NUMBER, 'dtmf']) expect(text).not.toContain(secret)
  })

  it('goes to the collector’s address with its headers, in the name of the service', async () => {
    const { requests, resources } = await traced(aCall, 'authorization=Bearer%20abc, x-team = desk ,=odd,100%=%zz')
    expect(requests).toHaveLength(1)
    const [{ url, headers }] = requests as [(typeof requests)[0]]
    expect(url).toBe('/v1/traces')
    expect(headers).toMatchObject({ authorization: 'Bearer abc', 'x-team': 'desk', '100%': '%zz' })
    expect(JSON.stringify(resources[0].resource)).toContain('front office')
  })

  it('has a tool’s name as far as it is one: a model can be talked into calling one by any words', async () => {
    const names = ['mcp.look-up_2', PRIVATE, '', 'x'.repeat(65), 'name\n']
    const calls = names.map((name, i): CallEvent => ({ type: 'tool-called', atMs: 1000, toolCallId: `t${i}`, name }))
    const { named, spans } = await traced([answered, ...calls, ...aCall.slice(-2)])
    const shown = named('tool').map((span) => attributesOf(span)['offhook.tool'])
    expect(shown).toEqual(['mcp.look-up_2', 'unnamed', 'unnamed', 'unnamed', 'unnamed'])
    expect(JSON.stringify(spans)).not.toContain(PRIVATE)
  })

  it('says what ended a call that was lost, and what was open then; of one whose end nobody told it has what there is', async () => {
    const lost = aCall.slice(0, 3).concat([
      { type: 'tool-called', atMs: 1000, toolCallId: 't1', name: 'n' },
      { type: 'provider-lost', atMs: 2000, code: 'provider-busy' },
      {
        ...{ type: 'ended', atMs: 4000, reason: 'provider-lost', code: 'provider-busy', latency: { overlapMs: 0 } },
        counters: noCounters,
      },
    ])
    const { spans, named } = await traced(lost)
    expect(spans.map(({ name, status }) => [name, status.code])).toEqual(
      expect.arrayContaining([
        ['call', 2],
        ['tool', 2],
        ['reconnect', 2],
      ]),
    )
    expect(named('call')[0]?.status.message).toBe('provider-busy')
    const untold = await traced([answered, { ...answered, resumed: true }])
    expect(untold.named('call')).toHaveLength(2)
    expect(untold.named('connect')).toHaveLength(2)
  })
})

describe('a collector', () => {
  it('that is down, or refuses, costs one line in the log a minute and nothing else', async () => {
    await using refusing = await openCollector(400)
    const { log, records } = makeLogRecorder()
    let now = BEGAN
    // It is asked what time it is when a call is answered, and when something was refused.
    let asked = 0
    const clock = () => {
      asked++
      return now
    }
    const where = { endpoint: refusing.endpoint, headers: undefined, serviceName: 's' }
    await using traces = await startTraces({ ...where, log, now: clock, delayMs: 1 })
    const oneCall = async (calls: number) => {
      for (const event of aCall) traces.take(callId, event)
      while (asked < 2 * calls) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await oneCall(1)
    await oneCall(2)
    expect(records.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'the collector does not take our traces'],
    ])
    now += 60_001
    await oneCall(3)
    expect(records).toHaveLength(2)
    // Those of the second call, which nothing was said of, and of the third.
    expect(records[1]?.fields['lost']).toBe(12)
  })

  it('that is not there does not hold up the end', async () => {
    const { log, records } = makeLogRecorder()
    const gone = await openCollector()
    await gone[Symbol.asyncDispose]()
    const where = { endpoint: gone.endpoint, headers: undefined, serviceName: 's' }
    const traces = await startTraces({ ...where, log, closeMs: 100 })
    for (const event of aCall) traces.take(callId, event)
    // It would be tried again for five seconds; the test's own deadline is what holds this to its word.
    await traces[Symbol.asyncDispose]()
    expect(records.length).toBeLessThan(2)
  })
})

it('without a collector nothing of OpenTelemetry is loaded, but its empty interface by prom-client; with one it is', {
  timeout: 30_000,
}, async () => {
  const script = `
    import { registerHooks } from 'node:module'
    let loaded = 0
    registerHooks({ load(url, context, next) { if (/@opentelemetry\\/(?!api\\/)|span-export/.test(url)) loaded++; return next(url, context) } })
    await import('./src/offhook.ts')
    const { startTraces } = await import('./src/operator/traces.ts')
    const before = loaded
    const traces = await startTraces({ endpoint: 'http://127.0.0.1:9', closeMs: 1, serviceName: 's', log: console })
    await traces[Symbol.asyncDispose]()
    console.log(JSON.stringify({ before, isLoadedThen: loaded > 10 }))`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { PATH: process.env['PATH'] } })
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout.on('data', (data) => out.push(String(data)))
  child.stderr.on('data', (data) => err.push(String(data)))
  await once(child, 'close')
  expect(JSON.parse(out.join('') || `"${err.join('').slice(0, 300)}"`)).toEqual({ before: 0, isLoadedThen: true })
})
