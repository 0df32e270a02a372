import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { noCounters } from '../../src/call/events.ts'
import { Metrics } from '../../src/operator/metrics.ts'
import { countShelved, countStream } from '../../src/operator/vitals.ts'

// What an operator is told of the numbers, and what is really there.
const docs = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** Of each metric that a busy house shows: its type, and the labels that its samples have. */
const shown = new Map<string, { type: string; labels: Set<string> }>()

beforeAll(async () => {
  const metrics = new Metrics({ prices: { qwen: { textIn: 1, audioIn: 1, textOut: 1, audioOut: 1 } }, currency: 'CNY' })
  const usage = { inputTokens: 9, outputTokens: 9, inputAudioTokens: 5, outputAudioTokens: 5 }
  const number = '+15550100'
  metrics.fold('CA1', {
    ...{ type: 'answered', atMs: 0, callId: 'CA1', provider: 'qwen', agent: 'default', from: number, to: number },
  })
  metrics.fold('CA1', { type: 'response-ended', atMs: 1, responseId: 'r', status: 'completed', usage })
  metrics.fold('CA1', { type: 'session-renewed', atMs: 2, provider: 'qwen' })
  metrics.fold('CA1', { type: 'operator', atMs: 3, did: 'took-over' })
  metrics.fold('CA1', { type: 'ended', atMs: 4, reason: 'shutdown', counters: noCounters, latency: { overlapMs: 0 } })
  metrics.strangerRefused('used')
  metrics.requestRefused('/twilio/voice')
  const nothing = { binary: 0, unknown: 0, foreign: 0, repeatedStarts: 0 }
  countStream({ ...nothing, unsentMs: 0, filledMs: 0, fedMs: 0, garbage: 0 })
  countShelved({ kind: 'recording', bytes: 44, failed: false })
  const page = metrics.page({
    ...{ token: undefined, behindProxy: false, self: '1', vitals: async () => new Map() },
    load: () => [{ worker: '1', ready: true, liveCalls: 1, mediaSockets: 1, deaths: 0 }],
    readings: () => ({ store: { waiting: 0, lagMs: 0, dropped: 0, failing: true }, lagMs: 0 }),
  })
  const { body = '' } = await page.show({ headers: { host: '127.0.0.1' }, remoteAddress: '127.0.0.1' })
  for (const line of body.split('\n')) {
    const [, declared = '', type = ''] = /^# TYPE (\S+) (\w+)$/.exec(line) ?? []
    if (declared !== '') shown.set(declared, { type, labels: new Set() })
    const [, sample = '', labels = ''] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? []
    const metric = shown.get(sample) ?? shown.get(sample.replace(/_(bucket|sum|count)$/, ''))
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') metric?.labels.add(label)
  }
})

type Samples = ReadonlyMap<string, number>

/** The sum of each metric that only grows. */
async function samplesOf(metrics: Metrics): Promise<Samples> {
  const page = metrics.page({
    ...{ token: undefined, behindProxy: false, self: '1', vitals: async () => new Map(), load: () => [] },
    readings: () => ({ store: { waiting: 0, lagMs: 0, dropped: 0 }, lagMs: 0 }),
  })
  const { body = '' } = await page.show({ headers: { host: '127.0.0.1' }, remoteAddress: '127.0.0.1' })
  const sums = new Map<string, number>()
  for (const [, name = '', value] of body.matchAll(/^(offhook_\w+_(?:total|count|bucket))(?:\{.*\})? (\S+)$/gm)) {
    sums.set(name, (sums.get(name) ?? 0) + Number(value))
  }
  return sums
}

/** The cells of each line of the tables of a page, without those of its head. */
function rows(text: string, columns: number): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (-|metric |alert )/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === columns)
}

const [metricsText = '', alertsText = ''] = docs('metrics.md').split('## When to worry')
const documented = rows(metricsText, 5).map(([name = '', type, labels = '', says = '', alert = '']) => ({
  ...{ name: name.replaceAll('`', ''), type, says, alert },
  labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
}))
const alerts = rows(alertsText, 5).map(([alert = '', expr = '', time, severity, summary]) => ({
  ...{ alert, expr: expr.replaceAll('`', ''), for: time, labels: { severity }, annotations: { summary } },
}))

/** Names of metrics in an expression: everything that is no function, no keyword, no label, no variable. */
function metricsIn(expr: string): readonly string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]/g, '').replace(/\b(by|without) \([^)]*\)/g, '')
  return [...bare.matchAll(/\b([a-z]\w*)\b(?!\s*\()/g)].map(([, name = '']) => name).filter((name) => name !== 'and')
}

/** Whether there is such a metric, and such labels as the expression asks for. */
function problemsOf(expr: string): readonly string[] {
  const metricOf = (name: string) => {
    const histogram = shown.get(name.replace(/_(bucket|sum|count)$/, ''))
    return histogram?.type === 'histogram' ? histogram : shown.get(name)
  }
  const names = metricsIn(expr).filter((name) => name !== 'up')
  const unknown = names.filter((name) => metricOf(name) === undefined)
  const has = new Set(names.flatMap((name) => [...(metricOf(name)?.labels ?? [])]).concat('le', 'job'))
  const asked = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
  const chosen = [...expr.matchAll(/[{,](\w+)!?="/g)].map(([, label = '']) => label)
  return [...unknown, ...[...asked, ...chosen].filter((label) => !has.has(label))]
}

describe('the page on metrics', () => {
  it('has every metric that there is, with its type and its labels, and no other', () => {
    expect(documented.length).toBeGreaterThan(60)
    expect(documented.map(({ name }) => name).toSorted()).toEqual([...shown.keys()].toSorted())
    for (const { name, type, labels, says } of documented) {
      const { type: isType, labels: has } = shown.get(name) ?? { type: '', labels: new Set() }
      expect(type, name).toBe(isType)
      // What nothing is happening to has no sample, and so no label: of a process's own handles.
      if (has.size > 1 || !name.startsWith('nodejs_')) expect(labels.toSorted(), name).toEqual([...has].toSorted())
      expect(says.length, name).toBeGreaterThan(5)
    }
  })

  it('says of each metric which alert it should have, or that it needs none; each of them is there', () => {
    const names = new Set(alerts.map(({ alert }) => alert))
    for (const { name, alert } of documented) {
      const asked = alert.match(/Offhook\w+/g) ?? []
      expect(asked.length > 0 || alert.startsWith('none'), `${name}: ${alert}`).toBe(true)
      for (const one of asked) expect(names, name).toContain(one)
    }
  })

  it('asks in its alerts for metrics and labels that there are', () => {
    expect(alerts.length).toBeGreaterThan(25)
    for (const { alert, expr, for: time } of alerts) {
      expect(problemsOf(expr), alert).toEqual([])
      expect(time, alert).toMatch(/^\d+[sm]$/)
    }
    expect(problemsOf('sum by (nobody) (rate(offhook_cals{state="live"}[5m]))')).toEqual([
      'offhook_cals',
      'nobody',
      'state',
    ])
  })

  it('weighs nothing that is counted when calls begin against what is counted when they end', async () => {
    const metrics = new Metrics()
    const number = '+15550100'
    const whose = { callId: 'CA1', provider: 'qwen', agent: 'default', from: number, to: number }
    const before = await samplesOf(metrics)
    metrics.fold('CA1', { type: 'answered', atMs: 0, ...whose })
    metrics.fold('CA1', { type: 'connected', atMs: 1, provider: 'qwen' })
    const begun = await samplesOf(metrics)
    const sound = { callerMs: 1000, agentMs: 1000, heardMs: 1000, cutMs: 1000, lateMs: 1000, uplinkDroppedMs: 1000 }
    const counters = { ...sound, turns: 1, bargeIns: 1 }
    metrics.fold('CA1', { type: 'ended', atMs: 9, reason: 'provider-lost', counters, latency: { overlapMs: 0 } })
    metrics.fold('CA2', { type: 'answered', atMs: 0, ...whose, resumed: true })
    metrics.fold('CA2', { type: 'ended', atMs: 9, reason: 'provider-lost', counters, latency: { overlapMs: 0 } })
    const over = await samplesOf(metrics)
    const grown = (from: Samples, to: Samples) =>
      [...to].flatMap(([name, sum]) => (sum > (from.get(name) ?? 0) ? [name] : []))
    const atBegin = grown(before, begun)
    // Those of a stream's own are told by its process at the same moment.
    const atEnd = [...grown(begun, over), 'offhook_stream_sound_seconds_total', 'offhook_stream_odd_frames_total']
    expect(atBegin).toContain('offhook_calls_answered_total')
    expect(atEnd).toEqual(expect.arrayContaining(['offhook_frames_total', 'offhook_connect_failures_total']))
    const counted = (names: readonly string[], expr: string) => metricsIn(expr).some((name) => names.includes(name))
    const mixed = (expr: string) => counted(atBegin, expr) && counted(atEnd, expr)
    expect(alerts.filter(({ expr }) => mixed(expr)).map(({ alert }) => alert)).toEqual([])
    expect(mixed('sum(offhook_frames_total) == 0 and sum(offhook_calls_answered_total) > 3')).toBe(true)
    // And what comes in one lump at the end of a long call is weighed against what comes with it, not against time.
    const lumps = alerts.filter(({ expr }) => counted(atEnd, expr) && /\brate\(\w+_seconds_total/.test(expr))
    for (const { alert, expr } of lumps) expect(expr, alert).toContain(' / ')
    expect(lumps.length).toBeGreaterThan(1)
  })

  it('has the same alerts as the rules for Prometheus', () => {
    const { groups } = parse(docs('alerts.yml'))
    expect(groups).toEqual([{ name: 'offhook', rules: alerts }])
  })
})

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly datasource?: unknown
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly expr: string; readonly refId: string; readonly datasource: unknown }[]
}

describe('the dashboard', () => {
  const dashboard = JSON.parse(docs('grafana.json'))
  const panels: readonly Panel[] = dashboard.panels

  it('is one that Grafana 10 and later import: no id, the data source a variable, every panel in a place of its own', () => {
    expect(dashboard).toMatchObject({ id: null, uid: 'offhook', title: 'Offhook', schemaVersion: 38, editable: true })
    expect(dashboard.templating.list).toMatchObject([{ name: 'datasource', type: 'datasource', query: 'prometheus' }])
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const taken = new Set<string>()
    for (const {
      title,
      gridPos: { x, y, w, h },
    } of panels) {
      expect(x + w, title).toBeLessThanOrEqual(24)
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(taken.has(`${column},${line}`), title).toBe(false)
          taken.add(`${column},${line}`)
        }
      }
    }
  })

  it('asks only for metrics and labels that there are, through its variable', () => {
    const source = { type: 'prometheus', uid: ['$', '{datasource}'].join('') }
    for (const { type, title, targets = [], datasource } of panels) {
      expect(targets.length > 0, title).toBe(type !== 'row')
      if (type !== 'row') expect(datasource).toEqual(source)
      for (const { expr, datasource: from } of targets) {
        expect(problemsOf(expr), `${title}: ${expr}`).toEqual([])
        expect(from).toEqual(source)
      }
    }
  })

  it('shows every metric of ours somewhere', () => {
    const asked = new Set(panels.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr))))
    const missing = [...shown.keys()].filter(
      (name) => name.startsWith('offhook_') && ![name, `${name}_bucket`].some((one) => asked.has(one)),
    )
    expect(missing).toEqual([])
  })
})
