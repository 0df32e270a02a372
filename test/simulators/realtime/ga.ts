import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import { tone } from '../../../src/audio/tone.ts'
import type { Script } from '../../../src/simulators/realtime/scripted-mind.ts'
import type { RealtimeServer, RealtimeServerOptions } from '../../../src/simulators/realtime/server.ts'
import { connect, type Event, KEY, type RawClient, serve } from './raw-client.ts'

export const GA_MODEL = 'gpt-realtime'

/** What a telephone asks for: mu-law both ways, quick turns, transcripts. */
export const telephone = {
  type: 'realtime',
  output_modalities: ['audio'],
  audio: {
    input: {
      format: { type: 'audio/pcmu' },
      transcription: { model: 'gpt-4o-transcribe' },
      turn_detection: { type: 'server_vad', silence_duration_ms: 200 },
    },
    output: { format: { type: 'audio/pcmu' }, voice: 'marin' },
  },
}

export interface GaStage extends AsyncDisposable {
  readonly server: RealtimeServer
  readonly client: RawClient
}

/** A server of OpenAI's dialect that follows `script`, and a client that has set it up for a telephone. */
export async function gaStage(script: Script, options: Partial<RealtimeServerOptions> = {}): Promise<GaStage> {
  const server = await serve(script, { dialect: 'openai', ...options })
  const client = await connect(server, GA_MODEL)
  client.update(telephone)
  const end = async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
  return { server, client, [Symbol.asyncDispose]: end }
}

/** Sends mu-law in frames of 20 ms: a voice of `speechMs`, then silence. */
export function speak(client: RawClient, speechMs = 200, silenceMs = 300): void {
  const sound = Buffer.concat([encodeMulaw(tone(300, speechMs, 8000)), Buffer.alloc(silenceMs * 8, 0xff)])
  for (let i = 0; i < sound.length; i += 160) {
    client.send({ type: 'input_audio_buffer.append', audio: sound.subarray(i, i + 160).toString('base64') })
  }
}

/** The sound of all deltas of a session so far [bytes]. */
export function soundOf(client: RawClient): Buffer {
  const deltas = client.ofType('response.output_audio.delta').map((event) => Buffer.from(event['delta'], 'base64'))
  return Buffer.concat(deltas)
}

/** The next `error` event's body. */
export async function nextError(client: RawClient, count = 1): Promise<Event> {
  return (await client.next('error', count))['error']
}

/** The HTTP answer to an upgrade with these headers. */
export async function refusedWith(
  url: string,
  headers: Record<string, string>,
): Promise<{ status: number; body: Event }> {
  const ws = new WebSocket(url, { headers, perMessageDeflate: false })
  ws.on('error', () => undefined)
  const [, response]: [unknown, IncomingMessage] = (await once(ws, 'unexpected-response')) as never
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode ?? 0, body: JSON.parse(body) }
}

/** What an OpenAI client shows at the door. */
export const bearer = { Authorization: `Bearer ${KEY}` }
