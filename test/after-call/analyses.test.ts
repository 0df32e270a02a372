import { describe, expect, it } from 'vitest'
import { Analyses } from '../../src/after-call/analyses.ts'
import { makeAskDmxapi } from '../../src/after-call/ask-dmxapi.ts'
import { makeAskQwen } from '../../src/after-call/ask-qwen.ts'
import { judge } from '../../src/after-call/judge.ts'
import { readShape } from '../../src/after-call/shape.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { type AnalysisFault, startAnalysisServer } from '../../src/simulators/analysis/server.ts'
import { makeLogRecorder } from '../fakes/log.ts'
import { eventually, expectNothingPrivate, quiet } from './stage.ts'

const key = 'sk-simulated'
const good = { summary: 'Opening hours.', outcome: 'answered', sentiment: 'positive', followUps: [] }

/** A desk of analyses before a simulated model that goes wrong as told, request by request. */
async function openDesk(faults: readonly (AnalysisFault | undefined)[], by: 'qwen' | 'dmxapi' = 'qwen') {
  const server = await startAnalysisServer({ apiKey: key, faults, answer: () => JSON.stringify(good) })
  const service = {
    by,
    model: 'qwen3-omni-flash',
    key,
    url: `${server.url}/${by === 'qwen' ? 'compatible-mode/' : ''}v1`,
  }
  const ask = by === 'qwen' ? makeAskQwen(service) : makeAskDmxapi(service)
  const clock = new ManualClock()
  const { log, records } = makeLogRecorder()
  const counted: string[] = []
  const ended = new AbortController()
  const shape = readShape(undefined)
  const analyses = new Analyses({
    ...{ clock, log, random: () => 0 },
    ask: async ({ turns }, signal) => judge(await ask(turns, undefined, signal), shape),
    count: (outcome) => void counted.push(outcome),
  })
  const analyse = (callId = 'CA1') =>
    analyses.analyse({ callId, asked: { role: 'user', text: 'When? At nine.' }, recordings: [] }, ended.signal)
  return {
    ...{ server, clock, counted, records, ended, analyse },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await server[Symbol.asyncDispose]()
      expectNothingPrivate(records)
    },
  }
}

const flavours = ['qwen', 'dmxapi'] as const

describe.each(flavours)('an analysis by %s', (by) => {
  it.each([
    ['is taken as it comes', JSON.stringify(good)],
    ['is found in a code fence', `\`\`\`json\n${JSON.stringify(good, null, 2)}\n\`\`\``],
    ['is found among words', `Sure {here}:\n${JSON.stringify(good)}\nAnything else?`],
  ])('%s', async (_how, text) => {
    await using desk = await openDesk([{ do: 'say', text }], by)
    expect(await desk.analyse()).toEqual(good)
    expect(desk.counted).toEqual(['done'])
  })

  it.each<[string, AnalysisFault]>([
    ['busy', { do: 'status', status: 429 }],
    ['broken', { do: 'status', status: 500 }],
    ['cut off', { do: 'break', afterDeltas: 3 }],
    ['over before it is whole', { do: 'stop', afterDeltas: 3 }],
    ['an error in its middle', { do: 'fail', afterDeltas: 3 }],
  ])('is asked for again when the answer was %s', async (_how, fault) => {
    await using desk = await openDesk([fault], by)
    const result = desk.analyse()
    await eventually(() => expect(desk.counted).toEqual(['retried']))
    desk.clock.advance(4999)
    await quiet()
    expect(desk.server.asked).toHaveLength(1)
    desk.clock.advance(1)
    expect(await result).toEqual(good)
  })

  it.each([400, 401, 403])('is not asked for again after a refusal (%i)', async (status) => {
    await using desk = await openDesk([{ do: 'status', status }], by)
    expect(await desk.analyse()).toBeUndefined()
    expect(desk.counted).toEqual(['failed'])
    expect(desk.records.at(-1)).toMatchObject({ level: 'warn', fields: { callId: 'CA1', status } })
  })

  it('waits as long as the service asks for', async () => {
    await using desk = await openDesk([{ do: 'status', status: 429, retryAfter: '30' }], by)
    const result = desk.analyse()
    await eventually(() => expect(desk.counted).toEqual(['retried']))
    desk.clock.advance(29_999)
    await quiet()
    expect(desk.server.asked).toHaveLength(1)
    desk.clock.advance(1)
    expect(await result).toEqual(good)
  })

  it('is whole when the model never says that it is done, but has said everything', async () => {
    await using desk = await openDesk([{ do: 'stop', afterDeltas: 1000 }], by)
    expect(await desk.analyse()).toEqual(good)
  })

  it('is given up when nothing comes within two minutes, and tried again', async () => {
    await using desk = await openDesk([{ do: 'hang' }], by)
    const result = desk.analyse()
    await eventually(() => expect(desk.server.asked).toHaveLength(1))
    desk.clock.advance(120_000)
    await eventually(() => expect(desk.counted).toEqual(['retried']))
    desk.clock.advance(5000)
    expect(await result).toEqual(good)
  })
})

describe('an analysis', () => {
  it('that is not of the shape is corrected once, without the sound', async () => {
    const wrong = JSON.stringify({ ...good, sentiment: 'furious' })
    await using desk = await openDesk([{ do: 'say', text: wrong }])
    expect(await desk.analyse()).toEqual(good)
    expect(desk.counted).toEqual(['repaired', 'done'])
    const [, second] = desk.server.asked
    expect(second).toMatchObject({
      turns: [
        { role: 'user' },
        { role: 'assistant', text: wrong },
        { role: 'user', text: expect.stringContaining('["positive","neutral","negative","mixed"]') },
      ],
    })
  })

  it('that goes on and on is not read, and is asked for once more', async () => {
    await using desk = await openDesk([{ do: 'say', text: JSON.stringify({ ...good, more: 'x'.repeat(65_536) }) }])
    expect(await desk.analyse()).toEqual(good)
    expect(desk.counted).toEqual(['repaired', 'done'])
    const again = expect.stringContaining('it is longer than 65536 characters')
    expect(desk.server.asked[1]).toMatchObject({ turns: [{}, {}, { role: 'user', text: again }] })
  })

  it('that is never of the shape fails, and says so', async () => {
    const say = (text: string) => ({ do: 'say', text }) as const
    await using desk = await openDesk([say('I cannot.'), say('{"summary": 1}')])
    expect(await desk.analyse()).toBeUndefined()
    expect(desk.counted).toEqual(['repaired', 'failed'])
    expect(desk.records.at(-1)).toMatchObject({ level: 'warn', fields: { why: 'shape' } })
  })

  it('is tried seven times', async () => {
    await using desk = await openDesk(Array.from({ length: 9 }, () => ({ do: 'status', status: 503 }) as const))
    const result = desk.analyse()
    for (let attempt = 1; attempt < 7; attempt++) {
      await eventually(() => expect(desk.counted).toHaveLength(attempt))
      desk.clock.advance(300_000)
    }
    expect(await result).toBeUndefined()
    expect(desk.counted.at(-1)).toBe('failed')
    expect(desk.server.asked).toHaveLength(7)
  })

  it('is made of two calls at once, and of no more than wait', async () => {
    await using desk = await openDesk(Array.from({ length: 9 }, () => ({ do: 'hang' }) as const))
    const results = Array.from({ length: 203 }, (_, i) => desk.analyse(`CA${i}`))
    await eventually(() => expect(desk.server.asked).toHaveLength(2))
    expect(desk.counted).toEqual(['refused', 'refused', 'refused'])
    desk.clock.advance(120_000)
    await eventually(() => expect(desk.server.asked).toHaveLength(4))
    desk.ended.abort()
    await Promise.all(results)
    expect(desk.server.asked).toHaveLength(4)
  })

  it('that is being made is let go when the house closes', async () => {
    await using desk = await openDesk([{ do: 'hang' }])
    const result = desk.analyse()
    await eventually(() => expect(desk.server.asked).toHaveLength(1))
    desk.ended.abort()
    expect(await result).toBeUndefined()
    expect(desk.counted).toEqual([])
  })
})
