/**
 * The embedded agent's thread: the server side of the wire on loopback, and for each call an ear (9 ms of work for a
 * second of sound) and a dialogue. What takes long goes to the speech threads.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { parseSileroWeights } from '../../audio/silero-weights.ts'
import { systemClock } from '../../base/clock.ts'
import { readSpeechWeights } from '../../base/speech-weights.ts'
import { families } from '../../simulators/realtime/family.ts'
import { startRealtimeServer } from '../../simulators/realtime/server.ts'
import { type AgentMessage, type AgentWorkerData, LOCAL_MODEL } from './agent-messages.ts'
import { restaurant } from './domain/restaurant.ts'
import { localMinds } from './mind.ts'
import { startSpeechPool } from './speech-pool.ts'
import { loadVoiceModule } from './voice.ts'

const port = parentPort
if (port === null) throw new TypeError('agent-worker: expected to run as a worker thread')

/** Two: a sentence being made for one call keeps at most half of the other calls waiting. More would need more cores. */
const SPEECH_THREADS = 2

const { apiKey, maxCalls, port: wanted } = workerData as AgentWorkerData
const domain = restaurant
const speech = await startSpeechPool({
  threads: Math.min(SPEECH_THREADS, maxCalls),
  grammar: domain.grammar,
  voice: await loadVoiceModule(),
  clock: systemClock,
  crashed: (error) => {
    // Outside of whatever is running now: this thread ends with it, its sockets close, and it is started again.
    setImmediate(() => {
      throw error
    })
  },
})
const server = await startRealtimeServer({
  makeMind: localMinds({ domain, weights: parseSileroWeights(readSpeechWeights()), speech, maxCalls }),
  apiKey,
  port: wanted,
  models: { [LOCAL_MODEL]: families.qwen35 },
  // Voices of other models are taken for the default: a number keeps working when its model is swapped for this one.
  voices: 'any',
  // There is no bill to run up: a call may be silent, and long. A cut answer ends at once.
  behaviour: { idleCloseMs: Infinity, sessionLimitMs: Infinity, interruption: { lateDeltas: 0 } },
  inspection: { events: 0, audioBytes: 0, closedSessions: 0 },
  failed: (error) => tell({ type: 'failed', reason: error instanceof Error ? error.message : String(error) }),
})
port.once('message', async () => {
  await server[Symbol.asyncDispose]()
  await speech[Symbol.asyncDispose]()
  port.close()
})
tell({ type: 'ready', port: server.port })

function tell(message: AgentMessage): void {
  port?.postMessage(message)
}
