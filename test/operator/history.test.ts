import { describe, expect, it } from 'vitest'
import type { CallSummary } from '../../src/call/archive.ts'
import { emptyArchive, openDesk, summaryOf, until } from './desk-rig.ts'
import { ANSWERED_AT } from './recorded-events.ts'

type Desk = Awaited<ReturnType<typeof openDesk>>

const get = async (desk: Desk, path: string) => JSON.parse((await desk.ask(path)).text)

describe('history', () => {
  it('is asked for by all that a filter has, and tells what each call cost', async () => {
    await using desk = await openDesk()
    const query =
      'number=%2B1555&agent=Bella&reason=caller-hung-up&fromAt=5&untilAt=9&words=two%20tables&limit=7&next=0'
    const page = await get(desk, `/api/calls?${query}`)
    expect(desk.asked).toEqual([
      {
        filter: {
          number: '+1555',
          agent: 'Bella',
          reason: 'caller-hung-up',
          fromAt: 5,
          untilAt: 9,
          words: 'two tables',
        },
        ...{ limit: 7, next: '0' },
      },
    ])
    // 600 tokens of text at 1, 400 of audio at 2, then 300 at 3 and 200 at 4, for a million each.
    expect(page).toEqual({ calls: [{ ...summaryOf('CA1'), cost: 0.0031 }] })
  })

  it('comes page by page', async () => {
    await using desk = await openDesk({ calls: ['CA1', 'CA2', 'CA3'].map((callId) => summaryOf(callId)) })
    const first = await get(desk, '/api/calls?limit=2')
    expect(first).toMatchObject({ calls: [{ callId: 'CA1' }, { callId: 'CA2' }], next: '2' })
    expect(await get(desk, '/api/calls?limit=2&next=2')).toMatchObject({ calls: [{ callId: 'CA3' }] })
    await get(desk, '/api/calls')
    expect(desk.asked.at(-1)).toEqual({ filter: {}, limit: 50, next: undefined })
  })

  it.each([
    ['limit=0', 'limit: expected a whole number from 1 to 500, got "0"'],
    ['limit=501', 'limit: expected a whole number from 1 to 500, got "501"'],
    ['limit=1&limit=2', 'limit: expected a whole number from 1 to 500, got ["1","2"]'],
    ['fromAt=yesterday', 'fromAt: expected milliseconds since 1970, a whole number, got "yesterday"'],
    ['untilAt=-1', 'untilAt: expected milliseconds since 1970, a whole number, got "-1"'],
    ['reason=bored', /^reason: expected one of caller-hung-up, .*, got "bored"$/],
    ['agent=', 'agent: expected the name of an agent, got ""'],
    [`words=${'a'.repeat(201)}`, /^words: expected words, at most 200 characters, got "aaa/],
    ['agnet=Bella', /^agnet: expected one of number, agent, /],
    ['__proto__=x', /^__proto__: expected one of number, agent, /],
    ['next=made-up', 'next: expected what a page has said'],
  ])('says of %s which field is wrong', async (query, sentence) => {
    await using desk = await openDesk()
    const { status, text } = await desk.ask(`/api/calls?${query}`)
    const expected = typeof sentence === 'string' ? sentence : expect.stringMatching(sentence)
    expect([status, JSON.parse(text).error]).toEqual([400, expected])
  })

  it('says which calls are live, and how long they have been', async () => {
    const { endedAt: _, reason: __, ...open } = summaryOf('CA2', { durationMs: 7 })
    await using desk = await openDesk({ calls: [summaryOf('CA1'), open] })
    desk.desk.take('CA2', {
      ...{ atMs: 0, type: 'answered', callId: 'CA2', provider: 'qwen', agent: 'Bella', from: '', to: '' },
    })
    desk.clock.advance(9000)
    const { calls } = await get(desk, '/api/calls')
    expect(calls).toMatchObject([{ durationMs: 60_000 }, { live: true, durationMs: 9000 }])
    expect(calls[0]).not.toHaveProperty('live')
    expect((await get(desk, '/api/calls/CA2')).summary).toMatchObject({ live: true, durationMs: 9000 })
  })

  it('is summed up, with what it cost', async () => {
    await using desk = await openDesk()
    const trends = await get(desk, '/api/trends?step=hour&agent=Bella')
    expect(trends).toMatchObject({
      ...{ currency: 'CNY', totals: { calls: 1, cost: 0.0031 } },
      points: [{ at: ANSWERED_AT, cost: 0.0031 }],
    })
    expect((await desk.ask('/api/trends?step=minute')).status).toBe(400)
  })

  it('can be filtered by every agent there is and was', async () => {
    await using desk = await openDesk()
    expect(await get(desk, '/api/agents')).toMatchObject({
      agents: ['Ada', 'Bella', 'default'],
      transferTargets: [{ name: 'desk', number: '+15550009999' }],
      numbers: [{ number: '+15550002222', agent: 'Bella' }],
      currency: 'CNY',
    })
  })

  it('that the store does not give is said to be away for now', async () => {
    const broken = async () => {
      throw new Error('timed out, at a secret place')
    }
    const archive = {
      ...{ search: broken, summary: broken, events: broken, totals: broken, trend: broken },
      agents: broken,
    }
    await using desk = await openDesk({ archive })
    for (const path of ['calls', 'calls/CA1', 'calls/CA1/events', 'trends', 'agents', 'calls.csv', 'calls.jsonl']) {
      const { status, text } = await desk.ask(`/api/${path}`)
      expect([status, text], path).toEqual([503, expect.not.stringContaining('secret')])
    }
  })
})

describe('a call', () => {
  it('is told with its events and files', async () => {
    await using desk = await openDesk()
    const detail = await get(desk, '/api/calls/CA1')
    expect(detail).toMatchObject({ summary: { callId: 'CA1', cost: 0.0031 }, files: [{ kind: 'recording' }] })
    expect(detail.transcript.length).toBeGreaterThan(2)
    expect((await get(desk, '/api/calls/CA1/events')).events[0]).toMatchObject({ stream: ANSWERED_AT, at: ANSWERED_AT })
    const lines = (await desk.ask('/api/calls/CA1/events.jsonl')).text.trim().split('\n')
    expect(JSON.parse(lines.at(-1) ?? '').event.type).toBe('ended')
    const who = { operator: 'operator', callId: 'CA1' }
    expect(desk.deeds).toEqual([
      { ...who, did: 'read' },
      { ...who, did: 'export', lines: lines.length },
    ])
    // Its page asks for it every few seconds.
    desk.clock.advance(3_599_999)
    await get(desk, '/api/calls/CA1')
    expect(desk.deeds).toHaveLength(2)
    desk.clock.advance(1)
    await get(desk, '/api/calls/CA1/events')
    expect(desk.deeds.slice(2)).toEqual([{ ...who, did: 'read' }])
  })

  it('that is live is told before the store has it', async () => {
    await using desk = await openDesk()
    desk.desk.take('CA9', {
      ...{ atMs: 0, type: 'answered', callId: 'CA9', provider: 'qwen', agent: 'Bella', from: '+15550001111', to: '' },
    })
    desk.clock.advance(500)
    expect(await get(desk, '/api/calls/CA9')).toMatchObject({
      summary: { callId: 'CA9', durationMs: 500 },
      live: { state: 'connecting' },
    })
    expect((await desk.ask('/api/calls/CA8')).status).toBe(404)
    expect(desk.deeds.filter(({ callId }) => callId === 'CA8')).toEqual([])
    expect((await desk.ask('/api/calls/CA8/events')).status).toBe(404)
  })
})

describe('an export', () => {
  const evil: Partial<CallSummary> = {
    agent: '=HYPERLINK("http://evil.example","x")',
    from: '@SUM(1)',
    to: '-1+1|calc',
  }

  it('has every call that is found, as lines of JSON or in a spreadsheet', async () => {
    const calls = Array.from({ length: 1201 }, (_, i) => summaryOf(`CA${i}`))
    await using desk = await openDesk({ calls })
    const lines = await desk.ask('/api/calls.jsonl?agent=Bella')
    expect(lines.headers['content-disposition']).toBe('attachment; filename="calls-until-2025-10-09.jsonl"')
    const ids = lines.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).callId)
    expect(ids).toEqual(calls.map(({ callId }) => callId))
    expect(desk.asked).toHaveLength(3)
    expect(desk.asked[1]).toEqual({ filter: { agent: 'Bella' }, limit: 500, next: '500' })
    const sheet = (await desk.ask('/api/calls.csv')).text.split('\r\n')
    expect(sheet).toHaveLength(1203)
    expect(sheet[0]).toMatch(/^\uFEFFcallId,openedAt,endedAt,from,to,agent,/)
    expect(sheet[1]).toBe(
      'CA0,2025-10-09T08:53:20.000Z,2025-10-09T08:54:20.000Z,+15550001111,+15550002222,Bella,qwen,caller-hung-up,,60000,1,3,1,0,0,800,900,1000,400,500,200,0.0031',
    )
    expect(desk.deeds.map(({ did, format, lines }) => [did, format, lines])).toEqual([
      ['export', 'jsonl', undefined],
      ['export-ended', 'jsonl', 1201],
      ['export', 'csv', undefined],
      ['export-ended', 'csv', 1202],
    ])
  })

  it('has no cell that a spreadsheet would run', async () => {
    await using desk = await openDesk({ calls: [summaryOf('CA1', evil)] })
    const [, row = ''] = (await desk.ask('/api/calls.csv')).text.split('\r\n')
    expect(row).toContain(`,'@SUM(1),'-1+1|calc,"'=HYPERLINK(""http://evil.example"",""x"")",`)
  })

  it('of nothing is the names of its columns', async () => {
    await using desk = await openDesk({ calls: [] })
    expect((await desk.ask('/api/calls.csv')).text.split('\r\n')).toHaveLength(2)
    const lines = await desk.ask('/api/calls.jsonl')
    expect([lines.status, lines.text]).toEqual([200, ''])
  })

  it('waits for who reads it slowly, and goes no further when nobody reads', async () => {
    const calls = Array.from({ length: 500 }, (_, i) => summaryOf(`CA${i}`, { agent: 'a'.repeat(2000) }))
    let asked = 0
    const search = async () => {
      asked++
      return { calls, next: '1' }
    }
    await using endless = await openDesk({ archive: { ...emptyArchive, search } })
    const response = await endless.open('/api/calls.jsonl')
    response.pause()
    await settled(() => asked)
    // A million bytes each; the machine's sockets hold some of them.
    expect(asked).toBeLessThan(30)
    const read = asked
    const others = await endless.open('/api/calls.jsonl')
    others.pause()
    expect((await endless.ask('/api/calls.jsonl')).status).toBe(503)
    endless.clock.advance(30_000)
    await new Promise((resolve) => {
      response.on('error', () => {})
      response.on('close', resolve)
      response.resume()
    })
    expect(asked).toBeLessThan(4 * read)
    others.destroy()
    expect(endless.deeds.slice(0, 2).map(({ did }) => did)).toEqual(['export', 'export'])
    // Also of one that nobody has read to its end it is written down how much of it has gone out.
    await until(
      () => endless.deeds.filter(({ did, lines }) => did === 'export-ended' && Number(lines) > 0).length === 2,
    )
  })
})

/** Waits until a number grows no more. */
async function settled(count: () => number): Promise<void> {
  let before = -1
  while (count() !== before) {
    before = count()
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}
