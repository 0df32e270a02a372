import { systemClock } from '../../src/base/clock.ts'
import { makeRandom } from '../../src/simulators/carrier/faults.ts'
import { backendFailed, type Faults, responseTimeout } from '../../src/simulators/realtime/faults.ts'
import { type Script, scriptedMinds } from '../../src/simulators/realtime/scripted-mind.ts'
import { type RealtimeServer, startRealtimeServer } from '../../src/simulators/realtime/server.ts'

export const API_KEY = 'sk-soak'

const greeting = [
  { do: 'say', text: 'Hello.' },
  { do: 'tone', hz: 500, ms: 200 },
] as const
const answer = [
  { do: 'say', text: 'One moment.' },
  { do: 'tone', hz: 700, ms: 400 },
] as const
const turns = [{ transcript: 'Good morning.' }, { transcript: 'And then?' }]
/** Answers, and goes on; or lets go of the line. */
const talker: Script = { turns, replies: [greeting, answer] }
const leaver: Script = { turns, replies: [greeting, [...answer, { do: 'call', name: 'end_call', args: '{}' }]] }

const unavailable = { status: 503, code: 'ServiceUnavailable', message: 'try again' }

/** One after the other by their parts of 100; the rest is well. */
const ills: readonly (readonly [number, Faults])[] = [
  [8, { strikes: [{ at: 'response', afterDeltas: 1, response: 1, ...responseTimeout }] }],
  [8, { strikes: [{ at: 'time', ms: 500, do: 'reset' }] }],
  [5, { strikes: [{ at: 'response', afterDeltas: 1, ...backendFailed }] }],
  [3, { strikes: [{ at: 'response', afterDeltas: 0, response: 1, do: 'silence' }] }],
  [5, { refuseUpgrade: unavailable }],
  [2, { stallUpgrade: true }],
  [3, { noSessionCreated: true }],
]

/** A simulated model, a third of whose sessions end badly. The same seed gives the same ills, in order of the sessions. */
export function startModel(seed: number): Promise<RealtimeServer> {
  const random = makeRandom(seed)
  const leaves = makeRandom(seed + 1)
  return startRealtimeServer({
    apiKey: API_KEY,
    makeMind: scriptedMinds(systemClock, () => (leaves() < 0.15 ? leaver : talker)),
    faults: () => pick(random() * 100),
    inspection: { events: 0, closedSessions: 0 },
  })
}

function pick(of100: number): Faults {
  let from = 0
  for (const [part, faults] of ills) {
    if (of100 < from + part) return faults
    from += part
  }
  return {}
}
