import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { convertWhole } from '../../../src/audio/convert.ts'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { readWav } from '../../../src/audio/wav.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { RealtimeSession, SessionEvent, ToolDeclaration } from '../../../src/call/provider.ts'
import { type LocalAgent, startLocalAgent } from '../../../src/providers/local/agent.ts'
import type { TurnDetection } from '../../../src/providers/qwen/profiles.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'

let agent: LocalAgent

beforeAll(async () => {
  agent = await startLocalAgent({ maxCalls: 2 })
})

afterAll(async () => {
  await agent[Symbol.asyncDispose]()
})

const tools: ToolDeclaration[] = [
  { name: 'end_call', description: 'Ends the call.', parameters: { type: 'object', properties: {} } },
  {
    name: 'transfer_call',
    description: 'Hands the caller over.',
    parameters: {
      type: 'object',
      properties: { destination: { type: 'string', enum: ['front desk', 'kitchen'] } },
      required: ['destination'],
    },
  },
]

/** A real recording of a telephone, as a session hears it. */
function recorded(file: string): Uint8Array {
  const { sampleRate, channels } = readWav(
    readFileSync(new URL(`../../../fixtures/audio/${file}.wav`, import.meta.url)),
  )
  return bytesOfSamples(convertWhole(channels[0] ?? new Int16Array(), sampleRate, 16_000))
}

const quiet = (ms: number) => new Uint8Array(ms * 32)

class Talk implements AsyncDisposable {
  readonly session: RealtimeSession
  readonly events: SessionEvent[] = []
  #wake: () => void = () => undefined

  constructor(session: RealtimeSession) {
    this.session = session
    session.listen((event) => {
      this.events.push(event)
      this.#wake()
    })
  }

  static async open(turnDetection: TurnDetection): Promise<Talk> {
    const { url, apiKey, model } = agent
    const base = { url, apiKey, model, family: 'qwen3.5-flash', batchMs: 100, clock: systemClock } as const
    const provider = makeQwenProvider({ ...base, turnDetection, vadSilenceMs: 400 })
    const conversation = { callId: 'call-1', instructions: '', tools }
    return new Talk(await provider.connect(conversation, AbortSignal.timeout(10_000)))
  }

  speak(file: string): void {
    this.session.append(quiet(1000))
    this.session.beginTurn()
    this.session.append(recorded(file))
    this.session.append(quiet(1000))
    this.session.endTurn()
  }

  async ended(count: number): Promise<void> {
    while (this.events.filter(({ type }) => type === 'response-ended').length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  said(speaker: 'caller' | 'agent'): string {
    const words = this.events.flatMap((e) =>
      e.type === 'transcript' && e.final && e.speaker === speaker ? [e.text] : [],
    )
    return words.join(' | ')
  }

  called(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'tool-call' ? [`${event.name} ${event.args}`] : []))
  }

  /** Of the latest call. */
  callId(): string {
    const call = this.events.findLast(({ type }) => type === 'tool-call')
    return call?.type === 'tool-call' ? call.toolCallId : ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]()
  }
}

describe('the embedded agent in a conversation', () => {
  test('connects its caller, and reads the keys that were pressed', async () => {
    await using talk = await Talk.open('server_vad')
    talk.speak('an-operator')
    await talk.ended(1)
    expect(talk.said('agent')).toContain('I will connect you.')
    expect(talk.called()).toEqual(['transfer_call {"destination":"front desk"}'])
    talk.session.answerTool(talk.callId(), '{"error":"nobody is there"}')
    await talk.ended(2)
    expect(talk.said('agent')).toContain('I cannot connect you now.')
    talk.session.note('(The caller pressed 1 2 3 on the keypad.)')
    talk.session.respond()
    await talk.ended(3)
    expect(talk.said('agent')).toContain('You pressed 1, 2, 3.')
  })

  test('hears turn after turn of a call that ends them, and hangs up after its goodbye', async () => {
    await using talk = await Talk.open('manual')
    talk.speak('an-operator')
    await talk.ended(1)
    expect(talk.called()).toEqual(['transfer_call {"destination":"front desk"}'])
    talk.speak('thank-you-goodbye')
    await talk.ended(2)
    expect(talk.said('agent')).toContain('Goodbye.')
    expect(talk.called()[1]).toBe('end_call {}')
  })
})
