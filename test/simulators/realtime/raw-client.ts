import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { bytesOfSamples } from '../../../src/audio/pcm.ts'
import { tone } from '../../../src/audio/tone.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Mind, MindConfig, MindEvent, ReplyPart, ReplyRequest } from '../../../src/simulators/realtime/mind.ts'
import { type Script, scriptedMinds } from '../../../src/simulators/realtime/scripted-mind.ts'
import {
  type RealtimeServer,
  type RealtimeServerOptions,
  startRealtimeServer,
} from '../../../src/simulators/realtime/server.ts'

export const KEY = 'sk-test'
export const MODEL = 'qwen3.5-omni-flash-realtime'
const WAIT_MS = 5000

// biome-ignore lint/suspicious/noExplicitAny: the tests look into events of every shape.
export type Event = Record<string, any>

/** Types with repetitions in a row left out. */
export function courseOf(events: readonly Event[]): string[] {
  return events.map((event) => event['type']).filter((type, i, all) => type !== all[i - 1])
}

/** A server whose minds follow `script`; as fast as it can, unless the options say otherwise. */
export function serve(script: Script, options: Partial<RealtimeServerOptions> = {}): Promise<RealtimeServer> {
  return startRealtimeServer({
    makeMind: scriptedMinds(options.clock ?? systemClock, script),
    apiKey: KEY,
    ...options,
    behaviour: { speedFactor: Infinity, ...options.behaviour },
  })
}

/** A client that knows nothing of the protocol: it keeps what comes, and sends what it is told to. */
export class RawClient implements AsyncDisposable {
  readonly events: Event[] = []
  readonly #ws: WebSocket
  #closed: { code: number; reason: string } | undefined
  #wake: () => void = () => undefined

  constructor(ws: WebSocket) {
    this.#ws = ws
    ws.on('message', (data) => {
      this.events.push(JSON.parse(String(data)))
      this.#wake()
    })
    ws.on('error', () => undefined)
    ws.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() }
      this.#wake()
    })
  }

  get types(): string[] {
    return this.events.map((event) => event['type'])
  }

  ofType(type: string): Event[] {
    return this.events.filter((event) => event['type'] === type)
  }

  send(event: object): void {
    this.#ws.send(JSON.stringify(event))
  }

  sendRaw(data: string | Buffer): void {
    this.#ws.send(data)
  }

  update(session: object): void {
    this.send({ type: 'session.update', session })
  }

  /** Sends sound in frames of 20 ms. */
  append(...sounds: Uint8Array[]): void {
    const sound = Buffer.concat(sounds)
    for (let i = 0; i < sound.length; i += 640) {
      this.send({ type: 'input_audio_buffer.append', audio: sound.subarray(i, i + 640).toString('base64') })
    }
  }

  /** The `count`-th event of this type, as soon as it is there. */
  async next(type: string, count = 1): Promise<Event> {
    await this.#until(() => this.ofType(type).length >= count, `${count} × ${type}`)
    return this.ofType(type)[count - 1] ?? {}
  }

  async closed(): Promise<{ code: number; reason: string }> {
    await this.#until(() => this.#closed !== undefined, 'the close')
    return this.#closed ?? { code: 0, reason: '' }
  }

  /** Resolves when the server has handled all that was sent before, and all it sent for that has come. */
  async settled(): Promise<void> {
    const pong = once(this.#ws, 'pong', { signal: AbortSignal.timeout(WAIT_MS) })
    this.#ws.ping()
    await pong
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  close(): void {
    this.#ws.close(1000)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ws.terminate()
    if (this.#ws.readyState !== this.#ws.CLOSED) await once(this.#ws, 'close')
  }

  async #until(met: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + WAIT_MS
    while (!met()) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`no ${what}; got ${JSON.stringify(this.types)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** Connects, attached before the first event can come. */
export async function connect(server: RealtimeServer, model = MODEL, key = KEY): Promise<RawClient> {
  const ws = open(`${server.url}?model=${model}`, key)
  const client = new RawClient(ws)
  await once(ws, 'open')
  return client
}

/** The HTTP answer to an upgrade that is refused. */
export async function refusal(url: string, key: string | undefined): Promise<{ status: number; body: Event }> {
  const ws = open(url, key)
  ws.on('error', () => undefined)
  const [, response]: [unknown, IncomingMessage] = (await once(ws, 'unexpected-response')) as never
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode ?? 0, body: JSON.parse(body) }
}

function open(url: string, key: string | undefined): WebSocket {
  return new WebSocket(url, {
    headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
    maxPayload: 64 << 20,
    perMessageDeflate: false,
  })
}

/** A mind that the test itself is: it tells what it likes and answers with what it is given. */
export class HandMind implements Mind {
  readonly tell: (event: MindEvent) => void
  readonly requests: ReplyRequest[] = []
  config: MindConfig | undefined
  heard = Buffer.alloc(0)
  commits = 0
  clears = 0
  interruptions = 0
  disposals = 0
  /** Iterations of `reply` that came to their end, whatever ended them. */
  stopped = 0
  answer: (signal: AbortSignal) => AsyncIterable<ReplyPart> = async function* () {}

  constructor(tell: (event: MindEvent) => void) {
    this.tell = tell
  }

  configure(config: MindConfig): void {
    this.config = config
  }

  hear(audio: Uint8Array): void {
    if (audio.length % 2 !== 0) throw new RangeError('half a sample')
    this.heard = Buffer.concat([this.heard, audio])
  }

  commit(): void {
    this.commits++
  }

  clear(): void {
    this.clears++
  }

  async *reply(request: ReplyRequest, signal: AbortSignal): AsyncGenerator<ReplyPart, void, undefined> {
    this.requests.push(request)
    try {
      yield* this.answer(signal)
    } finally {
      this.stopped++
    }
  }

  interrupted(): void {
    this.interruptions++
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals++
  }

  speak(): void {
    this.tell({ type: 'speech-started', atMs: 1000 })
  }

  hush(accepted = true): void {
    this.tell({ type: 'speech-stopped', atMs: 2000, accepted })
  }
}

/** A server of hand-made minds, and the minds in the order they were made. */
export async function serveByHand(
  options: Partial<RealtimeServerOptions> = {},
): Promise<{ server: RealtimeServer; minds: HandMind[] }> {
  const minds: HandMind[] = []
  const server = await startRealtimeServer({
    apiKey: KEY,
    makeMind: (tell) => {
      const mind = new HandMind(tell)
      minds.push(mind)
      return mind
    },
    ...options,
    behaviour: { speedFactor: Infinity, ...options.behaviour },
  })
  return { server, minds }
}

/** A voice, as far as loudness goes: 16 kHz. */
export function speech(ms: number): Uint8Array {
  return bytesOfSamples(tone(300, ms, 16_000))
}

export function silence(ms: number): Uint8Array {
  return new Uint8Array(ms * 32)
}
