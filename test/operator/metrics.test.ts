import { describe, expect, it } from 'vitest'
import type { Visitor } from '../../src/base/http.ts'
import type { CallCounters, CallEvent } from '../../src/call/events.ts'
import { Metrics } from '../../src/operator/metrics.ts'
import { countShelved, countStream, watchThisProcess } from '../../src/operator/vitals.ts'

const here: Visitor = { headers: { host: '127.0.0.1:8080' }, remoteAddress: '127.0.0.1' }
const counters: CallCounters = {
  ...{ callerMs: 61_000, agentMs: 30_000, heardMs: 28_500, cutMs: 1500, lateMs: 0, turns: 4, bargeIns: 1 },
}
const latency = { overlapMs: 0 }

function answered(callId: string, provider = 'qwen'): [string, CallEvent] {
  const [from, to] = ['+15550001', '+15550002']
  return [callId, { type: 'answered', atMs: 0, callId, provider, agent: 'default', from, to }]
}

const isNotZero = (line: string) => !line.endsWith(' 0')

function pageOf(metrics: Metrics, token?: string, behindProxy = false) {
  const load = [
    { worker: '1', ready: true, liveCalls: 3, mediaSockets: 4, deaths: 0 },
    { worker: '2', ready: false, liveCalls: 0, mediaSockets: 0, deaths: 2 },
  ]
  const vitals = async () => new Map([['2', await watchThisProcess()()]])
  const readings = () => ({ store: { waiting: 7, lagMs: 120, dropped: 2, failing: true }, lagMs: 21 })
  return metrics.page({ token, behindProxy, self: 'reception', load: () => load, vitals, readings })
}

async function linesOf(metrics: Metrics): Promise<readonly string[]> {
  const { status, type, body = '' } = await pageOf(metrics).show(here)
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  return body.split('\n')
}

describe('the metrics', () => {
  it('are folded from the events of calls', async () => {
    const metrics = new Metrics()
    const events: [string, CallEvent][] = [
      answered('CA1'),
      ['CA1', { type: 'connected', atMs: 240, provider: 'qwen' }],
      ['CA1', { type: 'agent-audible', atMs: 900, responseId: 'r1' }],
      ['CA1', { type: 'agent-audible', atMs: 4000, responseId: 'r2', latencyMs: 620 }],
      ['CA1', { type: 'barge-in', atMs: 5000, by: 'local', heardMs: 900, unheardMs: 1500, yieldMs: 90 }],
      ['CA1', { type: 'resumed', atMs: 6000, heldMs: 600 }],
      ['CA1', { type: 'ended', atMs: 61_000, reason: 'caller-hung-up', counters, latency }],
      answered('CA2'),
      ['CA2', { type: 'ended', atMs: 90, reason: 'provider-lost', code: 'provider-refused', counters, latency }],
      answered('CA3'),
      ['CA3', { type: 'ended', atMs: 90, reason: 'caller-hung-up', counters, latency }],
    ]
    for (const [callId, event] of events) metrics.fold(callId, event)
    const lines = await linesOf(metrics)
    expect(lines).toEqual(
      expect.arrayContaining([
        'offhook_calls_answered_total 3',
        'offhook_calls_ended_total{reason="caller-hung-up"} 2',
        'offhook_calls_ended_total{reason="provider-lost"} 1',
        'offhook_connect_failures_total{code="provider-refused"} 1',
        'offhook_connect_seconds_bucket{le="0.2"} 0',
        'offhook_connect_seconds_bucket{le="0.3"} 1',
        'offhook_answer_latency_seconds_sum 0.62',
        'offhook_answer_latency_seconds_count 1',
        'offhook_barge_ins_total 1',
        'offhook_holds_resumed_total 1',
        'offhook_yield_seconds_bucket{le="0.08"} 0',
        'offhook_yield_seconds_bucket{le="0.1"} 1',
        'offhook_caller_turns_total 12',
        'offhook_audio_seconds_total{kind="caller"} 183',
        'offhook_audio_seconds_total{kind="heard"} 85.5',
      ]),
    )
    expect(lines.filter((line) => line.startsWith('offhook_connect_failures_total{')).filter(isNotZero)).toHaveLength(1)
  })

  it('say how often a call lost its model, and with whom it went on', async () => {
    const metrics = new Metrics()
    const events: [string, CallEvent][] = [
      answered('CA1'),
      ['CA1', { type: 'connected', atMs: 240, provider: 'qwen' }],
      answered('CA2'),
      ['CA2', { type: 'connected', atMs: 900, provider: 'openai' }],
      ['CA1', { type: 'provider-lost', atMs: 9000, code: 'provider-lost' }],
      ['CA1', { type: 'provider-restored', atMs: 9400, provider: 'openai' }],
      ['CA1', { type: 'session-renewed', atMs: 50_000, provider: 'openai' }],
      ['CA1', { type: 'provider-lost', atMs: 60_000 }],
      ['CA2', { type: 'provider-lost', atMs: 61_000 }],
      ['CA2', { type: 'ended', atMs: 62_000, reason: 'provider-lost', counters, latency }],
    ]
    for (const [callId, event] of events) metrics.fold(callId, event)
    const lines = await linesOf(metrics)
    expect(
      lines.filter((line) => /^offhook_(provider|sessions|connect_f)\w+_total/.test(line)).filter(isNotZero),
    ).toEqual([
      'offhook_provider_losses_total{provider="qwen"} 1',
      'offhook_provider_losses_total{provider="openai"} 2',
      'offhook_provider_restorations_total{provider="openai"} 1',
      'offhook_provider_errors_total{provider="qwen",code="provider-lost"} 1',
      'offhook_provider_errors_total{provider="openai",code="unknown"} 2',
      'offhook_sessions_renewed_total{provider="openai"} 1',
    ])
  })

  it('say how calls stand: each counts once, and what happens to one that is over counts no more', async () => {
    const metrics = new Metrics()
    const states = async () =>
      Object.fromEntries(
        (await linesOf(metrics)).flatMap((line) => [
          /^offhook_calls\{state="(.*)"\} (\d+)$/.exec(line)?.slice(1) ?? [],
        ]),
      )
    const taken = (callId: string, did: 'took-over' | 'handed-back') =>
      metrics.fold(callId, { type: 'operator', atMs: 5, did })
    for (const callId of ['CA1', 'CA2', 'CA3', 'CA4']) metrics.fold(...answered(callId))
    for (const callId of ['CA2', 'CA3', 'CA4']) metrics.fold(callId, { type: 'connected', atMs: 1, provider: 'qwen' })
    metrics.fold('CA3', { type: 'provider-lost', atMs: 2 })
    taken('CA4', 'took-over')
    expect(await states()).toEqual({ connecting: '1', live: '1', 'model-lost': '1', 'taken-over': '1' })
    metrics.fold('CA3', { type: 'provider-restored', atMs: 3, provider: 'openai' })
    taken('CA4', 'handed-back')
    metrics.fold('CA1', { type: 'ended', atMs: 4, reason: 'shutdown', counters, latency })
    metrics.fold('CA1', { type: 'provider-lost', atMs: 5 })
    taken('CA1', 'took-over')
    expect(await states()).toEqual({ connecting: '0', live: '3', 'model-lost': '0', 'taken-over': '0' })
  })

  it('say what models bill and what that costs, by who billed it; what no model can bill is not counted', async () => {
    const prices = { qwen: { textIn: 1, audioIn: 10, textOut: 4, audioOut: 20 } }
    const metrics = new Metrics({ prices, currency: 'EUR' })
    const bill = (callId: string, inputTokens: number, inputAudioTokens: number) =>
      metrics.fold(callId, {
        ...{ type: 'response-ended', atMs: 9, responseId: 'r1', status: 'completed' },
        usage: { inputTokens, inputAudioTokens, outputTokens: 300_000, outputAudioTokens: 200_000 },
      })
    metrics.fold(...answered('CA1'))
    metrics.fold(...answered('CA2', 'openai'))
    bill('CA1', 500_000, 400_000)
    bill('CA2', 100, 0)
    bill('CA2', Number.NaN, 7)
    bill('CA2', 1, 8)
    expect((await linesOf(metrics)).filter((line) => /^offhook_(tokens|cost)_total/.test(line))).toEqual([
      'offhook_tokens_total{provider="qwen",kind="text",way="in"} 100000',
      'offhook_tokens_total{provider="qwen",kind="audio",way="in"} 400000',
      'offhook_tokens_total{provider="qwen",kind="text",way="out"} 100000',
      'offhook_tokens_total{provider="qwen",kind="audio",way="out"} 200000',
      'offhook_tokens_total{provider="openai",kind="text",way="in"} 100',
      'offhook_tokens_total{provider="openai",kind="audio",way="in"} 15',
      'offhook_tokens_total{provider="openai",kind="text",way="out"} 300000',
      'offhook_tokens_total{provider="openai",kind="audio",way="out"} 600000',
      // 0.1 + 4 + 0.4 + 4
      'offhook_cost_total{provider="qwen",currency="EUR"} 8.5',
    ])
  })

  it('say what sound went where, and what of it was dropped', async () => {
    const metrics = new Metrics()
    metrics.fold(...answered('CA1'))
    const lossy = { ...counters, lateMs: 40, uplinkDroppedMs: 1000 }
    metrics.fold('CA1', { type: 'ended', atMs: 62_000, reason: 'caller-hung-up', counters: lossy, latency })
    expect(await linesOf(metrics)).toEqual(
      expect.arrayContaining([
        'offhook_frames_total{from="caller",way="in"} 3050',
        'offhook_frames_total{from="caller",way="out"} 3000',
        'offhook_frames_total{from="agent",way="in"} 1500',
        'offhook_frames_total{from="agent",way="out"} 1425',
        'offhook_dropped_seconds_total{why="cut"} 1.5',
        'offhook_dropped_seconds_total{why="late"} 0.04',
        'offhook_dropped_seconds_total{why="uplink"} 1',
        'offhook_call_seconds_bucket{le="60"} 0',
        'offhook_call_seconds_bucket{le="120"} 1',
      ]),
    )
  })

  it('say what operators did, how tools did, why the agent spoke by itself, and what became of a call that was over', async () => {
    const metrics = new Metrics()
    metrics.fold(...answered('CA1'))
    metrics.fold('CA1', { type: 'operator', atMs: 1, did: 'whispered', text: 'what is private' })
    metrics.fold('CA1', { type: 'prompted', atMs: 2, why: 'ask' })
    for (const ok of [true, false]) {
      metrics.fold('CA1', { type: 'tool-answered', atMs: 3, toolCallId: 't', name: 'n', ok, output: '', place: 0 })
    }
    metrics.afterCall('webhook', 'retried')
    metrics.requestRefused('/twilio/voice')
    const lines = await linesOf(metrics)
    expect(lines).toEqual(
      expect.arrayContaining([
        'offhook_operator_actions_total{did="whispered"} 1',
        'offhook_prompts_total{why="ask"} 1',
        'offhook_tool_calls_total{outcome="answered"} 1',
        'offhook_tool_calls_total{outcome="failed"} 1',
        'offhook_after_call_total{kind="webhook",outcome="retried"} 1',
        'offhook_after_call_total{kind="analysis",outcome="failed"} 0',
        'offhook_requests_refused_total{door="/twilio/voice"} 1',
        'offhook_store_failing 1',
      ]),
    )
    expect(lines.join()).not.toContain('private')
  })

  it('count a model that no call was connected to once, and its end as what it was', async () => {
    const metrics = new Metrics()
    metrics.fold(...answered('CA1'))
    metrics.fold('CA1', { type: 'ended', atMs: 90, reason: 'provider-lost', code: 'provider-busy', counters, latency })
    const errors = (await linesOf(metrics)).filter((line) => line.startsWith('offhook_provider_errors_total'))
    expect(errors.filter(isNotZero)).toEqual(['offhook_provider_errors_total{provider="qwen",code="provider-busy"} 1'])
    // The others are there too: an increase is seen from zero only.
    expect(errors.length).toBe(6)
  })

  it('say who came back, who was turned away, which strangers came, and how the house is doing', async () => {
    const metrics = new Metrics()
    metrics.cameBack('line-broke')
    metrics.turnedAway('all-lines-busy')
    metrics.turnedAway('all-lines-busy')
    metrics.turnedAway('caller-too-often')
    metrics.strangerRefused('used')
    for (let times = 0; times < 2; times++) {
      expect(await linesOf(metrics)).toEqual(
        expect.arrayContaining([
          'offhook_calls_resumed_total{why="line-broke"} 1',
          'offhook_calls_turned_away_total{why="all-lines-busy"} 2',
          'offhook_calls_turned_away_total{why="caller-too-often"} 1',
          'offhook_stream_tokens_refused_total{why="used"} 1',
          'offhook_store_queue 7',
          'offhook_store_lag_seconds 0.12',
          'offhook_store_dropped_total 2',
          'offhook_admission_lag_seconds 0.021',
        ]),
      )
    }
  })

  it('say of each process what its streams lost, and what of them was kept', async () => {
    const nothing = { binary: 0, unknown: 0, foreign: 0, repeatedStarts: 0 }
    countStream({ ...nothing, unsentMs: 1500, filledMs: 200, fedMs: 300, garbage: 4 })
    countShelved({ kind: 'recording', bytes: 3244, failed: false })
    countShelved({ kind: 'flight', bytes: 0, failed: true })
    expect(await linesOf(new Metrics())).toEqual(
      expect.arrayContaining([
        'offhook_stream_sound_seconds_total{why="unsent",worker="reception"} 1.5',
        'offhook_stream_sound_seconds_total{why="silence",worker="reception"} 0.5',
        'offhook_stream_odd_frames_total{why="garbage",worker="reception"} 4',
        'offhook_shelf_bytes_total{kind="recording",worker="reception"} 3244',
        'offhook_shelf_failures_total{kind="flight",worker="reception"} 1',
        'offhook_shelf_failures_total{kind="recording",worker="reception"} 0',
      ]),
    )
  })

  it('are one view: a line a worker, the vitals of each process under its name, and the same when read twice', async () => {
    const metrics = new Metrics()
    for (let times = 0; times < 2; times++) {
      const lines = await linesOf(metrics)
      expect(lines).toEqual(
        expect.arrayContaining([
          'offhook_live_calls{worker="1"} 3',
          'offhook_media_sockets{worker="1"} 4',
          'offhook_worker_ready{worker="1"} 1',
          'offhook_worker_ready{worker="2"} 0',
          'offhook_worker_deaths_total{worker="2"} 2',
        ]),
      )
      for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds']) {
        const labels = lines.flatMap((line) => (line.startsWith(`${name}{`) ? [/worker="\w+"/.exec(line)?.[0]] : []))
        expect(labels, name).toEqual(['worker="reception"', 'worker="2"'])
        expect(lines.filter((line) => line.startsWith(`# TYPE ${name} `))).toHaveLength(1)
      }
    }
  })

  it('are named by the convention and say what they are', async () => {
    const lines = await linesOf(new Metrics())
    const types = lines.flatMap((line) => /^# TYPE (offhook_\w+) (\w+)$/.exec(line)?.slice(1, 3) ?? [])
    expect(types.length).toBeGreaterThan(20)
    for (let i = 0; i < types.length; i += 2) {
      const [name = '', type] = types.slice(i, i + 2)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
      if (type === 'histogram') expect(name).toMatch(/_seconds$/)
      expect(lines.some((line) => line.startsWith(`# HELP ${name} `))).toBe(true)
    }
  })
})

describe('who may look at them', () => {
  const status = async (visitor: Visitor, token?: string) => (await pageOf(new Metrics(), token).show(visitor)).status
  const from = (headers: Visitor['headers'], remoteAddress = '127.0.0.1') => ({ headers, remoteAddress })

  it('is this machine itself and nobody else, when there is no token', async () => {
    expect(await status(here)).toBe(200)
    expect(await status(from({ host: 'localhost:8080' }, '::1'))).toBe(200)
    expect(await status(from({ host: '127.0.0.1:8080' }, '203.0.113.9'))).toBe(403)
    expect(await status(from({ host: 'voice.example.com' }))).toBe(403)
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'cf-connecting-ip', 'origin']) {
      expect(await status(from({ host: '127.0.0.1:8080', [header]: '203.0.113.9' })), header).toBe(403)
    }
  })

  it('is who shows the token, from wherever, when there is one', async () => {
    const token = 'a-token-for-the-scraper'
    expect(await status(from({ authorization: `Bearer ${token}` }, '203.0.113.9'), token)).toBe(200)
    for (const authorization of [
      undefined,
      '',
      token,
      `Bearer ${token}x`,
      `Basic ${token}`,
      'Bearer ',
      'Bearer undefined',
    ]) {
      expect(await status(from({ host: '127.0.0.1:8080', authorization }), token), authorization).toBe(403)
    }
  })

  it('is nobody without a token where a proxy may make everybody look as if they were here', async () => {
    expect((await pageOf(new Metrics(), undefined, true).show(here)).status).toBe(403)
  })

  it('learns nothing of the calls from a refusal', async () => {
    const reply = await pageOf(new Metrics(), 'a-token-for-the-scraper').show(here)
    expect(reply).toEqual({ status: 403, type: 'text/plain', body: 'Forbidden' })
  })
})
