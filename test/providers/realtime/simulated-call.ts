import { bytesOf, silenceByte } from '../../../src/audio/format.ts'
import { decodeMulaw, encodeMulaw } from '../../../src/audio/g711.ts'
import { bytesOfSamples, samplesOf } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { RealtimeProvider, RealtimeSession, SessionEvent, ToolDeclaration } from '../../../src/call/provider.ts'
import type { BehaviourOptions } from '../../../src/simulators/realtime/behaviour.ts'
import type { Faults } from '../../../src/simulators/realtime/faults.ts'
import { type Script, scriptedMinds } from '../../../src/simulators/realtime/scripted-mind.ts'
import {
  type RealtimeServer,
  type RealtimeServerOptions,
  startRealtimeServer,
} from '../../../src/simulators/realtime/server.ts'

/** What is played. */
export interface Scene {
  readonly script?: Script
  readonly behaviour?: BehaviourOptions
  readonly faults?: Faults
  readonly tools?: readonly ToolDeclaration[]
}

export class Conversation implements AsyncDisposable {
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

  /** A tone of the caller's, in the session's own code. */
  tone(ms: number): Uint8Array {
    const { encoding, sampleRate } = this.session.inputFormat
    const samples = tone(300, ms, sampleRate)
    return encoding === 'mulaw' ? encodeMulaw(samples) : bytesOfSamples(samples)
  }

  silence(ms: number): Uint8Array {
    const { inputFormat } = this.session
    return new Uint8Array(bytesOf(inputFormat, ms)).fill(silenceByte(inputFormat))
  }

  /** The same by the call's own word, for a model that does not listen for turns. */
  speakByHand(ms = 400): void {
    this.session.append(this.silence(1000))
    this.session.beginTurn()
    this.session.append(this.tone(ms))
    this.session.endTurn()
  }

  /** A turn of the caller: a tone, then silence that ends the turn. The model's detector counts sound, not time. */
  speak(ms = 400, silenceMs = 1000): void {
    this.session.append(this.tone(ms))
    this.session.append(this.silence(silenceMs))
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
    const sound = Buffer.concat(pieces)
    return this.session.outputFormat.encoding === 'mulaw' ? decodeMulaw(sound) : samplesOf(sound)
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

/** Opens a simulated model and a conversation with it. */
export async function simulate(
  { script = simple, behaviour = {}, faults = {}, tools = [] }: Scene,
  dialect: RealtimeServerOptions['dialect'],
  reach: (url: string) => RealtimeProvider,
): Promise<Conversation> {
  const server = await startRealtimeServer({
    ...(dialect === undefined ? {} : { dialect }),
    makeMind: scriptedMinds(systemClock, script),
    apiKey: 'sk-1',
    behaviour: { speedFactor: Number.POSITIVE_INFINITY, ...behaviour },
    faults,
  })
  try {
    const conversation = { callId: 'call-1', instructions: 'Be brief.', tools }
    return new Conversation(await reach(server.url).connect(conversation, AbortSignal.timeout(10_000)), server)
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}
