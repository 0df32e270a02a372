import { describe, expect, it } from 'vitest'
import { tone } from '../../src/audio/tone.ts'
import { CallError } from '../../src/base/errors.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { prompts } from '../../src/call/prompts.ts'
import type { Tool, ToolContext } from '../../src/call/tool.ts'
import { endCall } from '../../src/tools/end-call.ts'
import { plainManners } from '../fakes/agent.ts'
import { answerSteps, type Line, openLine } from '../fakes/line.ts'

const all = <T extends CallEvent['type']>(line: Line, type: T) =>
  line.events.filter((event): event is Extract<CallEvent, { type: T }> => event.type === type)
const deeds = (line: Line) => line.provider.sessions[0]?.deeds ?? []
const tell = (line: Line, type: 'speech-started' | 'speech-stopped') => line.provider.sessions[0]?.tell({ type })

/** Steps that follow when the agent is asked to speak for the `nth` time. */
const asked = (nth: number, steps: readonly unknown[]) =>
  steps.map((step) => ({ ...(step as object), after: 'respond', nth }))

const toolCall = (atMs: number, toolCallId: string, name: string, args = '{}') => ({
  atMs,
  event: { type: 'tool-call', toolCallId, name, args },
})

function tool(name: string, run: (context: ToolContext) => Promise<unknown>): Tool {
  const declaration = { name, description: '', parameters: { type: 'object' } }
  return { declaration, deadlineMs: 3000, run: (_, context) => run(context) }
}

describe('a caller who says nothing', () => {
  const manners = { ...plainManners, idlePromptMs: 2000, idlePromptsMax: 1 }

  it('is asked only when the agent has been heard to its end and then for a while nobody', async () => {
    const line = openLine({ script: answerSteps(100, 'r1', 4000), agent: { manners } })
    await line.run(6080)
    expect(all(line, 'response-ended')[0]?.atMs).toBeLessThan(1500)
    expect(all(line, 'prompted')).toEqual([])
    await line.run(60)
    expect(all(line, 'heard')).toMatchObject([{ atMs: 4120, wholly: true }])
    expect(all(line, 'prompted')).toMatchObject([{ why: 'ask' }])
    expect(deeds(line)).toMatchObject([{ type: 'respond', instructions: prompts.ask }])
  })

  it('is asked once more, and hears the goodbye to its end before the agent hangs up', async () => {
    const script = [...asked(1, answerSteps(300, 'p1', 600)), ...asked(2, answerSteps(300, 'p2', 800))]
    const line = openLine({ script, agent: { manners } })
    await line.run(10_000)
    expect(all(line, 'prompted').map(({ why }) => why)).toEqual(['ask', 'idle-goodbye'])
    expect(all(line, 'heard')).toMatchObject([
      { itemId: 'item-p1', heardMs: 600, wholly: true },
      { itemId: 'item-p2', heardMs: 800, wholly: true },
    ])
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'agent-hung-up' }, next: { type: 'hang-up' } })
    expect(line.heard()).toHaveLength(1400 * 8)
    expect(line.alarms()).toBe(0)
  })

  it('and then speaks is listened to: the asking begins anew', async () => {
    const script = [1, 2, 3].flatMap((nth) => asked(nth, answerSteps(300, `p${nth}`, 600)))
    const line = openLine({ script, agent: { manners } })
    await line.run(4000)
    tell(line, 'speech-started')
    await line.run(5000)
    expect(all(line, 'prompted').map(({ why }) => why)).toEqual(['ask'])
    tell(line, 'speech-stopped')
    await line.run(20_000)
    expect(all(line, 'prompted').map(({ why }) => why)).toEqual(['ask', 'ask', 'idle-goodbye'])
  })

  it('keeps the agent on the line by talking over its goodbye', async () => {
    const script = [...asked(1, answerSteps(300, 'p1', 200)), ...asked(2, answerSteps(300, 'p2', 3000))]
    const line = openLine({ script, agent: { manners } })
    await line.run(6000)
    expect(all(line, 'prompted').map(({ why }) => why)).toEqual(['ask', 'idle-goodbye'])
    tell(line, 'speech-started')
    await line.run(10_000)
    expect(all(line, 'barge-in')).toHaveLength(1)
    expect(all(line, 'ended')).toEqual([])
  })

  it('for a model that never answers is reminded of, then given up, and the next one is asked', async () => {
    const line = openLine({ agent: { manners } })
    tell(line, 'speech-started')
    await line.run(100)
    tell(line, 'speech-started')
    tell(line, 'speech-stopped')
    await line.run(4400)
    const reminders = () => deeds(line).filter(({ type }) => type === 'respond')
    expect(reminders()).toEqual([])
    await line.run(200)
    expect(reminders()).toHaveLength(1)
    await line.run(4500)
    expect(all(line, 'provider-lost')).toMatchObject([{ code: 'provider-timeout' }])
    expect(line.provider.sessions).toHaveLength(2)
    await line.run(14_000)
    // Twice is enough.
    expect(await line.outcome).toEqual({ reason: 'provider-lost', code: 'provider-timeout' })
    expect(all(line, 'prompted')).toEqual([])
  })
})

describe('a caller whom the model answers late', () => {
  it('is asked once, although nothing ever came of the words before', async () => {
    const manners = { ...plainManners, idlePromptMs: 2000, idlePromptsMax: 5 }
    const line = openLine({ script: asked(1, answerSteps(4000, 'p1', 600)), agent: { manners } })
    await line.run(100)
    tell(line, 'speech-started')
    tell(line, 'speech-stopped')
    await line.run(24_000)
    expect(all(line, 'agent-audible')).toHaveLength(1)
    expect(all(line, 'prompted')).toHaveLength(1)
  })
})

describe('a call that lasts long', () => {
  const manners = { ...plainManners, maxCallMs: 6000, warnMs: 2000 }

  it('is warned of its end, and ends when that was said', async () => {
    const script = [...asked(1, answerSteps(300, 'p1', 600)), ...asked(2, answerSteps(300, 'p2', 800))]
    const line = openLine({ script, agent: { manners } })
    await line.run(10_000)
    expect(all(line, 'prompted')).toMatchObject([
      { atMs: 4000, why: 'warn' },
      { atMs: 6000, why: 'time-up' },
    ])
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'max-duration' }, next: { type: 'hang-up' } })
    expect(all(line, 'ended')[0]?.atMs).toBeGreaterThanOrEqual(7120)
    expect(all(line, 'ended')[0]?.atMs).toBeLessThan(7200)
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 600 }, { heardMs: 800, wholly: true }])
  })

  it('ends also when the model talks on without end, or the caller does', async () => {
    const endless = openLine({ script: answerSteps(100, 'r1', 60_000), agent: { manners } })
    await endless.run(26_100)
    expect(await endless.outcome).toEqual({ reason: 'max-duration' })
    const caller = openLine({ agent: { manners } })
    await caller.run(5000)
    tell(caller, 'speech-started')
    await caller.run(7000)
    expect(await caller.outcome).toEqual({ reason: 'max-duration' })
  })
})

describe('a wait for the answer', () => {
  const filler = tone(1900, 400, 8000)
  const manners = { ...plainManners, fillerAfterMs: 700, filler }
  const turn = (answerMs: number) => [
    { atMs: 200, event: { type: 'speech-started' } },
    { atMs: 1000, event: { type: 'speech-stopped' } },
    ...answerSteps(answerMs, 'r1', 1000),
  ]

  it('is covered by the filler, which yields to the first word at once and is no part of the conversation', async () => {
    const line = openLine({ script: turn(3000), agent: { manners } })
    await line.run(2990)
    const covered = line.heard().length
    expect(covered).toBeGreaterThanOrEqual(1200 * 8)
    await line.run(3000)
    const plays = line.leg.actions.filter(({ type }) => type === 'play' || type === 'clear')
    expect(plays[0]).toMatchObject({ type: 'play', atMs: 1700 })
    expect(plays.filter(({ type }) => type === 'clear')).toEqual([
      { type: 'clear', atMs: 3020, droppedMs: expect.any(Number) },
    ])
    const alone = openLine({ script: turn(3000) })
    await alone.run(6000)
    expect(Buffer.from(line.heard().subarray(-8000)).equals(alone.heard())).toBe(true)
    expect(all(line, 'heard')).toMatchObject([{ itemId: 'item-r1', heardMs: 1000, wholly: true }])
    expect(all(line, 'agent-audible')).toMatchObject([{ atMs: 3020, latencyMs: 2020 }])
    expect(all(line, 'barge-in')).toEqual([])
  })

  it('is not covered when the answer comes in time, nor when nobody waits', async () => {
    const line = openLine({ script: turn(1500), agent: { manners } })
    await line.run(5000)
    expect(line.heard()).toHaveLength(8000)
  })

  it('is not covered when the caller speaks on, and the filler is silent as soon as he does', async () => {
    const line = openLine({ script: turn(9000), agent: { manners } })
    await line.run(1800)
    tell(line, 'speech-started')
    await line.run(20)
    const { length } = line.heard()
    await line.run(4000)
    expect(line.heard()).toHaveLength(length)
    expect(all(line, 'barge-in')).toEqual([])
  })

  it('is covered no more while the caller may be speaking, and what the model says then waits', async () => {
    const bargeIn = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const
    const begun = { atMs: 1500, event: { type: 'response-started', responseId: 'r1' } }
    const script = [...turn(2200).slice(0, 2), begun, ...answerSteps(2200, 'r1', 1000).slice(1)]
    const line = openLine({ script, agent: { manners, bargeIn } })
    await line.run(2000)
    line.ear.says('onset')
    await line.run(20)
    const { length } = line.heard()
    expect(length).toBeGreaterThan(0)
    await line.run(580)
    expect(line.heard()).toHaveLength(length)
    await line.run(3000)
    expect(all(line, 'resumed')).toMatchObject([{ atMs: 2620 }])
    expect(line.heard()).toHaveLength(length + 8000)
  })

  it('for a tool is covered too', async () => {
    const wait = tool('look', () => new Promise(() => {}))
    const script = [
      { atMs: 100, event: { type: 'response-started', responseId: 'r1' } },
      toolCall(200, 't1', 'look'),
      { atMs: 300, event: { type: 'response-ended', responseId: 'r1', status: 'completed' } },
      ...answerSteps(200, 'r2', 600).map((step) => ({ ...(step as object), after: 'answer-tool' })),
    ]
    const line = openLine({ script, agent: { manners, tools: [wait] } })
    await line.run(3180)
    expect(line.heard().length).toBeGreaterThan(2000 * 8)
    await line.run(3000)
    expect(deeds(line)).toEqual([
      { atMs: 3200, type: 'answer-tool', toolCallId: 't1', output: '{"error":"it took too long"}' },
    ])
    expect(all(line, 'heard')).toMatchObject([{ itemId: 'item-r2', heardMs: 600, wholly: true }])
  })

  it('for a tool is not covered while the caller speaks', async () => {
    const wait = tool('look', () => new Promise(() => {}))
    const script = [{ atMs: 100, event: { type: 'speech-started' } }, toolCall(200, 't1', 'look')]
    const line = openLine({ script, agent: { manners, tools: [wait] } })
    await line.run(2000)
    expect(line.heard()).toHaveLength(0)
  })

  it('is none when the caller made a sound that the agent spoke on over', async () => {
    const script = [...answerSteps(100, 'r1', 2000), ...turn(30_000).slice(0, 2)]
    const line = openLine({
      script,
      agent: { manners, bargeIn: { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } },
    })
    await line.run(8000)
    expect(all(line, 'resumed')).toHaveLength(1)
    expect(line.heard()).toHaveLength(2000 * 8)
  })

  it('is over for good when the caller takes the word during the tool', async () => {
    const wait = tool('look', () => new Promise(() => {}))
    const line = openLine({ script: [toolCall(200, 't1', 'look')], agent: { manners, tools: [wait] } })
    await line.run(500)
    tell(line, 'speech-started')
    await line.run(2000)
    expect(line.heard()).toHaveLength(0)
  })
})

describe('an agent that hangs up', () => {
  /** An answer with a tool call in it. */
  const withCall = (steps: unknown[], call: unknown) => [...steps.slice(0, -1), call, ...steps.slice(-1)]
  const goodbye = withCall(answerSteps(100, 'r1', 1600), toolCall(400, 't1', 'end_call'))

  it('after a goodbye in the same breath goes when that has been heard, without another word', async () => {
    const line = openLine({ script: goodbye, agent: { tools: [endCall] } })
    await line.run(3000)
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'agent-hung-up' }, next: { type: 'hang-up' } })
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 1600, wholly: true }])
    expect(deeds(line).map(({ type }) => type)).toEqual(['dispose'])
    expect(all(line, 'ended')[0]?.atMs).toBeLessThan(1800)
    expect(all(line, 'tool-answered')).toMatchObject([{ name: 'end_call', ok: true }])
  })

  it('without a word is made to say goodbye first', async () => {
    const script = [
      { atMs: 100, event: { type: 'response-started', responseId: 'r1' } },
      toolCall(200, 't1', 'end_call'),
      { atMs: 300, event: { type: 'response-ended', responseId: 'r1', status: 'completed' } },
      ...answerSteps(400, 'r2', 1000).map((step) => ({ ...(step as object), after: 'answer-tool' })),
    ]
    const line = openLine({ script, agent: { tools: [endCall] } })
    await line.run(4000)
    expect(deeds(line)).toMatchObject([{ atMs: 300, type: 'answer-tool', toolCallId: 't1' }, { type: 'dispose' }])
    expect(all(line, 'heard')).toMatchObject([{ itemId: 'item-r2', heardMs: 1000, wholly: true }])
    expect(all(line, 'ended')[0]?.atMs).toBeGreaterThanOrEqual(1720)
    expect(await line.outcome).toEqual({ reason: 'agent-hung-up' })
  })

  it('is kept by a caller who talks over the goodbye; the model learns of it and the call goes on', async () => {
    const line = openLine({ script: goodbye, agent: { tools: [endCall] } })
    await line.run(900)
    tell(line, 'speech-started')
    await line.run(30_000)
    expect(deeds(line)).toMatchObject([
      { type: 'cancel' },
      { type: 'truncate' },
      { type: 'answer-tool', toolCallId: 't1', output: '{"error":"not done: the caller went on speaking"}' },
    ])
    expect(all(line, 'ended')).toEqual([])
  })

  it('is kept by a caller whom only our own ear hears', async () => {
    const bargeIn = { by: 'local+model', confirmMs: 600, onDigits: false, turnSilenceMs: 500 } as const
    const line = openLine({ script: goodbye, agent: { tools: [endCall], bargeIn } })
    await line.run(900)
    for (const news of ['onset', 'sustained'] as const) {
      line.ear.says(news)
      await line.run(20)
    }
    await line.run(30_000)
    expect(deeds(line).map(({ type }) => type)).toEqual(['cancel', 'truncate', 'answer-tool'])
    expect(all(line, 'ended')).toEqual([])
  })

  it('hands the caller over when its last words have been heard', async () => {
    const next = { type: 'transfer', destination: 'sales', number: '+15550003' } as const
    const transfer = tool('transfer', async (context) => context.leave(next))
    const script = withCall(answerSteps(100, 'r1', 1600), toolCall(400, 't1', 'transfer'))
    const line = openLine({ script, agent: { tools: [transfer] } })
    await line.run(3000)
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'handed-over' }, next })
    expect(all(line, 'heard')).toMatchObject([{ heardMs: 1600, wholly: true }])
  })

  it('hands the caller over although the model is lost for good while it says so', async () => {
    const next = { type: 'transfer', destination: 'sales', number: '+15550003' } as const
    const transfer = tool('transfer', async (context) => context.leave(next))
    const script = withCall(answerSteps(100, 'r1', 1600), toolCall(400, 't1', 'transfer'))
    const line = openLine({ script, agent: { tools: [transfer] } })
    await line.run(900)
    line.provider.sessions[0]?.tell({ type: 'closed', error: new CallError('provider-refused', 'in arrears') })
    await line.run(20)
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'provider-lost' }, next })
  })

  it('does not wait for the last words of a model that has none', async () => {
    const keys = tool('keys', async (context) => context.leave({ type: 'digits', digits: '1' }))
    const silent = (atMs: number, responseId: string) => [
      { atMs, event: { type: 'response-started', responseId } },
      { atMs: atMs + 100, event: { type: 'response-ended', responseId, status: 'completed' } },
    ]
    const said = silent(200, 'r2').map((step) => ({ ...step, after: 'answer-tool' }))
    const script = [...withCall(silent(100, 'r1'), toolCall(150, 't1', 'keys')), ...said]
    const line = openLine({ script, agent: { tools: [keys] } })
    await line.run(1000)
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'handed-over' }, next: { type: 'digits' } })
  })

  it('hands the caller over also when time is up meanwhile, and then lets nobody keep it', async () => {
    const next = { type: 'transfer', destination: 'sales', number: '+15550003' } as const
    const transfer = tool('transfer', async (context) => context.leave(next))
    const manners = { ...plainManners, maxCallMs: 1000 }
    const script = withCall(answerSteps(100, 'r1', 1600), toolCall(400, 't1', 'transfer'))
    const line = openLine({ script, agent: { tools: [transfer], manners } })
    await line.run(1200)
    tell(line, 'speech-started')
    await line.run(1500)
    expect(await line.farewell).toMatchObject({ outcome: { reason: 'handed-over' }, next })
    expect(deeds(line).map(({ type }) => type)).not.toContain('respond')
  })

  it('may find out late that it may: what was said before counts as its goodbye, if anything was', async () => {
    for (const audible of [true, false]) {
      const may = Promise.withResolvers<void>()
      const slow = tool('transfer', async (context) => {
        await may.promise
        context.leave({ type: 'hang-up' })
      })
      const steps = answerSteps(100, 'r1', 600)
      const silent = [...steps.slice(0, 1), ...steps.slice(-1)]
      const script = withCall(audible ? steps : silent, toolCall(150, 't1', 'transfer'))
      const line = openLine({ script, agent: { tools: [slow] } })
      await line.run(1500)
      expect(all(line, 'response-ended')).toHaveLength(1)
      may.resolve()
      await line.run(100)
      expect(all(line, 'ended')).toHaveLength(audible ? 1 : 0)
      expect(deeds(line).map(({ type }) => type)).toEqual([audible ? 'dispose' : 'answer-tool'])
    }
  })

  it('answers every other tool of the same answer once', async () => {
    const tools = [endCall, tool('look', async () => 'two rooms'), tool('broken', () => Promise.reject(new Error('x')))]
    const calls = [toolCall(200, 't1', 'look'), toolCall(210, 't2', 'broken'), toolCall(220, 't3', 'look')]
    const line = openLine({ script: calls, agent: { tools } })
    await line.run(1000)
    expect(deeds(line)).toMatchObject([
      { toolCallId: 't1', output: 'two rooms' },
      { toolCallId: 't2', output: '{"error":"it failed"}' },
      { toolCallId: 't3', output: 'two rooms' },
    ])
    expect(all(line, 'tool-called')).toHaveLength(3)
    expect(all(line, 'tool-answered').map(({ ok }) => ok)).toEqual([true, false, true])
  })

  it('tells nobody of a tool that is still at work when the caller hangs up', async () => {
    const seen: AbortSignal[] = []
    const wait = tool('look', ({ signal }) => {
      seen.push(signal)
      return new Promise(() => {})
    })
    const line = openLine({
      script: [toolCall(200, 't1', 'look')],
      agent: { tools: [wait] },
      callerEvents: [{ atMs: 500, type: 'closed', by: 'caller' }],
    })
    await line.run(600)
    expect(seen.map(({ aborted }) => aborted)).toEqual([true])
    expect(all(line, 'tool-answered')).toEqual([])
    expect(line.alarms()).toBe(0)
  })
})

describe('what the caller keys in', () => {
  const keys = (digits: string, atMs = 100) =>
    [...digits].map((digit, i) => ({ atMs: atMs + i * 200, type: 'dtmf', digit }) as const)

  it('is told to the model after a pause, or at once after a #, and answered', async () => {
    const line = openLine({ callerEvents: [...keys('42'), ...keys('7#', 4000)] })
    await line.run(6000)
    expect(deeds(line)).toEqual([
      { atMs: 1800, type: 'note', text: '(The caller pressed 4 2 on the keypad.)' },
      { atMs: 1800, type: 'respond' },
      { atMs: 4200, type: 'note', text: '(The caller pressed 7 # on the keypad.)' },
      { atMs: 4200, type: 'respond' },
    ])
  })

  it('is told with the wish to answer where a model takes no notes', async () => {
    const line = openLine({ callerEvents: keys('4'), provider: { takesNotes: false } })
    await line.run(3000)
    expect(deeds(line)).toEqual([
      { atMs: 1600, type: 'respond', instructions: '(The caller pressed 4 on the keypad.) Answer that.' },
    ])
  })

  it('is a sign of life: nobody is asked whether he is there', async () => {
    const manners = { ...plainManners, idlePromptMs: 2000, idlePromptsMax: 1 }
    const script = [1, 2, 3].flatMap((n) => asked(n, answerSteps(100, `p${n}`, 200)))
    const line = openLine({ script, agent: { manners }, callerEvents: keys('1', 3000) })
    await line.run(9000)
    expect(all(line, 'prompted').map(({ why }) => why)).toEqual(['ask', 'ask'])
  })
})
