import { mulaw8k } from '../../src/audio/format.ts'
import { ManualClock } from '../../src/base/manual-clock.ts'
import { Ticker } from '../../src/base/ticker.ts'
import type { Agent } from '../../src/call/agent.ts'
import { type CallEvent, noCounters } from '../../src/call/events.ts'
import { Playout } from '../../src/call/playout.ts'
import type { CallTap, OpenTap, TappedStream } from '../../src/call/tap.ts'
import { makeScriptedProvider } from '../../src/providers/scripted/provider.ts'
import { PlayoutBuffer } from '../../src/simulators/carrier/playout-buffer.ts'
import type { WritableFile } from '../../src/store/shelf-file.ts'
import { infoOf, plainAgent } from '../fakes/agent.ts'

/** A stream that is about to begin, of an agent that wants everything kept. */
export function streamOf(callId: string, changes: Partial<Agent> = {}): TappedStream {
  const provider = makeScriptedProvider({ clock: new ManualClock(), script: [] })
  const agent = plainAgent(provider, { recording: true, flightRecorder: true, ...changes })
  return { info: infoOf(callId), agent, format: mulaw8k, answeredAt: 1_700_000_000_000 }
}

/** A file in memory; `take`: how many bytes of each write it takes, or the error that it fails with. */
export function memoryFile(take: (bytes: number) => number | Error = (bytes) => bytes) {
  let content = Buffer.alloc(0)
  const file = {
    async write(bytes: Uint8Array, offset: number, length: number, position: number) {
      const taken = take(length)
      if (typeof taken !== 'number') throw taken
      const grown = Buffer.alloc(Math.max(content.length, position + taken))
      content.copy(grown)
      grown.set(bytes.subarray(offset, offset + taken), position)
      content = grown
      return { bytesWritten: taken, buffer: bytes }
    },
    close: async () => {},
  }
  return { open: async () => file as unknown as WritableFile, content: () => content }
}

export const ended: Omit<Extract<CallEvent, { type: 'ended' }>, 'atMs'> = {
  type: 'ended',
  reason: 'caller-hung-up',
  counters: noCounters,
  latency: { overlapMs: 0 },
}

/** Sound of which no two pieces are alike, and no sample is silent. */
export function makeNoise(seed: number): (bytes: number) => Uint8Array {
  let state = seed
  return (bytes) =>
    Uint8Array.from({ length: bytes }, () => {
      state = (state * 48_271) % 2_147_483_647
      const byte = state % 254
      return byte < 127 ? byte : byte + 1
    })
}

/** What the phone played in a beat, and where the caller's line stood when it began [samples]. */
interface PlayedFrame {
  readonly at: number
  readonly audio: Uint8Array
}

/**
 * A call on the phone: the heart's own playout, a simulated phone behind it, and a caller whose frames come late.
 *
 * ```
 *   caller's line   every 20 ms a frame ── late by as much as `delays` say, in order ──▶ tap
 *   playout ─▶ phone: 20 ms a beat                       └ played, as the playout says ─▶ tap
 * ```
 */
export class PhoneCall {
  readonly clock = new ManualClock()
  readonly said: Uint8Array[] = []
  readonly played: PlayedFrame[] = []
  clears = 0
  readonly playout: Playout
  readonly #tap: CallTap
  readonly #buffer = new PlayoutBuffer()
  readonly #over = new AbortController()
  readonly #noise = makeNoise(7)
  readonly #sound = makeNoise(11)

  constructor(openTap: OpenTap, delays: readonly number[], phaseMs: number) {
    const tap = openTap(streamOf('CA1'))
    if (tap === undefined) throw new RangeError('nobody listens')
    this.#tap = tap
    const sink = {
      format: mulaw8k,
      play: (audio: Uint8Array) => void this.#buffer.push(audio),
      mark: (name: string) => void (this.#buffer.mark(name) && this.#soon(name)),
      clear: () => {
        this.clears++
        for (const name of this.#buffer.clear().marks) this.#soon(name)
      },
    }
    const take = (audio: Uint8Array, atMs: number) => tap({ atMs, type: 'heard', audio })
    this.playout = new Playout(sink, this.clock, 300, () => {}, { wanted: true, take })
    new Ticker(this.clock).onTick(() => this.playout.tick(), this.#over.signal)
    const beat = () => new Ticker(this.clock).onTick(() => this.#beat(), this.#over.signal)
    this.clock.after(phaseMs, beat, this.#over.signal)
    this.#speak(delays, 0, 0)
  }

  push(ms: number): void {
    this.playout.push('item', this.#sound(ms * 8))
  }

  end(): void {
    this.playout.interrupt()
    this.#over.abort()
    const atMs = this.clock.now()
    this.#tap({ atMs, type: 'happened', event: { ...ended, atMs } })
  }

  #speak(delays: readonly number[], n: number, cameMs: number): void {
    const spokenMs = (n + 1) * 20
    const atMs = Math.max(cameMs, spokenMs + (delays[n % delays.length] ?? 0))
    const arrive = () => {
      const audio = this.#noise(160)
      this.said.push(audio)
      this.#tap({ atMs, type: 'leg-event', event: { type: 'audio', audio, atMs: 100 + n * 20 } })
      this.#speak(delays, n + 1, atMs)
    }
    this.clock.after(atMs - this.clock.now(), arrive, this.#over.signal)
  }

  #beat(): void {
    const { audio, marks } = this.#buffer.next()
    if (audio !== undefined) this.played.push({ at: this.clock.now() * 8, audio })
    for (const name of marks) this.#soon(name)
  }

  /** Marks come back over the network. */
  #soon(name: string): void {
    this.clock.after(30, () => this.playout.marked(name), this.#over.signal)
  }
}
