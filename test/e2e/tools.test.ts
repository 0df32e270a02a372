import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { tone, toneDbfs } from '../../src/audio/tone.ts'
import { writeWav } from '../../src/audio/wav.ts'
import type { SimulatedCall } from '../../src/simulators/carrier/call.ts'
import type { Script } from '../../src/simulators/realtime/scripted-mind.ts'
import type { RealtimeServer } from '../../src/simulators/realtime/server.ts'
import { openMcpServer, serverWith } from '../tools/mcp-server.ts'
import { eventually } from '../workers/rig.ts'
import { agentQuiet, openHouse, say } from './house.ts'

const TOOLS = ['book_table', 'opening_hours']
const ANSWER_HZ = 700
const LATER_HZ = 1500
const FILLER_HZ = 900
const FILLER_END_HZ = 1900

interface RestaurantOptions {
  readonly replies: NonNullable<Script['replies']>
  /** What `book_table` says, as late as it likes. */
  readonly book?: (guests: number) => Promise<string>
  readonly env?: Readonly<Record<string, string>>
}

type Session = RealtimeServer['sessions'][number]

/** A house whose agent has the tools of an MCP server that stands next door. */
async function openRestaurant({ replies, book = async (guests) => `a table for ${guests}`, env }: RestaurantOptions) {
  await using opening = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'offhook-tools-'))
  opening.defer(() => rmSync(folder, { recursive: true }))
  const declare = (server: McpServer) => {
    server.registerTool('book_table', { inputSchema: { guests: z.number() } }, async ({ guests }) => ({
      content: [{ type: 'text', text: await book(guests) }],
    }))
    server.registerTool('opening_hours', {}, async () => ({ content: [{ type: 'text', text: 'noon to midnight' }] }))
  }
  const mcp = opening.use(await openMcpServer(serverWith(declare)))
  // So long that nobody who yields to the answer hears its end.
  const filler = Int16Array.of(...tone(FILLER_HZ, 8000, 8000), ...tone(FILLER_END_HZ, 1000, 8000))
  writeFileSync(join(folder, 'filler.wav'), writeWav({ sampleRate: 8000, channels: [filler] }))
  const mcpServers = [{ name: 'restaurant', url: mcp.url, timeoutMs: 20_000 }]
  const agents = { default: { instructions: 'A restaurant.', fillerAudio: 'filler.wav', mcpServers } }
  writeFileSync(join(folder, 'agents.yaml'), JSON.stringify(agents))
  const AGENTS_FILE = join(folder, 'agents.yaml')
  // No filler but where a test wants it: it would be heard as the agent's words.
  const quiet = { FILLER_AFTER_MS: '0' }
  const house = opening.use(await openHouse({ script: { replies }, env: { AGENTS_FILE, ...quiet, ...env } }))
  const scope = opening.move()
  return { mcp, house, [Symbol.asyncDispose]: () => scope.disposeAsync() }
}

type Restaurant = Awaited<ReturnType<typeof openRestaurant>>

/** The first call whose model is given the tools: they come in the background, and a live call keeps what it has. */
async function callWithTools({ house }: Restaurant): Promise<{ call: SimulatedCall; session: Session }> {
  const deadlineMs = performance.now() + 8000
  for (;;) {
    const before = house.model.sessions.length
    const call = house.call()
    await eventually(() => declared(house.model.sessions[before]) !== undefined)
    const session = house.model.sessions[before]
    if (session !== undefined && TOOLS.every((name) => declared(session)?.includes(name))) return { call, session }
    await call[Symbol.asyncDispose]()
    if (performance.now() > deadlineMs) throw new Error('no model was ever given the tools')
  }
}

/** The names of the tools that a model was given; undefined until it was told anything. */
function declared(session: Session | undefined): readonly string[] | undefined {
  const update = session?.received.events.find(({ type }) => type === 'session.update')?.event
  if (update === undefined) return undefined
  const { tools = [] } = (update as { session: { tools?: readonly { function: { name: string } }[] } }).session
  return tools.map((tool) => tool.function.name)
}

/** What the model was told in its own order: tools' outputs with the name of each tool, and that it shall speak. */
function told({ house }: Restaurant, call: SimulatedCall, session: Session): readonly (readonly string[])[] {
  const names = new Map(
    house
      .eventsOf(call.callSid)
      .flatMap((event) => (event.type === 'tool-called' ? [[event.toolCallId, event.name]] : [])),
  )
  return session.received.events.flatMap(({ type, event }) => {
    if (type === 'response.create') return [['speak']]
    if (type !== 'conversation.item.create') return []
    const { item } = event as { item: { type: string; call_id: string; output: string } }
    return [[item.type, names.get(item.call_id) ?? 'nobody', item.output]]
  })
}

const isTone = (hz: number, audio: Uint8Array) => toneDbfs(decodeMulaw(audio), 8000, hz) > -25

/** Resolves when the caller hears this tone. */
const hears = (call: SimulatedCall, hz: number) => call.next('audio-heard', ({ audio }) => isTone(hz, audio))

describe.concurrent('the tools of an MCP server, on the telephone', () => {
  it('are called together, and the model speaks once, when it knows what came of all of them', async () => {
    const { promise: mayBook, resolve: book } = Promise.withResolvers<string>()
    const calls = [
      { do: 'call', name: 'book_table', args: '{"guests":4}' },
      { do: 'call', name: 'opening_hours', args: '{}' },
    ] as const
    await using restaurant = await openRestaurant({
      replies: [calls, [{ do: 'tone', hz: ANSWER_HZ, ms: 600 }]],
      book: async (guests) => `${await mayBook} for ${guests}`,
    })
    const { call, session } = await callWithTools(restaurant)
    await call.speak(say(400, 800))
    const hours = ['function_call_output', 'opening_hours', 'noon to midnight']
    await eventually(() => told(restaurant, call, session).length > 0)
    expect(told(restaurant, call, session)).toEqual([hours])
    book('the window table')
    await hears(call, ANSWER_HZ)
    await agentQuiet(call, 300)
    const table = ['function_call_output', 'book_table', 'the window table for 4']
    expect(told(restaurant, call, session)).toEqual([hours, table, ['speak']])
    expect(session.responses).toBe(2)
    call.hangUp()
    expect(await restaurant.house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
  })

  it('are waited for with a filler, which yields to the answer', async () => {
    const { promise: mayBook, resolve: book } = Promise.withResolvers<string>()
    const asked = Promise.withResolvers<void>()
    await using restaurant = await openRestaurant({
      replies: [[{ do: 'call', name: 'book_table', args: '{"guests":2}' }], [{ do: 'tone', hz: ANSWER_HZ, ms: 600 }]],
      book: async () => {
        asked.resolve()
        return await mayBook
      },
      env: { FILLER_AFTER_MS: '300' },
    })
    const { call, session } = await callWithTools(restaurant)
    const heard: number[] = []
    call.listen((event) => {
      if (event.type !== 'audio-heard') return
      const [hz, another] = [FILLER_HZ, FILLER_END_HZ, ANSWER_HZ].filter((one) => isTone(one, event.audio))
      if (hz !== undefined && another === undefined && heard.at(-1) !== hz) heard.push(hz)
    })
    await call.speak(say(400, 800))
    await asked.promise
    await hears(call, FILLER_HZ)
    expect(told(restaurant, call, session)).toEqual([])
    book('booked')
    await hears(call, ANSWER_HZ)
    await agentQuiet(call, 300)
    expect(heard).toEqual([FILLER_HZ, ANSWER_HZ])
    expect(told(restaurant, call, session)).toEqual([['function_call_output', 'book_table', 'booked'], ['speak']])
    const items = () => restaurant.house.eventsOf(call.callSid).filter(({ type }) => type === 'heard')
    await eventually(() => items().length > 0)
    expect(items()).toMatchObject([{ heardMs: 600, wholly: true }])
  })

  it('are not troubled with wrong arguments: the model is told, as of a tool that is none, and the call goes on', async () => {
    const calls = [
      { do: 'call', name: 'book_table', args: '{"guests":"many"}' },
      { do: 'call', name: 'sing', args: '{}' },
    ] as const
    await using restaurant = await openRestaurant({
      replies: [calls, [{ do: 'tone', hz: ANSWER_HZ, ms: 400 }], [{ do: 'tone', hz: LATER_HZ, ms: 400 }]],
    })
    const { call, session } = await callWithTools(restaurant)
    await Promise.all([hears(call, ANSWER_HZ), call.speak(say(400, 800))])
    await agentQuiet(call, 300)
    const outputs = [
      ['function_call_output', 'book_table', '{"error":"wrong arguments: guests: expected number, got \\"many\\""}'],
      // What a model makes up is named in no event.
      ['function_call_output', 'unknown', '{"error":"there is no tool named sing"}'],
    ]
    expect(told(restaurant, call, session)).toEqual([...outputs, ['speak']])
    expect(restaurant.mcp.asked).not.toContain('POST tools/call')
    await Promise.all([hears(call, LATER_HZ), call.speak(say(400, 800))])
    call.hangUp()
    expect(await restaurant.house.ended(call)).toMatchObject({ reason: 'caller-hung-up' })
  })
})
