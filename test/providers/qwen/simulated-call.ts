import { bytesOfSamples, samplesOf } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { RealtimeSession, SessionEvent, ToolDeclaration } from '../../../src/call/provider.ts'
import type { QwenOptions } from '../../../src/providers/qwen/options.ts'
import { makeQwenProvider } from '../../../src/providers/qwen/provider.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import type { Faults } from '../../../src/simulators/realtime/faults.ts'
import { type Script, scriptedMinds } from '../../../src/simulators/realtime/scripted-mind.ts'
import { type RealtimeServer, startRealtimeServer } from '../../../src/simulators/realtime/server.ts'

const plus = 'qwen3.5-omni-plus-realtime'

interface Scene {
  readonly script?: Script
  readonly behaviour?: BehaviourOptions
  readonly faults?: Faults
  readonly options?: Partial<QwenOptions>
  readonly tools?: readonly ToolDeclaration[]
}

class Conversation implements AsyncDisposable {
  readonly events: SessionEvent[] = []
  readonly session: RealtimeSession
  readonly server: RealtimeServer
  #wake: (() => void) | undefined
  onEvent: (event: SessionEvent) => void = () => {}

  constructor(session: RealtimeSession, server: RealtimeServer) {
    this.session = session
    this.server = server
    session.listen((event) => {
      this.events.push(event)
      this.onEvent(event)
      this.#wake?.()
    })
  }

  /** The same by the call's own word, for a model that does not listen for turns. */
  speakByHand(ms = 400): void {
    const rate = this.session.inputFormat.sampleRate
    this.session.append(new Uint8Array(rate * 2))
    this.session.beginTurn()
    this.session.append(bytesOfSamples(tone(300, ms, rate)))
    this.session.endTurn()
  }

  /** A turn of the caller: a tone, then silence that ends the turn. The model's detector counts sound, not time. */
  speak(ms = 400, silenceMs = 1000): void {
    const rate = this.session.inputFormat.sampleRate
    this.session.append(bytesOfSamples(tone(300, ms, rate)))
    this.session.append(new Uint8Array((silenceMs * rate * 2) / 1000))
  }

  async until(isIt: (event: SessionEvent) => boolean): Promise<void> {
    while (!this.events.some(isIt)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async ended(count: number): Promise<void> {
    await this.until(() => this.statuses().length >= count)
  }

  statuses(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'response-ended' ? [event.status] : []))
  }

  started(): readonly string[] {
    return this.events.flatMap((event) => (event.type === 'response-started' ? [event.responseId] : []))
  }

  sound(responseId = this.started()[0]): Int16Array {
    const pieces = this.events.flatMap((e) => (e.type === 'audio' && e.responseId === responseId ? [e.audio] : []))
    return samplesOf(Buffer.concat(pieces))
  }

  said(speaker: 'caller' | 'agent'): readonly string[] {
    return this.events.flatMap((e) => (e.type === 'transcript' && e.speaker === speaker && e.final ? [e.text] : []))
  }

  received(type: string): readonly object[] {
    const all = this.server.sessions[0]?.received.events ?? []
    return all.filter((one) => one.type === type).map(({ event }) => event)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session[Symbol.asyncDispose]()
    await this.server[Symbol.asyncDispose]()
  }
}

/** One turn, one answer: two seconds of 700 Hz. */
export const simple: Script = {
  turns: [{ transcript: 'Hello?', guesses: ['Hel'] }],
  replies: [
    [
      { do: 'say', text: 'Good day.' },
      { do: 'tone', hz: 700, ms: 2000 },
    ],
  ],
}

export async function converse(scene: Scene = {}): Promise<Conversation> {
  const { script = simple, behaviour = {}, faults = {}, options = {}, tools = [] } = scene
  const server = await startRealtimeServer({
    makeMind: scriptedMinds(systemClock, script),
    apiKey: 'sk-1',
    behaviour: { speedFactor: Number.POSITIVE_INFINITY, ...behaviour },
    faults,
  })
  const base = { url: server.url, apiKey: 'sk-1', model: plus, batchMs: 20, clock: systemClock } as const
  try {
    const provider = makeQwenProvider({ ...base, ...options })
    const conversation = { callId: 'call-1', instructions: 'Be brief.', tools }
    return new Conversation(await provider.connect(conversation, AbortSignal.timeout(10_000)), server)
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}
