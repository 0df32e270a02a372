import type { Faults } from '../../../src/simulators/realtime/faults.ts'
import { type Script, toneScript } from '../../../src/simulators/realtime/scripted-mind.ts'
import type { RealtimeServer, RealtimeServerOptions } from '../../../src/simulators/realtime/server.ts'
import { connect, type RawClient, serve, silence, speech } from './raw-client.ts'

const heard: Script = { turns: [{ transcript: 'hello' }], ...toneScript(440, 1000) }

/** A session under these faults, with quick turns. */
export async function under(
  faults: Faults,
  options: Partial<RealtimeServerOptions> = {},
): Promise<{ server: RealtimeServer; client: RawClient } & AsyncDisposable> {
  const server = await serve(heard, { faults, ...options })
  const client = await connect(server)
  client.update({ turn_detection: { type: 'server_vad', silence_duration_ms: 200 } })
  const end = async () => {
    await client[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
  return { server, client, [Symbol.asyncDispose]: end }
}

export function ask(client: RawClient): void {
  client.send({ type: 'response.create' })
}

export function turn(client: RawClient): void {
  client.append(speech(200), silence(300))
}
