import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { type CheckArguments, type Tool, type ToolContext, ToolError } from '../../src/call/tool.ts'
import { type ToolCall, type ToolResult, ToolRunner } from '../../src/call/tool-runner.ts'
import { infoOf } from '../fakes/agent.ts'

function tool(name: string, run: Tool['run'], deadlineMs = 1000): Tool {
  return { declaration: { name, description: '', parameters: { type: 'object' } }, deadlineMs, run }
}

function open(tools: readonly Tool[], check: CheckArguments = () => undefined) {
  const clock = new ManualClock()
  const over = new AbortController()
  const told: (ToolResult & { readonly id: string })[] = []
  const done = ({ toolCallId }: ToolCall, result: ToolResult) => told.push({ id: toolCallId, ...result })
  const runner = new ToolRunner({ tools, check, info: infoOf('CA1'), clock, over: over.signal, done })
  const call = (toolCallId: string, name: string, args = '{}') => runner.run({ toolCallId, name, args })
  return { clock, over, told, runner, call }
}

const failed = (error: string) => ({ output: JSON.stringify({ error }), ok: false })

/** Never comes to an end, and tells what became of its signal. */
function endless() {
  const seen: { context?: ToolContext } = {}
  const run = (_: unknown, context: ToolContext) => {
    seen.context = context
    return new Promise<never>(() => {})
  }
  return { seen, tool: tool('wait', run) }
}

describe('a tool that the model calls', () => {
  it('is given its arguments and what it may know of the call; the model is told what it says', async () => {
    const seen: unknown[] = []
    const look = tool('look', async (args, { callId, from, to, signal }) => {
      seen.push(args, { callId, from, to, aborted: signal.aborted })
      return { rooms: 2 }
    })
    const { told, runner, call } = open([look, tool('say', async () => 'plain'), tool('mute', async () => undefined)])
    call('t1', 'look', '{"day":"Friday"}')
    call('t2', 'say', '')
    call('t3', 'mute', ' ')
    expect(runner.busy).toBe(true)
    expect(told).toEqual([])
    await setImmediate()
    expect(seen).toEqual([{ day: 'Friday' }, { ...infoOf('CA1'), aborted: false }])
    expect(told).toEqual([
      { id: 't1', output: '{"rooms":2}', ok: true },
      { id: 't2', output: 'plain', ok: true },
      { id: 't3', output: '{}', ok: true },
    ])
    expect(runner.busy).toBe(false)
  })

  it('is not run when there is none of that name, or when its arguments are wrong', async () => {
    let runs = 0
    const order = tool('order', async () => runs++)
    const { told, call } = open([order], (_, args) => (Array.isArray(args) ? 'must be object' : undefined))
    call('t1', 'fly')
    call('t2', 'order', '{"day": Friday}')
    call('t3', 'order', '[]')
    call('t4', 'x'.repeat(1000))
    await setImmediate()
    expect(told).toEqual([
      { id: 't1', ...failed('there is no tool named fly') },
      { id: 't2', ...failed('the arguments are not JSON') },
      { id: 't3', ...failed('wrong arguments: must be object') },
      { id: 't4', ...failed(`there is no tool named ${'x'.repeat(64)}`) },
    ])
    expect(runs).toBe(0)
  })

  it('may fail in words that the caller may hear; of any other failure only that it failed', async () => {
    const { told, call } = open([
      tool('kind', () => Promise.reject(new ToolError('the kitchen is closed'))),
      tool('rude', () => Promise.reject(new Error('password=secret'))),
      tool('throws', () => {
        throw new TypeError('secret')
      }),
      tool('loop', async () => {
        const loop: { self?: unknown } = {}
        loop.self = loop
        return loop
      }),
    ])
    for (const name of ['kind', 'rude', 'throws', 'loop']) call(name, name)
    await setImmediate()
    expect(told.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
      { id: 'kind', ...failed('the kitchen is closed') },
      { id: 'loop', ...failed('it failed') },
      { id: 'rude', ...failed('it failed') },
      { id: 'throws', ...failed('it failed') },
    ])
  })

  it('is stopped at its deadline, and the model is told then, once, whatever it does after', async () => {
    let finish = (_: string) => {}
    const slow = tool('slow', () => new Promise((resolve) => (finish = resolve)))
    const { seen, tool: wait } = endless()
    const { clock, told, runner, call } = open([slow, wait])
    call('t1', 'slow')
    call('t2', 'wait')
    clock.advance(999)
    await setImmediate()
    expect(told).toEqual([])
    expect(seen.context?.signal.aborted).toBe(false)
    clock.advance(1)
    await setImmediate()
    expect(seen.context?.signal.aborted).toBe(true)
    finish('late')
    await setImmediate()
    expect(told).toEqual([
      { id: 't1', ...failed('it took too long') },
      { id: 't2', ...failed('it took too long') },
    ])
    expect(runner.busy).toBe(false)
  })

  it('is stopped when the call is over, and nobody is told', async () => {
    const { seen, tool: wait } = endless()
    const { clock, over, told, call } = open([wait, tool('quick', async () => 'ok')])
    call('t1', 'wait')
    call('t2', 'quick')
    over.abort()
    expect(seen.context?.signal.aborted).toBe(true)
    clock.advance(5000)
    await setImmediate()
    expect(told).toEqual([])
  })

  it('is refused when sixteen are at work already', async () => {
    const { clock, told, call } = open([endless().tool])
    for (let i = 0; i < 20; i++) call(`t${i}`, 'wait')
    await setImmediate()
    expect(told).toEqual([16, 17, 18, 19].map((i) => ({ id: `t${i}`, ...failed('too many tools are running') })))
    clock.advance(1000)
    await setImmediate()
    expect(told).toHaveLength(20)
  })

  it('may not tell the model more than it can speak about', async () => {
    const { told, call } = open([tool('book', async () => 'word '.repeat(100_000))])
    call('t1', 'book')
    await setImmediate()
    expect(told[0]?.output.length).toBeLessThan(16_500)
    expect(told[0]?.output.endsWith('(cut off: too long)')).toBe(true)
  })

  it('may let go of the line, when it succeeds', async () => {
    const bye = tool('bye', async (_, context) => {
      context.leave({ type: 'hang-up' })
      return 'Say goodbye.'
    })
    const not = tool('not', async (_, context) => {
      context.leave({ type: 'hang-up' })
      throw new ToolError('not now')
    })
    const { told, call } = open([bye, not])
    call('t1', 'bye')
    call('t2', 'not')
    await setImmediate()
    expect(told).toEqual([
      { id: 't1', output: 'Say goodbye.', ok: true, leave: { type: 'hang-up' } },
      { id: 't2', ...failed('not now') },
    ])
  })
})
