import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../src/call/agent.ts'
import { checkFolder } from '../../src/cli/replay/check-folder.ts'
import { compare } from '../../src/cli/replay/compare.ts'
import type { Description } from '../../src/cli/replay/description.ts'
import { replay } from '../../src/cli/replay/engine.ts'
import { callOfFlight } from '../../src/cli/replay/from-flight.ts'
import { momentsOf } from '../../src/cli/replay/moments.ts'
import { type RecordedCall, readRecordedCall } from '../../src/cli/replay/recorded-call.ts'
import { redacted } from '../../src/cli/replay/redact.ts'
import { checkFlight } from '../../src/cli/replay/run.ts'
import { saveCall } from '../../src/cli/replay/save.ts'
import { makeFlightRecorder } from '../../src/store/flights/flight-recorder.ts'
import { type Flight, readFlight } from '../../src/store/flights/read.ts'
import { makeLogRecorder } from '../fakes/log.ts'

const calls = new URL('../../fixtures/audio/calls/', import.meta.url).pathname
const directory = await mkdtemp(join(tmpdir(), 'replay-'))
afterAll(() => rm(directory, { recursive: true }))
const { log } = makeLogRecorder()
const nowMs = () => performance.now()

/** A recorded call flown once more, with the flight recorder on, as the house would have kept it. */
async function flightOf(name: string): Promise<Flight> {
  const recorder = makeFlightRecorder({ directory, maxBytes: 1e8, log })
  const call = readRecordedCall(`${calls}/${name}`)
  await replay({ ...call, description: { ...call.description, callId: name } }, (stream) =>
    recorder({ ...stream, agent: { ...stream.agent, flightRecorder: true } satisfies Agent }),
  )
  await recorder[Symbol.asyncDispose]()
  const folder = join(directory, 'calls', name)
  const [file = ''] = (await readdir(folder)).sort()
  return readFlight(join(folder, file))
}

/** How the flight goes in a house that is not what it was. */
async function differences(flight: Flight, change: (call: RecordedCall) => RecordedCall): Promise<readonly string[]> {
  const { tapped } = await replay(change(callOfFlight(flight)))
  return compare(momentsOf(flight.lines, true), momentsOf(tapped[0] ?? [])).map(({ text }) => text)
}

const withDescription = (change: Partial<Description>) => (call: RecordedCall) => ({
  ...call,
  description: { ...call.description, ...change },
})

describe('the flight record of a call', () => {
  it.each([
    'barge-in-while-generating',
    'manual-turns',
    'recorded-greeting',
    'goodbye-after-the-tool',
    'tool-while-the-caller-speaks',
    'digits-over-an-answer',
    'model-lost',
    'transfer-answered',
    'time-up',
  ])('of %s goes as it went', async (name) => {
    const { differences: found, limits } = await checkFlight(await flightOf(name), nowMs)
    expect(found).toEqual([])
    expect(limits).toEqual([])
  })

  let cut: Flight
  let tools: Flight
  let hum: Flight
  beforeAll(async () => {
    cut = await flightOf('barge-in-while-generating')
    tools = await flightOf('tool-while-the-caller-speaks')
    hum = await flightOf('hum-over-an-answer')
  })

  it('tells that nobody yields any more', async () => {
    const found = await differences(cut, withDescription({ bargeIn: { by: 'off' } }))
    expect(found).toContain('barge-in: does not happen any more')
    expect(found).toContain('carrier: clear: does not happen any more')
    expect(found.join('\n')).toMatch(/^heard item_a: .*wholly was false, is true; heardMs was \d+, is \d+$/m)
  })

  it('tells that our own ear does not hear any more', async () => {
    const found = await differences(cut, withDescription({ bargeIn: { by: 'model' } }))
    expect(found.join('\n')).toMatch(/^barge-in: .*by was "local", is "model"/m)
  })

  it('tells that a doubt is settled a fifth of a second later', async () => {
    const { confirmMs = 600, ...bargeIn } = hum.header.agent.bargeIn
    const found = await differences(hum, withDescription({ bargeIn: { ...bargeIn, confirmMs: confirmMs + 200 } }))
    expect(found.join('\n')).toMatch(/^resumed: (200 ms later; )?heldMs was \d+, is \d+$/m)
  })

  it('tells that the model has sent a delta less', async () => {
    const found = await differences(hum, (call) => ({
      ...call,
      streams: call.streams.map((stream) => ({
        ...stream,
        sessions: stream.sessions.map((session) => {
          const first = session.script.findIndex(({ event }) => event.type === 'audio')
          return { ...session, script: session.script.filter((_, i) => i !== first) }
        }),
      })),
    }))
    expect(found.join('\n')).toMatch(/^heard item_greeting: .*heardMs was \d+, is \d+$/m)
  })

  it('tells that a tool answers something else, and that it answers late', async () => {
    const changed = (change: object) =>
      differences(tools, (call) => ({
        ...call,
        description: {
          ...call.description,
          tools: call.description.tools.map((tool) =>
            typeof tool === 'object' && 'answers' in tool
              ? { ...tool, answers: tool.answers.map((answer) => (answer === null ? null : { ...answer, ...change })) }
              : tool,
          ),
        },
      }))
    expect((await changed({ output: '{"table":5}' })).join('\n')).toMatch(
      /answer-tool call_1: output was .*4.*, is .*5/,
    )
    expect((await changed({ afterMs: 2200 })).join('\n')).toMatch(/tool-answered find_table call_1: (19|20)\d ms later/)
  })

  it('tells of words that the model is asked for and was not', async () => {
    const found = await differences(cut, withDescription({ greeting: 'Say something else.' }))
    expect(found).toEqual([
      expect.stringMatching(
        /^model 0: respond: instructions was "Say exactly: Good evening\.", is "Say something else\."$/,
      ),
    ])
  })

  it('is compared as far as it goes when it was cut off', async () => {
    const lines = cut.lines.slice(0, Math.round(cut.lines.length * 0.6))
    const { differences: found, limits } = await checkFlight({ ...cut, lines, whole: false }, nowMs)
    expect(found).toEqual([])
    expect(limits).toEqual([expect.stringMatching(/^the record was cut off .*: compared up to \d+\.\d s$/)])
  })

  it('is saved as a test that goes as it goes today', async () => {
    const folder = join(directory, 'saved')
    await saveCall(callOfFlight(tools), folder)
    expect((await checkFolder(folder, nowMs)).differences).toEqual([])
    const expected = JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8'))
    const original = JSON.parse(await readFile(`${calls}/tool-while-the-caller-speaks/expected.json`, 'utf8'))
    const typesOf = ({ streams }: { streams: { events: { type: string }[] }[] }) =>
      streams[0]?.events.map(({ type }) => type).sort()
    expect(typesOf(expected)).toEqual(typesOf(original))
    // And it is seen when it does not.
    const call = JSON.parse(await readFile(join(folder, 'call.json'), 'utf8'))
    expect(call.tools).toEqual([expect.objectContaining({ name: 'find_table', answers: [expect.anything()] })])
  })

  it('has none of its words and numbers in it when it is saved without them, and goes the same', async () => {
    const folder = join(directory, 'redacted')
    const call = callOfFlight(tools)
    await saveCall(redacted(call), folder)
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
    const texts = (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n')
    for (const word of [
      'Thursday',
      'Hello',
      'moment',
      'Table four',
      'table\\":4',
      'Be kind',
      '5550001',
      'tool-while',
    ]) {
      expect(texts).not.toContain(word)
    }
    const { streams } = await replay(readRecordedCall(folder))
    const plain = await replay(call)
    const shapeOf = (run: typeof plain) =>
      run.streams[0]?.events.map((event) => [event.atMs, event.type, 'heardMs' in event ? event.heardMs : 0])
    expect(shapeOf({ ...plain, streams })).toEqual(shapeOf(plain))
  })
})
