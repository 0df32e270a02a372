/*
 * What keeping a call costs beside it, a frame of 20 ms at a time, and how fast a minute of one is replayed.
 *
 *   node test/bench/records/main.ts
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { answerMs, greeting, type Line, opening, reply, turn } from '../../../scripts/recorded-calls/draft.ts'
import { callerSide } from '../../../scripts/recorded-calls/sound.ts'
import { mulaw8k, pcm24k } from '../../../src/audio/format.ts'
import { encodeMulaw } from '../../../src/audio/g711.ts'
import type { CallTap, Tapped } from '../../../src/call/tap.ts'
import { description } from '../../../src/cli/replay/description.ts'
import { replay } from '../../../src/cli/replay/engine.ts'
import type { RecordedCall } from '../../../src/cli/replay/recorded-call.ts'
import { checkFlight } from '../../../src/cli/replay/run.ts'
import { withSounds } from '../../../src/cli/replay/sounds.ts'
import { readScript } from '../../../src/providers/scripted/script.ts'
import { lineOf } from '../../../src/store/flights/flight.ts'
import { makeFlightRecorder } from '../../../src/store/flights/flight-recorder.ts'
import { type Flight, readFlight } from '../../../src/store/flights/read.ts'
import { makeRecorder } from '../../../src/store/recordings/recorder.ts'
import { makeLogRecorder } from '../../fakes/log.ts'
import { memoryFile, streamOf } from '../../store/recordings-line.ts'

const RUNS = 9
const FRAMES = 20_000
/** A second of frames, and then the disk's turn. */
const AT_ONCE = 50
const { log } = makeLogRecorder()
const directory = await mkdtemp(join(tmpdir(), 'records-'))

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** [ns] a frame: the median of several runs, of which the first two are for the compiler. What is written is not in it. */
async function nsOf(make: () => (frame: number) => void): Promise<number> {
  const runs: number[] = []
  for (let n = 0; n < RUNS + 2; n++) {
    const run = make()
    let ms = 0
    for (let first = 0; first < FRAMES; first += AT_ONCE) {
      const startedMs = performance.now()
      for (let frame = first; frame < first + AT_ONCE; frame++) run(frame)
      ms += performance.now() - startedMs
      await setImmediate()
    }
    runs.push((ms * 1e6) / FRAMES)
  }
  return median(runs.slice(2))
}

const samples = Int16Array.from({ length: 160 }, (_, i) => Math.round(6000 * Math.sin(i / 3)))
const audio = encodeMulaw(samples)

/** A caller and an agent who both speak all the time: two frames each 20 ms. */
function both(tap: CallTap | undefined): (frame: number) => void {
  return (frame) => {
    const atMs = frame * 20
    tap?.({ atMs, type: 'leg-event', event: { type: 'audio', audio, atMs } })
    tap?.({ atMs, type: 'heard', audio })
  }
}

/** A file that takes everything at once: the disk is not measured. */
const open = async () => ({
  ...(await memoryFile().open()),
  write: async (_: unknown, __: unknown, n: number) => ({ bytesWritten: n }),
})
const noDisk = { directory, log, open: open as unknown as ReturnType<typeof memoryFile>['open'] }

const encodes = await nsOf(() => () => void encodeMulaw(samples))
const rows: [string, number][] = [
  ['encodeMulaw of 160 samples, to compare', encodes],
  ['recorder: the caller and what was heard', await nsOf(() => both(makeRecorder(noDisk)(streamOf('CA1'))))],
  [
    'flight recorder: the same two',
    await nsOf(() => both(makeFlightRecorder({ ...noDisk, maxBytes: 1e9 })(streamOf('CA1')))),
  ],
  ['  of that: one line', await nsOf(() => () => void lineOf({ atMs: 1.234, type: 'heard', audio }))],
]
console.log('| per 20 ms | ns | encodeMulaw = 1 |\n|---|---|---|')
for (const [name, ns] of rows) console.log(`| ${name} | ${ns.toFixed(0)} | ${(ns / encodes).toFixed(1)} |`)

/** A minute: seven times the caller asks and is answered, and speaks over every second answer. */
function minute(): RecordedCall {
  const files = [
    'no-thursday.wav',
    'three-people.wav',
    'seven-thirty.wav',
    'location.wav',
    'tomorrow.wav',
    'help.wav',
    'no.wav',
  ]
  const lines: Line[] = files.map((file, i) => ({ atMs: 3500 + i * 8000, file }))
  const session = lines.flatMap((line, i) => [
    ...turn(line, `item_c${i}`, 'What is it?'),
    ...reply({
      when: answerMs(line),
      id: `a${i}`,
      text: 'It is as it is, and so it was.',
      ms: i % 2 === 0 ? 9000 : 4000,
      sound: { hz: 600 },
    }),
  ])
  const untilMs = 61_000
  const described = description.parse({
    about: 'A minute.',
    greeting,
    streams: [{ untilMs, callerEvents: [{ atMs: 60_000, type: 'closed', by: 'caller' }] }],
  })
  const [settings = described.streams[0]] = described.streams
  if (settings === undefined) throw new RangeError('a call has a stream')
  const steps = [...opening, ...session]
  const script = readScript(withSounds(steps), pcm24k)
  const facts = {
    provider: 'scripted',
    inputFormat: { ...pcm24k, sampleRate: 16_000 as const },
    outputFormat: pcm24k,
    turnsBy: 'model' as const,
    takesNotes: true,
  }
  const recording = {
    callId: 'minute',
    format: mulaw8k,
    audio: encodeMulaw(callerSide(lines)),
    events: settings.callerEvents,
  }
  return {
    description: described,
    streams: [{ settings, recording, sessions: [{ facts, openedMs: 0, script }] }],
    sound: () => new Int16Array(0),
  }
}

async function flightOfAMinute(): Promise<Flight> {
  const recorder = makeFlightRecorder({ directory, maxBytes: 1e9, log })
  await replay(minute(), (stream) => recorder({ ...stream, agent: { ...stream.agent, flightRecorder: true } }))
  await recorder[Symbol.asyncDispose]()
  const folder = join(directory, 'calls', 'recorded')
  const [name = ''] = await readdir(folder)
  return readFlight(join(folder, name))
}

const flight = await flightOfAMinute()
const cuts = flight.lines.filter(
  (line: { type: string; event?: Tapped | object }) =>
    line.type === 'happened' && 'event' in line && (line.event as { type: string }).type === 'barge-in',
).length
const times: number[] = []
const cpu: number[] = []
for (let run = 0; run < 5; run++) {
  const before = process.cpuUsage()
  const { recordedMs, tookMs, differences } = await checkFlight(flight, () => performance.now())
  const { user, system } = process.cpuUsage(before)
  cpu.push((recordedMs * 1000) / (user + system))
  if (differences.length > 0) console.log(differences)
  times.push(recordedMs / tookMs)
}
console.log(
  `\n60 s with ${cuts} barge-ins, replayed: ${times.map((x) => x.toFixed(0)).join(', ')} times as fast; median ${median(times).toFixed(0)}; by the processor's time alone ${median(cpu).toFixed(0)}`,
)
await rm(directory, { recursive: true })
